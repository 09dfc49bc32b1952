"""Messages of a byte stream that comes in pieces of any size."""

from __future__ import annotations

from typing import Any

from segmentation.tracking.messages import HEADER_BYTES, DamagedMessage, is_known, parse_header, readings_of
from segmentation.tracking.readings import Reading

LARGEST_BODY = 1_000_000
"""Of a message that is read, in bytes; one of another type, such as an image, is passed over and may be larger."""

_LARGEST_SKIPPED = 1 << 31


class MessageStream:
    """Collects bytes and reads the messages that are whole.

    Attributes:
        damaged: How many messages had a wrong checksum or content and were left out.
    """

    def __init__(self) -> None:
        self.damaged = 0
        self._held = bytearray()
        self._fields: dict[str, Any] | None = None
        self._skip = 0

    def feed(self, content: bytes) -> list[Reading]:
        """Take the next bytes; return what they complete.

        Raises:
            DamagedMessage: the stream is not OpenIGTLink, or lost its place: the connection is of no more use.
        """
        self._held += content
        readings: list[Reading] = []
        while self._advance(readings):
            pass
        return readings

    def _advance(self, readings: list[Reading]) -> bool:
        if self._skip:
            passed = min(self._skip, len(self._held))
            del self._held[:passed]
            self._skip -= passed
            return self._skip == 0 and bool(self._held)
        if self._fields is None:
            return self._begin()
        size = self._fields["body_size"]
        if len(self._held) < size:
            return False
        fields, body = self._fields, bytes(self._held[:size])
        del self._held[:size]
        self._fields = None
        try:
            readings += readings_of(fields, body)
        except DamagedMessage:
            self.damaged += 1
        return True

    def _begin(self) -> bool:
        if len(self._held) < HEADER_BYTES:
            return False
        fields = parse_header(bytes(self._held[:HEADER_BYTES]))
        del self._held[:HEADER_BYTES]
        size = fields["body_size"]
        if is_known(fields["message_type"]):
            if size > LARGEST_BODY:
                raise DamagedMessage(f"{fields['message_type']} of {size} bytes")
            self._fields = fields
        elif size > _LARGEST_SKIPPED:
            raise DamagedMessage(f"{fields['message_type']} of {size} bytes")
        else:
            self._skip = size
        return True
