"""Where each measure lies in the picture that it was taken from: its lines, those that help to read it, its plane."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from segmentation.morphometry.results import (
    CoronalCurve,
    DiscMeasures,
    Point,
    SagittalAngle,
    SpineMeasures,
    VertebraMeasures,
)

Plane = Literal["axial", "coronal", "sagittal"]
Formula = Literal["", "distance", "cobb", "lordosis", "kyphosis", "slope"]
Line = tuple[Point, Point]
_AXIS_MM = 40.0
_PLACES = ("anterior", "middle", "posterior")


@dataclass(frozen=True)
class Drawing:
    """Lines of one measure, RAS+ mm.

    Attributes:
        plane: The patient's plane that shows it best.
        lines: What was measured; each of two points.
        guides: What helps to read it, such as the endplates.
        formula: How the value follows from the lines, see ``value_of``; empty where it does not follow from them
            alone, and nobody can change it by moving them.
    """

    plane: Plane
    lines: tuple[Line, ...]
    guides: tuple[Line, ...] = ()
    formula: Formula = ""

    def to_json(self) -> dict[str, Any]:
        """Represent it as plain JSON."""
        return {
            "plane": self.plane,
            "lines_mm": _plain(self.lines),
            "guides_mm": _plain(self.guides),
            "formula": self.formula,
        }


def drawings(measures: SpineMeasures) -> dict[str, Drawing]:
    """Make the drawings of all measures that have a value and a place.

    Returns:
        dict: by target, ``"vertebra/L1/anterior_height_mm"``, ``"disc/L1-L2/slip_mm"``, ``"curve/T5-L1/cobb_deg"``,
        ``"angle/L1 superior to S1 superior/lumbar_lordosis_deg"``.
    """
    found: dict[str, Drawing] = {}
    for vertebra in measures.vertebrae:
        found |= {f"vertebra/{vertebra.name}/{name}": each for name, each in _of_vertebra(vertebra)}
    for disc in measures.discs:
        found |= {f"disc/{disc.upper}-{disc.lower}/{name}": each for name, each in _of_disc(disc)}
    for curve in measures.curves:
        found[target_of_curve(curve)] = Drawing("coronal", curve.lines, formula="cobb")
    for angle in measures.sagittal:
        if angle.lines and angle.value.value is not None:
            found[target_of_angle(angle)] = _of_angle(angle)
    return found


def target_of_curve(curve: CoronalCurve) -> str:
    """Name the Cobb angle of a curve."""
    return f"curve/{curve.upper_end}-{curve.lower_end}/cobb_deg"


def target_of_angle(angle: SagittalAngle) -> str:
    """Name an angle in the sagittal plane."""
    return f"angle/{angle.upper} to {angle.lower}/{angle.name}_deg"


def value_of(formula: Formula, lines: Sequence[Line]) -> float:
    """Compute a value from its lines.

    Args:
        formula: ``"distance"``, mm; or degrees in a plane of the patient: ``"cobb"`` between two lines in the coronal
            plane, 0 to 90; ``"lordosis"`` and ``"kyphosis"`` from the upper to the lower line in the sagittal plane,
            positive where they are what their name says; ``"slope"`` of one line against the transverse plane.
        lines: One for a distance and a slope, else two.

    Raises:
        ValueError: a line has no length in its plane.
    """
    if formula == "distance":
        return float(np.linalg.norm(np.subtract(*lines[0])))
    across = 0 if formula == "cobb" else 1
    tilts = [_tilt_deg(line, across) for line in lines]
    if formula == "slope":
        return tilts[0]
    turn = (tilts[1] - tilts[0] + 90) % 180 - 90  # a line has no direction
    return abs(turn) if formula == "cobb" else -turn if formula == "kyphosis" else turn


def _tilt_deg(line: Line, across: int) -> float:
    """Tilt of a line in a plane, degrees: positive where its right or front end is lower."""
    step = np.subtract(line[1], line[0])
    if step[across] < 0:
        step = -step
    if np.hypot(step[across], step[2]) < 1e-6:
        raise ValueError("a line without length")
    return float(np.degrees(np.arctan2(-step[2], step[across])))


def _of_vertebra(vertebra: VertebraMeasures) -> Iterator[tuple[str, Drawing]]:
    marks = vertebra.landmarks
    for name, drawing in (*_of_body(marks), *_of_axes(vertebra), *_of_arch(marks)):
        quantity = vertebra.values.get(name)
        if quantity is None or quantity.value is not None:
            yield name, drawing


def _of_body(marks: Mapping[str, Point]) -> Iterator[tuple[str, Drawing]]:
    if "superior_anterior" not in marks:
        return
    endplates = tuple((marks[f"{end}_anterior"], marks[f"{end}_posterior"]) for end in ("superior", "inferior"))
    heights = {place: (marks[f"superior_{place}"], marks[f"inferior_{place}"]) for place in _PLACES}
    for place, line in heights.items():
        yield f"{place}_height_mm", Drawing("sagittal", (line,), endplates, "distance")
    for ratio, places in (("wedge", ("anterior", "posterior")), ("biconcave", ("middle", "posterior")),
                          ("crush", ("posterior",))):  # fmt: skip
        yield f"{ratio}_ratio", Drawing("sagittal", tuple(heights[place] for place in places), endplates)
    yield "genant_grade", Drawing("sagittal", tuple(heights.values()), endplates)
    yield "body_width_mm", Drawing("axial", ((marks["body_left"], marks["body_right"]),), (), "distance")
    yield "body_depth_mm", Drawing("sagittal", ((marks["body_front"], marks["body_back"]),), endplates, "distance")
    if "core_anterior" in marks:
        core = _rectangle(*(marks[f"core_{side}"] for side in ("anterior", "posterior", "superior", "inferior")))
        yield "trabecular_mean_hu", Drawing("sagittal", core, endplates)
        yield "trabecular_sd_hu", Drawing("sagittal", core, endplates)


def _of_axes(vertebra: VertebraMeasures) -> Iterator[tuple[str, Drawing]]:
    centre = vertebra.landmarks.get("body_centre")
    if centre is None or vertebra.axes is None:
        return
    _, front, up = vertebra.axes
    for name, plane, axis, zero in (
        ("axial_rotation_deg", "axial", front, (0, 1, 0)),
        ("coronal_tilt_deg", "coronal", up, (0, 0, 1)),
        ("sagittal_tilt_deg", "sagittal", up, (0, 0, 1)),
    ):
        line, guide = ((centre, _moved(centre, along, _AXIS_MM)) for along in (axis, zero))
        yield name, Drawing(plane, (line,), (guide,))  # type: ignore[arg-type]


def _of_arch(marks: Mapping[str, Point]) -> Iterator[tuple[str, Drawing]]:
    if "canal_left" in marks:
        width, depth = (marks["canal_left"], marks["canal_right"]), (marks["canal_front"], marks["canal_back"])
        yield "canal_width_mm", Drawing("axial", (width,), (), "distance")
        yield "canal_depth_mm", Drawing("axial", (depth,), (), "distance")
        yield "canal_area_mm2", Drawing("axial", (width, depth))
    for side in ("left", "right"):
        if f"{side}_pedicle_outer" in marks:
            axis = ((marks[f"{side}_pedicle_centre"], marks[f"{side}_pedicle_ahead"]),)
            for name, plane, ends in (("width", "axial", ("inner", "outer")), ("height", "sagittal",
                                                                               ("upper", "lower"))):  # fmt: skip
                line = (marks[f"{side}_pedicle_{ends[0]}"], marks[f"{side}_pedicle_{ends[1]}"])
                drawing = Drawing(plane, (line,), axis, "distance")  # type: ignore[arg-type]
                yield f"{side}_pedicle_{name}_mm", drawing


def _of_disc(disc: DiscMeasures) -> Iterator[tuple[str, Drawing]]:
    marks = disc.landmarks
    if not marks:
        return
    plates = tuple((marks[f"{side}_posterior"], marks[f"{side}_anterior"]) for side in ("upper", "lower"))
    upper, lower = ({"anterior": line[1], "middle": _between(*line), "posterior": line[0]} for line in plates)
    for place in _PLACES:
        yield f"{place}_height_mm", Drawing("sagittal", ((upper[place], lower[place]),), plates, "distance")
    yield "wedge_angle_deg", Drawing("sagittal", plates, formula="lordosis")
    for name in ("slip_mm", "slip_percent", "meyerding_grade"):
        yield name, Drawing("sagittal", ((upper["posterior"], lower["posterior"]),), plates)


def _of_angle(angle: SagittalAngle) -> Drawing:
    if angle.name == "sacral_slope":
        (line,) = angle.lines
        level = (line[0], (line[0][0], line[1][1], line[0][2]))
        return Drawing("sagittal", (line,), (level,), "slope")
    return Drawing("sagittal", angle.lines, (), "kyphosis" if angle.name == "thoracic_kyphosis" else "lordosis")


def _rectangle(front: Point, back: Point, top: Point, bottom: Point) -> tuple[Line, ...]:
    """Lines around four middles of sides."""
    centre = _between(front, back)
    corners = [np.add(side, end) - centre for side, end in ((front, top), (back, top), (back, bottom), (front, bottom))]
    points: list[Point] = [(float(x), float(y), float(z)) for x, y, z in corners]
    return tuple(zip(points, [*points[1:], points[0]], strict=True))


def _between(first: Point, second: Point) -> Point:
    x, y, z = ((a + b) / 2 for a, b in zip(first, second, strict=True))
    return x, y, z


def _moved(start: Point, along: Sequence[float], by: float) -> Point:
    x, y, z = (a + by * b for a, b in zip(start, along, strict=True))
    return x, y, z


def _plain(lines: Sequence[Line]) -> list[list[list[float]]]:
    return [[[round(float(each), 3) for each in point] for point in line] for line in lines]
