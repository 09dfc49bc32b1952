"""The latest lists, as they were sent: many open pages ask for the same one whenever something changes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

KEPT = 8


@dataclass(frozen=True)
class SentList:
    """Body of an answer, and the address of the next page, "" where there is none."""

    body: bytes
    following: str


class ListCache:
    """Lists by what they depend on. Whoever asks while a list is made waits for it, instead of making it again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lists: OrderedDict[tuple[object, ...], SentList] = OrderedDict()

    def get(self, key: tuple[object, ...], make: Callable[[], SentList]) -> SentList:
        """Find a list, or make it; equal keys must mean equal lists."""
        with self._lock:
            found = self._lists.get(key)
            if found is None:
                found = self._lists[key] = make()
            self._lists.move_to_end(key)
            while len(self._lists) > KEPT:
                self._lists.popitem(last=False)
            return found
