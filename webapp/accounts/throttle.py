"""Throttle guesses of passwords and codes, by name and by address."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from webapp.http.errors import WebError

FREE, FREE_OF_ADDRESS = 5, 30
"""Failures without a pause: of one name from one address, and of one address."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 5.0, 900.0
_FORGET_S = 3600.0
_MOST = 10_000


@dataclass
class _Failures:
    count: int = 0
    last_at: float = 0.0


@dataclass
class Throttle:
    """Counts failures. A pause doubles with each further one; it holds for a name from an address, so that nobody
    can lock somebody else out, and for an address, so that nobody can try one password on many names.

    It forgets when the server restarts, and what was quiet for an hour.
    """

    now: Callable[[], float] = time.monotonic
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _failures: OrderedDict[tuple[str, str], _Failures] = field(default_factory=OrderedDict)

    def check(self, name: str, address: str) -> None:
        """Raise WebError, 429, while a pause lasts."""
        with self._lock:
            wait_s = max(self._pause(key, free) for key, free in self._keys(name, address))
        if wait_s > 0:
            raise WebError(429, "too_many_attempts", "sign_in.throttled", seconds=int(wait_s) + 1)

    def failed(self, name: str, address: str) -> None:
        """Count a failure."""
        with self._lock:
            for key, _ in self._keys(name, address):
                found = self._failures.pop(key, None)
                if found is None or self.now() - found.last_at > _FORGET_S:
                    found = _Failures()
                found.count, found.last_at = found.count + 1, self.now()
                self._failures[key] = found
            while len(self._failures) > _MOST:
                self._failures.popitem(last=False)

    def succeeded(self, name: str, address: str) -> None:
        """Forget the failures of a name from an address."""
        with self._lock:
            self._failures.pop((name, address), None)

    def _keys(self, name: str, address: str) -> tuple[tuple[tuple[str, str], int], ...]:
        return ((name, address), FREE), (("", address), FREE_OF_ADDRESS)

    def _pause(self, key: tuple[str, str], free: int) -> float:
        found = self._failures.get(key)
        if found is None or found.count < free:
            return 0.0
        pause = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(found.count - free, 20))
        return found.last_at + pause - self.now()
