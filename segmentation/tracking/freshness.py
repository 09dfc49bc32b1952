"""Whether what is known of a tool is still true: live, or stale."""

from __future__ import annotations

STALE_AFTER_S = 0.15
"""Without news for this long a pose is stale. With the time between two looks at it, a page says so within 0.2 s."""

_DRIFT = 1e-4  # seconds a second, by which two clocks may drift apart


class Freshness:
    """Age of the news of one tool, by the receiver's clock, and by the sender's where it tells the time.

    The two clocks need not agree: the least difference seen so far counts as no delay. News that comes later than
    that by ``STALE_AFTER_S`` was held up on its way and tells where the tool has been, not where it is. A time that
    was sent before is no news: the sender repeats itself.
    """

    def __init__(self) -> None:
        self._arrived: float | None = None
        self._sent: float | None = None
        self._least: float | None = None
        self._late = 0.0

    def news(self, arrived_s: float, sent_s: float | None) -> None:
        """Take notice of a message.

        Args:
            arrived_s: By a clock that never jumps, such as ``time.monotonic()``.
            sent_s: By the sender's clock; None where it sends no time.
        """
        if sent_s is not None and sent_s == self._sent:
            return
        if sent_s is not None:
            delay = arrived_s - sent_s
            elapsed = 0.0 if self._arrived is None else arrived_s - self._arrived
            self._least = delay if self._least is None else min(delay, self._least + _DRIFT * elapsed)
            self._late = delay - self._least
        else:
            self._late = 0.0
        self._arrived, self._sent = arrived_s, sent_s

    def age_s(self, now_s: float) -> float:
        """Give the age of the last news, with the delay on its way; infinite before the first."""
        return float("inf") if self._arrived is None else now_s - self._arrived + self._late

    def is_live(self, now_s: float) -> bool:
        """Whether the last news is young enough to be shown as what is."""
        return self.age_s(now_s) <= STALE_AFTER_S
