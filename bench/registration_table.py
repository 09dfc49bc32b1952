"""What simulated registrations gave: collected, saved in pieces, and printed as Markdown tables."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from segmentation.registration.uncertainty import CALIBRATION

GOALS = {
    f"{name}, {count} points": {"points": count, "noise": 0.5, "outliers": 0.2, "overlap": overlap, "tissue": 0.0}
    for name, overlap in (("scattered", 1.0), ("patch", 0.3))
    for count in (100, 200)
}
LIMIT = "least possible"
LIMIT_TISSUE = "least possible, thickness of soft tissue unknown"


class Rows:
    """What was measured."""

    def __init__(self) -> None:
        self.errors: dict[str, list[float]] = {}
        self.goals: dict[str, dict[str, list[float]]] = {name: {} for name in GOALS}
        self.seconds: dict[str, list[float]] = {}
        self.verdicts: dict[str, list[tuple[str, float]]] = {"touched": [], "level below": [], "mirrored": []}
        self.ratio: dict[bool, list[float]] = {True: [], False: []}
        self.reasons: dict[str, int] = {}
        self.shares: list[float] = []
        self.processor: list[float] = []
        self.is_tuning = False
        self.vertebrae = 0

    def save(self, path: Path) -> None:
        """Write what was measured, to be shown with other pieces."""
        kept = {name: value for name, value in vars(self).items() if name not in ("ratio", "is_tuning")}
        kept["ratio"] = [self.ratio[True], self.ratio[False]]
        path.write_text(json.dumps(kept))

    def join(self, path: Path) -> None:
        """Add a piece that was saved."""
        kept = json.loads(path.read_text())
        self.ratio[True] += kept["ratio"][0]
        self.ratio[False] += kept["ratio"][1]
        for mine, other in ((self.errors, kept["errors"]), (self.seconds, kept["seconds"])):
            for name, values in other.items():
                mine.setdefault(name, []).extend(values)
        for goal, methods in kept["goals"].items():
            for name, values in methods.items():
                self.goals[goal].setdefault(name, []).extend(values)
        for name, values in kept["verdicts"].items():
            self.verdicts[name] += [(verdict, error) for verdict, error in values]
        for code, count in kept["reasons"].items():
            self.reasons[code] = self.reasons.get(code, 0) + count
        self.shares += kept["shares"]
        self.processor += kept["processor"]
        self.vertebrae += kept["vertebrae"]

    def add(self, name: str, error: float, seconds: float, goal: str | None) -> None:
        """Add one result."""
        self.errors.setdefault(name, []).append(error)
        self.seconds.setdefault(name, []).append(seconds)
        if goal:
            self.goals[goal].setdefault(name, []).append(error)


def _most(values: list[float]) -> float:
    return float(np.quantile(values, 0.95))


def show(rows: Rows) -> None:
    """Print the tables as Markdown."""
    print(f"\n{rows.vertebrae} vertebrae drawn from the label maps and phantoms; the part that is touched is")
    print(f"{np.median(rows.shares):.0%} of a vertebra's surface, a patch of it {0.3 * np.median(rows.shares):.0%}")
    print("\n| method | runs | median TRE | 95 % | greatest | seconds |")
    print("|---|---|---|---|---|---|")
    for name, errors in rows.errors.items():
        cells = [f"{value:.2f} mm" for value in (np.median(errors), _most(errors), max(errors))]
        print(f"| {name} | {len(errors)} | {' | '.join(cells)} | {np.median(rows.seconds[name]):.3f} |")
    print(f"\nSpineView from a start: {np.median(rows.processor):.3f} s of one processor core (median)")
    print(f"\n| median TRE, 95 % | {' | '.join(rows.goals)} |")
    print(f"|---|{'---|' * len(rows.goals)}")
    for name in (*rows.errors, LIMIT, LIMIT_TISSUE):
        cells = [f"{np.median(goal[name]):.2f}, {_most(goal[name]):.2f} mm" for goal in rows.goals.values()]
        print(f"| {name} | {' | '.join(cells)} |")
    print("\n| points | runs | accepted | needs more points | not to be trusted | accepted with TRE > 2 mm |")
    print("|---|---|---|---|---|---|")
    for name, verdicts in rows.verdicts.items():
        counts = [
            sum(v == word for v, _ in verdicts) for word in ("accepted", "needs_more_points", "not_to_be_trusted")
        ]
        wrong = sum(v == "accepted" and (e > 2.0 or name != "touched") for v, e in verdicts)
        print(f"| {name} | {len(verdicts)} | {' | '.join(map(str, counts))} | {wrong} |")
    _show_verdicts(rows)


def _show_verdicts(rows: Rows) -> None:
    """Print how good what is accepted is, why the rest is not, and whether expected errors hold."""
    accepted = [e for v, e in rows.verdicts["touched"] if v == "accepted"]
    if accepted:
        print(f"\nAccepted: median TRE {np.median(accepted):.2f} mm, 95 % {_most(accepted):.2f} mm,", end=" ")
        print(f"greatest {max(accepted):.2f} mm.")
    good = [v for v, e in rows.verdicts["touched"] if e <= 1.0]
    print(f"Not accepted though TRE <= 1 mm: {sum(v != 'accepted' for v in good)} of {len(good)}.")
    reasons = sorted(rows.reasons.items(), key=lambda item: -item[1])
    print(f"Reasons given: {', '.join(f'{code} {count}' for code, count in reasons)}.")
    first, second = (np.array(rows.ratio[half]) for half in (True, False))
    if len(first) and len(second):
        factor = CALIBRATION * _most(list(first))
        print(f"\nStated radius of the expected error, with the factor {CALIBRATION:.2f}: exceeded in")
        print(f"{np.mean(first > 1):.1%} of {len(first)} runs on the first half of the label maps,")
        print(f"{np.mean(second > 1):.1%} of {len(second)} on the second; {factor:.2f} would make it 5 % on the first.")
