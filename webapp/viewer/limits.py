"""Limits of what a page may send to its viewer session.

wslink takes the word of a message's first 12 bytes for how large it will become, and trame keeps whatever state a
page sets; both are bounded here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from wslink.chunking import HEADER_LENGTH, UnChunker

MOST_MESSAGE_BYTES = 1 << 20
MOST_PENDING = 8
"""Messages of one socket that have begun to come and are not whole."""
MOST_VALUE_BYTES = 64 << 10
"""Of one value that a page sets, as JSON."""
_HEADING = ("study_name", "study_facts", "study_notes", "languages", "texts", "gone")
_RESULTS = (
    "display_url",
    "version",
    "masks",
    "default_colours",
    "mesh_formats",
    "dicom_kinds",
    "pacs",
    "sending",
    "job",
)
SERVER_KEYS = frozenset((*_HEADING, *_RESULTS))
"""State that goes to the browser alone, see ``docs/viewer.md``."""
METHODS = frozenset(
    f"trame.{name}" for name in ("state.get", "state.update", "trigger", "lifecycle.update", "error.client")
)
"""What trame's client calls; the rest, such as ending the server, is not for a page."""


class MessageRefused(ValueError):
    """A message that announces too much, or makes no sense; its socket is closed."""


class BoundedMessages(UnChunker):  # type: ignore[misc]
    """Put the messages of one socket together again, none larger than ``MOST_MESSAGE_BYTES``."""

    def set_max_message_size(self, size: int) -> None:
        """Keep the limit: wslink would lift it to 4 GiB for whoever said hello."""
        self.max_message_size = min(size, MOST_MESSAGE_BYTES)

    def process_chunk(self, chunk: bytes) -> Any:
        """Take a piece; return the message once it is whole.

        Raises:
            MessageRefused: it is larger than allowed, malformed, or there are too many at once.
        """
        identity, offset, total = (int.from_bytes(chunk[at : at + 4], "little") for at in (0, 4, 8))
        size = len(chunk) - HEADER_LENGTH
        if size <= 0 or offset + size > total or total > MOST_MESSAGE_BYTES:
            raise MessageRefused("a piece does not fit its message, or the message is too large")
        if identity not in self.pending_messages and len(self.pending_messages) >= MOST_PENDING:
            raise MessageRefused("too many messages at once")
        try:
            message = super().process_chunk(chunk)
        except Exception as error:  # whatever msgpack makes of bytes that are none of its
            raise MessageRefused("a message cannot be read") from error
        if message is None or _is_call(message):
            return message
        raise MessageRefused("a message is no call")


def _is_call(message: object) -> bool:
    return isinstance(message, dict) and isinstance(message.get("id"), str) and isinstance(message.get("method"), str)


def accepted_state(changes: object, known: Iterable[str]) -> list[dict[str, Any]]:
    """Keep of the changes that a page sends those of its own values that are not too large.

    Args:
        changes: ``[{"key": …, "value": …}, …]``.
        known: Keys of the session's state.

    Raises:
        TypeError: ``changes`` has another form.
    """
    allowed = set(known) - SERVER_KEYS
    if not isinstance(changes, list) or not all(isinstance(change, dict) for change in changes):
        raise TypeError("changes of the state are a list of objects")
    return [each for each in changes if each.get("key") in allowed and _is_small(each.get("value"))]


def _is_small(value: object) -> bool:
    try:
        return len(json.dumps(value)) <= MOST_VALUE_BYTES
    except (TypeError, ValueError, RecursionError):
        return False


def bound_endpoint(endpoint: Any, known: Iterable[str]) -> None:
    """Let pages call ``METHODS`` of a trame server's endpoint alone, and set only the state that is theirs."""
    calls = {name: pair for name, pair in endpoint.functionMap.items() if name in METHODS}
    owner, update = calls["trame.state.update"]
    names = tuple(known)

    def update_bounded(protocol: Any, changes: object) -> Any:
        return update(protocol, accepted_state(changes, names))

    calls["trame.state.update"] = (owner, update_bounded)
    endpoint.functionMap = calls
