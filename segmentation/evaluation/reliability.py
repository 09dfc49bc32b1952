"""Whether stated confidence comes true: reliability table and Brier score, by vertebra and by scan.

Labelled scans are segmented and named as they are and perturbed. A vertebra is right where its Dice is at least 0.9
and its name is the reference's; a scan where the Dice of its labelled slab is and every name in it is. Vertebrae
beyond the labelled slab, which the border cuts and no reference names, are not judged.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from segmentation.core.atomic import atomic_path
from segmentation.core.boxes import Box
from segmentation.core.errors import InputError
from segmentation.core.labels import label_of, spine_voxels
from segmentation.core.progress import Progress, ignore
from segmentation.core.volume import LabelMap, Volume
from segmentation.evaluation.cases import Case, read_case
from segmentation.evaluation.metrics import dice
from segmentation.evaluation.perturbations import PERTURBATIONS
from segmentation.evaluation.regions import labelled_slab
from segmentation.evaluation.tables import NOTHING, Table
from segmentation.evaluation.vertebra_scores import RIGHT_DICE

UNPERTURBED = "as it is"
VERTEBRA, SCAN = "vertebra", "scan"
LEVELS = ("high", "medium", "low")
BINS = 5
DIAGONAL_COLOUR, POINT_COLOUR = "#6b7280", "#0f766e"


class Trust(Protocol):
    """Confidence in a whole scan."""

    @property
    def level(self) -> str:
        """``high``, ``medium`` or ``low``."""

    @property
    def value(self) -> float:
        """0..1."""


class StatedVertebra(Protocol):
    """One vertebra with its confidence."""

    @property
    def label(self) -> int:
        """VerSe number."""

    @property
    def confidence(self) -> str:
        """``high``, ``medium`` or ``low``."""

    @property
    def probability(self) -> float | None:
        """That mask and name are right, 0..1; None if nothing was said."""


@dataclass(frozen=True, eq=False)
class Answer:
    """What was said of one scan.

    Attributes:
        mask: (I, J, K) spine.
        labels: (I, J, K) VerSe numbers.
        vertebrae: Those named.
        trust: Confidence in all of it.
        sure: The names of the row may be relied on.
    """

    mask: NDArray[np.bool_]
    labels: NDArray[np.uint8]
    vertebrae: Sequence[StatedVertebra]
    trust: Trust
    sure: bool = False


Segmented = Callable[[Volume], Answer]
"""Segments and names a CT."""


@dataclass(frozen=True)
class Claim:
    """One stated confidence, and what came of it.

    Attributes:
        case, perturbation: Which scan, and how it was changed.
        kind: ``vertebra`` or ``scan``.
        what: The vertebra's name, or of the scan nothing.
        level: ``high``, ``medium`` or ``low``.
        probability: 0..1.
        dice: Of the vertebra, or of the labelled slab.
        named_right: The name is the reference's, or all names of the scan are.
        right: The mask and the name or names are.
    """

    case: str
    perturbation: str
    kind: str
    what: str
    level: str
    probability: float
    dice: float
    named_right: bool
    right: bool


def claims_of_cases(
    paths: Sequence[Path], segmented: Callable[[Path], Segmented], progress: Progress = ignore
) -> list[Claim]:
    """Segment labelled scans, as they are and perturbed, and collect what was claimed.

    Args:
        paths: Folders of the cases.
        segmented: A case's folder to what segments it, so that each may have weights that never saw it.
        progress: Told before each scan.
    """
    claims: list[Claim] = []
    for number, path in enumerate(paths):
        segment = segmented(path)
        for how, case in _copies(read_case(path)):
            progress(number / len(paths), f"{case.name}, {how}")
            claims += claims_of(case, how, segment(case.volume))
    progress(1.0, "done")
    return claims


def claims_of(case: Case, how: str, answer: Answer) -> list[Claim]:
    """Compare one segmented scan's stated confidence with its reference."""
    slab = labelled_slab(case.reference) or (slice(None), slice(None), slice(None))
    claims = list(_vertebrae(case, how, answer, slab))
    found = float(dice(answer.mask[slab], spine_voxels(case.reference)[slab]))
    names = all(claim.named_right for claim in claims)
    right = found >= RIGHT_DICE and names
    scan = Claim(case.name, how, SCAN, "", answer.trust.level, answer.trust.value, found, names, right)
    return [*claims, scan]


def reliability_table(claims: Sequence[Claim], kind: str) -> Table:
    """Make the table of one kind: claims by probability and by level, how often they came true, and the Brier score."""
    own = [claim for claim in claims if claim.kind == kind]
    said, true = np.array([claim.probability for claim in own]), np.array([claim.right for claim in own], dtype=float)
    names = [f"{low / BINS:.1f} to {(low + 1) / BINS:.1f}" for low in range(BINS)]
    rows = [_row(name, inside, said, true) for name, inside in zip(names, _bins(said), strict=True)]
    for level in LEVELS:
        rows.append(_row(level, np.array([claim.level == level for claim in own], dtype=bool), said, true))
    note = "no claim"
    if own:
        base = float(true.mean())
        note = (
            f"Brier score {float(np.mean((said - true) ** 2)):.3f}; always saying {base:.2f} would have "
            f"{base * (1 - base):.3f}; {len(own)} claims"
        )
    meaning = f"right: Dice at least {RIGHT_DICE} and the name" + ("s" if kind == SCAN else "")
    return Table(f"Confidence by {kind}", ["said", "claims", "mean said", "right", "right %"], rows, (note, meaning))


def draw_reliability(claims: Sequence[Claim], picture: Path, title: str) -> None:
    """Draw a reliability diagram (SVG): how often claims came true, by the probability stated, for each kind.

    The area of a point is the number of claims. After Niculescu-Mizil & Caruana 2005, doi:10.1145/1102351.1102430.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4.2), layout="constrained")
    figure.suptitle(title, fontsize="medium")
    for number, kind in enumerate((VERTEBRA, SCAN)):
        own = [claim for claim in claims if claim.kind == kind]
        said, true = np.array([c.probability for c in own]), np.array([c.right for c in own], dtype=float)
        axes = figure.add_subplot(1, 2, number + 1, xlim=(0, 1), ylim=(-0.03, 1.03), aspect="equal")
        axes.set(title=f"by {kind}", xlabel="probability stated", ylabel="came true")
        axes.plot([0, 1], [0, 1], color=DIAGONAL_COLOUR, linestyle=":")
        places, shares, counts = [], [], []
        for inside in _bins(said):
            if inside.any():
                places.append(float(said[inside].mean()))
                shares.append(float(true[inside].mean()))
                counts.append(int(inside.sum()))
        axes.plot(places, shares, color=POINT_COLOUR)
        axes.scatter(places, shares, s=[12 * count**0.5 for count in counts], color=POINT_COLOUR)
        for place, share, count in zip(places, shares, counts, strict=True):
            axes.annotate(str(count), (place, share), (0, 8), textcoords="offset points", ha="center", fontsize="small")
    # the same bytes each time, and text that stays text
    with atomic_path(picture) as partial, mpl.rc_context({"svg.hashsalt": "spineview", "svg.fonttype": "none"}):
        figure.savefig(partial, format="svg", metadata={"Date": None})


def claims_to_json(claims: Sequence[Claim]) -> list[dict[str, Any]]:
    """Convert to plain types."""
    return [asdict(claim) for claim in claims]


def read_claims(report: Path) -> list[Claim]:
    """Read the claims of an earlier report of ``spineview evaluate``.

    Raises:
        InputError: the file cannot be read, or holds no claims.
    """
    try:
        return [Claim(**one) for one in json.loads(report.read_text(encoding="utf-8"))["confidence"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError("evaluation.no_claims", name=report.name) from error


def _copies(case: Case) -> Iterator[tuple[str, Case]]:
    yield UNPERTURBED, case
    for name, perturb in PERTURBATIONS.items():
        try:
            volume, reference = perturb(case.volume, case.reference)
        except InputError:
            continue
        yield name, Case(case.name, volume, reference)


def _vertebrae(case: Case, how: str, answer: Answer, slab: Box) -> Iterator[Claim]:
    truth = case.reference
    for one in answer.vertebrae:
        mine = answer.labels == one.label
        if one.probability is None or not mine.any() or not _inside(mine, slab):
            continue
        number, found = _best(mine, truth)
        named = number == one.label
        right = named and found >= RIGHT_DICE
        yield Claim(
            case.name, how, VERTEBRA, label_of(one.label).name, one.confidence, one.probability, found, named, right
        )


def _best(mine: NDArray[np.bool_], truth: LabelMap) -> tuple[int, float]:
    """Return the reference's vertebra that overlaps most, 0 where none does, and the Dice with it."""
    counts = np.bincount(truth.labels[mine], minlength=2)
    counts[0] = 0
    number = int(counts.argmax())
    if not counts[number]:
        return 0, 0.0
    return number, 2 * float(counts[number]) / float(mine.sum() + np.count_nonzero(truth.labels == number))


def _inside(mine: NDArray[np.bool_], slab: Box) -> bool:
    centre = np.argwhere(mine).mean(axis=0)
    return all(
        side.start is None or side.start <= round(float(c)) < side.stop for side, c in zip(slab, centre, strict=True)
    )


def _bins(said: NDArray[np.float64]) -> list[NDArray[np.bool_]]:
    """Mark the claims of each of ``BINS`` equal ranges of probability; 1 belongs to the last."""
    number = np.minimum((said * BINS + 1e-9).astype(int), BINS - 1)
    return [number == bin_ for bin_ in range(BINS)]


def _row(name: str, which: NDArray[np.bool_], said: NDArray[np.float64], true: NDArray[np.float64]) -> list[str]:
    count = int(which.sum())
    if not count:
        return [name, "0", NOTHING, NOTHING, NOTHING]
    right = int(true[which].sum())
    return [name, str(count), f"{said[which].mean():.2f}", str(right), f"{100 * right / count:.0f}"]
