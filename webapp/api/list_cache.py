"""The latest lists, as they were sent, and their studies: many open pages ask whenever one of them changes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from webapp.storage.listed import ListedStudy

KEPT = 8
KEPT_STUDIES = 20_000


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
        self._studies: dict[tuple[str, str], tuple[ListedStudy, bytes]] = {}

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

    def study(self, listed: ListedStudy, lang: str, make: Callable[[ListedStudy], bytes]) -> bytes:
        """Find a study as sent in a language, or make it; the store lists an unchanged one as the same object."""
        key = listed.study.id, lang
        known = self._studies.get(key)
        if known is None or known[0] is not listed:
            known = self._studies[key] = listed, make(listed)
            while len(self._studies) > KEPT_STUDIES:
                del self._studies[next(iter(self._studies))]
        return known[1]
