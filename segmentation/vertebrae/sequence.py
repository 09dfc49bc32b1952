"""Names of a row of vertebrae: the likeliest path through the levels, and how much likelier it is than the next.

Order is kept by construction: a path only goes downwards. What anatomy seldom does has a price, in nats.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from segmentation.core.labels import LABELS, NUMBERS

STATES: tuple[int, ...] = (*range(1, 20), NUMBERS["T13"], *range(20, 26))
"""VerSe numbers from head to foot: C1 to T12, T13, L1 to L6."""
_ROW = {number: row for row, number in enumerate(STATES)}
T11, T12, T13, L1, L4, L5, L6 = (NUMBERS[name] for name in ("T11", "T12", "T13", "L1", "L4", "L5", "L6"))
# T13 and L6 are seen in a few of a hundred people, T12 or L5 missing in as many (Tins & Balain 2016,
# doi:10.1007/s13244-016-0490-7).
RARE = 3.5
GAP = 4.0  # a vertebra that the mask misses altogether
IMPOSSIBLE = 1e6
# How the last vertebra above the sacrum may be called.
ABOVE_SACRUM = {L5: 0.0, L6: 0.0, L4: RARE}  # the step to L6 has its price already
OTHERWISE_ABOVE_SACRUM = 9.0
# Neighbours err together: what the network says of n vertebrae counts like INDEPENDENT ** -1 of them.
EVIDENCE = 0.5
OTHERWISE_BELOW_SKULL = 9.0  # than C1
BELOW_L5 = 2.5  # a last L5 or L6 without a sacrum below it, though the view goes on
ABOVE_C1 = 1.5
FLOOR = np.log(1e-4)
# How often a rib is seen beside a vertebra: in 144 held-out views beside T1 in 14 of 30, T2 to T10 in 72 of 126, T11 in
# 8 of 32, T12 in 1 of 37, beside the others in 2 of 467.
RIB_SEEN = {8: 0.45, **dict.fromkeys(range(9, 18), 0.57), 18: 0.25, 19: 0.03, 28: 0.03}
RIB_SEEN_ELSEWHERE = 0.01


@dataclass(frozen=True)
class Path:
    """One naming of the row.

    Attributes:
        numbers: VerSe numbers from head to foot.
        probability: Share among all namings.
        score: Logarithm of its weight, which rows of other vertebrae may be compared by.
    """

    numbers: tuple[int, ...]
    probability: float
    score: float = 0.0

    @property
    def name(self) -> str:
        """First and last name, as ``T9-L5``."""
        names = [LABELS[n].name for n in self.numbers]
        return names[0] if len(names) == 1 else f"{names[0]}-{names[-1]}"


def name_row(
    log_levels: NDArray[np.float64],
    steps: Sequence[float],
    sacrum_below: bool,
    goes_on_below: bool = False,
    goes_on_above: bool = False,
    top: int = 3,
    ribs: Sequence[bool] = (),
    skull_above: bool = False,
) -> list[Path]:
    """Find the likeliest namings of a row, one for each name that the first vertebra may have, best first.

    Args:
        log_levels: (N, 25) mean log-probabilities of C1 to L6 of each vertebra, head to foot.
        steps: N - 1 distances between neighbours in units of the distance expected there.
        sacrum_below: The sacrum was seen below the last one.
        goes_on_below: The view goes on below the last one, and no sacrum was seen there.
        goes_on_above: The view goes on above the first one, and no other vertebra was found there: it may be C1.
        top: How many.
        ribs: Whether a rib was seen beside each; nothing is concluded where none was seen at all.
        skull_above: Skull base was seen above the first one.
    """
    count = len(log_levels)
    if not count:
        return []
    emission = EVIDENCE * _emissions(np.maximum(log_levels, FLOOR))
    if any(ribs):
        emission += _rib_evidence(ribs)
    if goes_on_above:
        emission[0, 0] += ABOVE_C1
    if skull_above:
        emission[0, 1:] -= OTHERWISE_BELOW_SKULL
    emission[0] -= RARE * np.isin(STATES, (T13, L6))
    last = np.array([_end(number, sacrum_below, goes_on_below) for number in STATES])
    found = []
    for first in range(len(STATES)):
        best = np.full(len(STATES), -np.inf)
        best[first] = emission[0, first]
        back = np.zeros((count, len(STATES)), dtype=int)
        for row in range(1, count):
            ways = best[:, None] - _transitions(steps[row - 1])
            back[row] = ways.argmax(axis=0)
            best = ways.max(axis=0) + emission[row]
        best = best - last
        state = int(best.argmax())
        score = best[state]
        if score < -IMPOSSIBLE / 2:
            continue
        states = [state]
        for row in range(count - 1, 0, -1):
            states.append(int(back[row, states[-1]]))
        found.append((score, tuple(STATES[s] for s in reversed(states))))
    return shared([Path(numbers, 0.0, score) for score, numbers in found])[:top]


def shared(paths: Sequence[Path]) -> list[Path]:
    """Order namings by their score, best first, and share the probability among them."""
    ordered = sorted(paths, key=lambda path: -path.score)
    weights = np.exp(np.array([path.score - ordered[0].score for path in ordered]))
    shares = weights / weights.sum()
    return [replace(path, probability=float(share)) for path, share in zip(ordered, shares, strict=True)]


def _rib_evidence(ribs: Sequence[bool]) -> NDArray[np.float64]:
    seen = np.array([RIB_SEEN.get(number, RIB_SEEN_ELSEWHERE) for number in STATES])
    return np.asarray(np.where(np.array(ribs)[:, None], np.log(seen), np.log(1 - seen)))


def _emissions(log_levels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Extend the 25 levels by T13, which looks like something between T12 and L1."""
    extended = np.empty((len(log_levels), len(STATES)))
    for row, number in enumerate(STATES):
        if number == T13:
            extended[:, row] = np.logaddexp(log_levels[:, T12 - 1], log_levels[:, L1 - 1])
        else:
            extended[:, row] = log_levels[:, number - 1]
    return extended


def _transitions(step: float) -> NDArray[np.float64]:
    """Price of each step from one state to another, given its length in expected distances."""
    prices = np.full((len(STATES), len(STATES)), 2 * IMPOSSIBLE)
    missing = max(0, round(step) - 1)
    for row, number in enumerate(STATES):
        follower = 20 if number in (T12, T13) else number + 1
        for skipped in range(4):
            if follower > L6:
                break
            rare = RARE if follower == L6 else 0.0
            prices[row, _ROW[follower]] = GAP * abs(skipped - missing) + rare
            follower = 20 if follower == T12 else follower + 1
    prices[_ROW[T12], _ROW[T13]] = RARE + GAP * missing
    prices[_ROW[T11], _ROW[L1]] = min(prices[_ROW[T11], _ROW[L1]], RARE + GAP * missing)
    return prices


def _end(number: int, sacrum_below: bool, goes_on_below: bool) -> float:
    if sacrum_below:
        return ABOVE_SACRUM.get(number, OTHERWISE_ABOVE_SACRUM)
    if goes_on_below and number in (L5, L6):
        return BELOW_L5
    return 0.0


def shifted(numbers: Sequence[int], by: int) -> tuple[int, ...] | None:
    """Name the same row ``by`` levels lower (negative: higher); None where it would leave C1 to L6.

    T13 is skipped, and a row that ends above the sacrum may get there L6 or L4.
    """
    plain = [n for n in STATES if n != T13]
    rows = [plain.index(T12 if n == T13 else n) + by for n in numbers]
    if rows and (min(rows) < 0 or max(rows) >= len(plain)):
        return None
    return tuple(plain[row] for row in rows)
