"""Errors of the measures on phantoms of known truth, and their scatter when a real label map is perturbed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from segmentation.core.geometry import Grid
from segmentation.core.volume import LabelMap
from segmentation.morphometry.measure import measure_spine
from segmentation.morphometry.results import Quantity, SpineMeasures
from segmentation.morphometry.table import rows, unit_of
from segmentation.phantom.measured import CASES, MeasuredPhantom, SpineSpec, make_measured

LIMITS = {"mm": 0.5, "degree": 1.0, "HU": 5.0}
_GROUPS = ("height", "width", "depth", "slip", "tilt", "rotation", "cobb", "angle", "hu")
_PERTURBATIONS = ((0.0, 0.0, 0.0), (4.0, -3.0, 5.0), (-5.0, 4.0, 2.0), (2.0, 6.0, -4.0), (-3.0, -5.0, -6.0))


@dataclass(frozen=True)
class Error:
    """One value of a phantom: what was measured less the truth."""

    case: str
    place: str
    measure: str
    difference: float
    uncertainty: float

    @property
    def group(self) -> str:
        """What kind of measure it is."""
        if "pedicle" in self.measure:
            return "pedicle " + ("width" if "width" in self.measure else "height")
        if "canal" in self.measure:
            return "canal " + ("area" if "area" in self.measure else "width, depth")
        if "-" in self.place and "height" in self.measure:
            return "disc height"
        return next((group for group in _GROUPS if group in self.measure), self.measure)


def errors_of(spec: SpineSpec) -> tuple[list[Error], list[str]]:
    """Measure one phantom; return the errors, and what should have been measured and was not."""
    phantom = make_measured(spec)
    measures = measure_spine(phantom.labels, phantom.volume)
    found: list[Error] = []
    missing: list[str] = []
    for place, measure, truth, quantity in _pairs(phantom, measures):
        if quantity is None or quantity.value is None:
            missing.append(f"{place} {measure}")
            continue
        found.append(Error(spec.name, place, measure, quantity.value - truth, quantity.uncertainty or 0.0))
    return found, missing


def _pairs(phantom: MeasuredPhantom, measures: SpineMeasures) -> Iterator[tuple[str, str, float, Quantity | None]]:
    values = {(name, measure): quantity for _, name, measure, quantity in rows(measures)}
    for part in ("levels", "discs"):
        for place, truths in phantom.truth[part].items():
            for measure, truth in truths.items():
                yield place, measure, truth, values.get((place, measure))
    for truth in phantom.truth["curves"]:
        found = [c for c in measures.curves if (c.upper_end, c.lower_end, c.convexity) ==
                 (truth["upper_end"], truth["lower_end"], truth["convexity"])]  # fmt: skip
        yield (
            f"{truth['upper_end']}-{truth['lower_end']}",
            "cobb_deg",
            truth["cobb_deg"],
            next((curve.cobb for curve in found), None),
        )
    sagittal = phantom.truth["sagittal"]
    for angle in measures.sagittal:
        ends = [sagittal.get(end.replace("S1", "sacrum").split()[0], {}).get(end.split()[-1])
                for end in (angle.upper, angle.lower)]  # fmt: skip
        if angle.name == "sacral_slope" and ends[0] is not None:
            yield "S1", "angle_deg", ends[0], angle.value
        elif None not in ends:
            sign = -1 if angle.name == "thoracic_kyphosis" else 1
            yield f"{angle.upper}-{angle.lower}", "angle_deg", sign * (ends[1] - ends[0]), angle.value


def benchmark_table(cases: Sequence[SpineSpec] = CASES) -> Iterator[str]:
    """Yield the lines of a table: the greatest error of each kind of measure for each phantom, and what is missing."""
    everything: list[Error] = []
    yield "Greatest error of each kind of measure, by phantom (mm, mm², degrees, HU)"
    for spec in cases:
        errors, missing = errors_of(spec)
        everything += errors
        groups: dict[str, float] = defaultdict(float)
        for error in errors:
            groups[error.group] = max(groups[error.group], abs(error.difference), key=abs)
        yield f"{spec.name}: " + ", ".join(f"{group} {value:.2f}" for group, value in groups.items())
        if missing:
            yield f"  not measured: {', '.join(missing)}"
    yield from _summary(everything)


def _summary(errors: Iterable[Error]) -> Iterator[str]:
    groups: dict[str, list[Error]] = defaultdict(list)
    for error in errors:
        groups[error.group].append(error)
    yield ""
    yield f"{'measure':22}{'values':>7}{'mean':>8}{'sd':>7}{'95 %':>7}{'most':>7}{'within limit':>14}{'within 2 u':>12}"
    for group, members in groups.items():
        differences = np.array([error.difference for error in members])
        inside = np.mean([abs(error.difference) <= 2 * error.uncertainty for error in members])
        limit = LIMITS.get(unit_of(members[0].measure))
        share = "" if limit is None else f"{np.mean(np.abs(differences) <= limit):.1%}"
        yield (
            f"{group:22}{len(members):7}{differences.mean():8.2f}{differences.std():7.2f}"
            f"{np.percentile(np.abs(differences), 95):7.2f}{np.abs(differences).max():7.2f}{share:>14}{inside:12.1%}"
        )


def repeat_table(label_maps: Sequence[LabelMap]) -> Iterator[str]:
    """Yield a table of how far values scatter when each map is resampled on five grids turned by a few degrees."""
    spread: dict[str, list[float]] = defaultdict(list)
    for label_map in label_maps:
        repeated: dict[tuple[str, str], list[float]] = defaultdict(list)
        for turn in _PERTURBATIONS:
            for _, name, measure, quantity in rows(measure_spine(turned(label_map, turn))):
                if quantity.value is not None:
                    repeated[name, measure].append(quantity.value)
        for (_, measure), values in repeated.items():
            if len(values) == len(_PERTURBATIONS):
                spread[measure].append(float(np.std(values, ddof=1)))
    yield f"Standard deviation over {len(_PERTURBATIONS)} perturbations of {len(label_maps)} label maps"
    yield f"{'measure':28}{'values':>8}{'median':>9}{'90 %':>9}"
    for measure, deviations in spread.items():
        yield f"{measure:28}{len(deviations):8}{np.median(deviations):9.3f}{np.percentile(deviations, 90):9.3f}"


def turned(label_map: LabelMap, degrees: tuple[float, float, float]) -> LabelMap:
    """Resample a map by nearest neighbours on a grid of the same spacing that is turned, and half a voxel away."""
    from segmentation.phantom.spec import rotation

    grid = label_map.grid
    if not any(degrees):
        return label_map
    turn = rotation(degrees)
    middle = grid.to_mm((np.array(grid.shape) - 1) / 2)
    affine = np.eye(4)
    affine[:3, :3] = turn @ grid.affine[:3, :3]
    more = [int(np.ceil(0.06 * n)) + 1 for n in grid.shape]
    shape = tuple(n + 2 * m for n, m in zip(grid.shape, more, strict=True))
    affine[:3, 3] = middle - affine[:3, :3] @ ((np.array(shape) - 1) / 2 + 0.5)
    target = Grid((shape[0], shape[1], shape[2]), affine)
    matrix = np.linalg.inv(grid.affine) @ affine
    labels = ndimage.affine_transform(label_map.labels, matrix[:3, :3], matrix[:3, 3], target.shape, order=0)
    return LabelMap(labels, target, label_map.kind)
