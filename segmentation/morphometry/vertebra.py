"""Values of one vertebra: heights, ratios, canal, pedicles, density, rotation."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from segmentation.core.labels import label_of
from segmentation.core.volume import LabelMap, Volume
from segmentation.morphometry.anatomy.body import Body
from segmentation.morphometry.anatomy.density import core_density, find_core, half_voxels
from segmentation.morphometry.anatomy.frame import Frame
from segmentation.morphometry.anatomy.pedicles import Pedicle, find_pedicle
from segmentation.morphometry.anatomy.shape import Shape
from segmentation.morphometry.curves import coronal_tilt, sagittal_tilt
from segmentation.morphometry.precision import Precision, precision_of
from segmentation.morphometry.quality import Finding
from segmentation.morphometry.results import Point, Quantity, VertebraMeasures, known, unknown
from segmentation.morphometry.segments import point

BODY_NAMES = (
    "anterior_height_mm", "middle_height_mm", "posterior_height_mm", "wedge_ratio", "biconcave_ratio", "crush_ratio",
    "body_width_mm", "body_depth_mm", "trabecular_mean_hu", "trabecular_sd_hu", "axial_rotation_deg",
    "coronal_tilt_deg", "sagittal_tilt_deg",
)  # fmt: skip
ARCH_NAMES = (
    "canal_area_mm2", "canal_width_mm", "canal_depth_mm", "left_pedicle_width_mm", "left_pedicle_height_mm",
    "right_pedicle_width_mm", "right_pedicle_height_mm",
)  # fmt: skip
_SIDES = ("left", "right")


def measure_vertebra(
    shape: Shape, finding: Finding, label_map: LabelMap, volume: Volume | None, posterior_beside_mm: float | None
) -> VertebraMeasures:
    """Measure one vertebra; where ``finding`` says so, its values are reasons.

    Args:
        shape: What was found of it.
        finding: What must not be measured.
        label_map: For the size of its voxels.
        volume: The CT on the same grid; None leaves the density out.
        posterior_beside_mm: Mean posterior height of its neighbours, for the crush ratio.
    """
    values: dict[str, Quantity] = {}
    landmarks: dict[str, Point] = {}
    ml = shape.bone.voxels * label_map.grid.voxel_ml
    values["volume_ml"] = unknown(finding.whole) if finding.whole else known(ml, _volume_error_ml(shape, label_map))
    grade, deformity = None, ""
    body = shape.body
    if finding.body or body is None:
        values |= dict.fromkeys(BODY_NAMES, unknown(finding.body or "not_found"))
    else:
        precision = precision_of(label_map.grid, shape.frame, body)
        values |= _body_values(shape, body, precision, posterior_beside_mm)
        values |= _density(volume, shape, body)
        grade, deformity = genant(values)
        landmarks |= _body_landmarks(shape.frame, body) | _core_landmarks(volume, shape.frame, body)
    if finding.arch or body is None or finding.body:
        values |= dict.fromkeys(ARCH_NAMES, unknown(finding.arch or finding.body or "not_found"))
    else:
        arch, marks = _arch(shape, precision_of(label_map.grid, shape.frame, body))
        values |= arch
        landmarks |= marks
    label = label_of(shape.number)
    axes = None if finding.body else (point(shape.frame.axes[:, 0]), point(shape.frame.axes[:, 1]),
                                      point(shape.frame.axes[:, 2]))  # fmt: skip
    missing = [each.reason for each in values.values() if each.reason]
    state = "not_measured" if finding.body else "partial" if missing else "measured"
    reasons = tuple(dict.fromkeys((*finding.reasons, *missing)))
    return VertebraMeasures(shape.number, label.name, state, reasons, values, grade, deformity, axes, landmarks)


def _volume_error_ml(shape: Shape, label_map: LabelMap) -> float:
    """Estimate what half a voxel's layer over the surface would change, if it were random in patches of 1 cm²."""
    surface_mm2 = 4.84 * (shape.bone.voxels * label_map.grid.voxel_ml * 1000) ** (2 / 3) * 2.2
    return float(surface_mm2 * 0.29 * max(label_map.grid.spacing_mm) / np.sqrt(max(surface_mm2 / 100, 1)) / 1000)


def _body_values(
    shape: Shape, body: Body, precision: Precision, posterior_beside_mm: float | None
) -> dict[str, Quantity]:
    front, middle, back = (body.height_at(y) for y in (body.front, body.middle[1], body.back))
    error = precision.endplate_mm * np.sqrt(2)
    frame = shape.frame
    values = {
        "anterior_height_mm": known(front, 1.3 * error),
        "middle_height_mm": known(middle, error),
        "posterior_height_mm": known(back, 1.3 * error),
        "wedge_ratio": _ratio(front, back, error),
        "biconcave_ratio": _ratio(middle, back, error),
        "crush_ratio": unknown("no_neighbour"),
        "body_width_mm": known(body.width_mm, precision.across_mm),
        "body_depth_mm": known(body.depth_mm, precision.along_mm),
        "coronal_tilt_deg": known(coronal_tilt(frame.axes[:, 2]), precision.tilt_deg),
        "sagittal_tilt_deg": known(sagittal_tilt(frame.axes[:, 2]), precision.tilt_deg),
    }
    if posterior_beside_mm is not None:
        values["crush_ratio"] = _ratio(back, posterior_beside_mm, error)
    lever = 0.5 * body.width_mm
    turn_error = np.hypot(float(np.degrees(0.3 * precision.across_mm / lever)), 0.3 + shape.symmetry_mm)
    values["axial_rotation_deg"] = known(axial_rotation(frame), float(turn_error))
    return values


def _ratio(first: float, second: float, error: float) -> Quantity:
    if not second > 1:
        return unknown("not_found")
    return known(first / second, 1.3 * error * np.sqrt(1 + (first / second) ** 2) / second)


def axial_rotation(frame: Frame) -> float:
    """Turn of a vertebra about its superior axis, degrees: positive where its front looks to the patient's left.

    Zero is where the patient's anterior direction lies in the vertebra's median plane.
    """
    right, anterior = frame.axes[1, 0], frame.axes[1, 1]
    return float(np.degrees(np.arctan2(right, anterior)))


def genant(values: Mapping[str, Quantity]) -> tuple[int | None, str]:
    """Grade a deformity by its greatest loss of height (Genant et al. 1993, doi:10.1002/jbmr.5650080915).

    Wedge: anterior against posterior height; biconcave: middle against posterior; crush: posterior against that of the
    neighbours. 20 to 25 % of loss is grade 1, to 40 % grade 2, more is grade 3.
    """
    ratios = {name: values[f"{name}_ratio"].value for name in ("wedge", "biconcave", "crush")}
    losses = {name: 100 * (1 - ratio) for name, ratio in ratios.items() if ratio is not None}
    if "wedge" not in losses:
        return None, ""
    name, loss = max(losses.items(), key=lambda item: item[1])
    grade = sum(loss >= limit for limit in (20.0, 25.0, 40.0))
    return grade, name if grade else "none"


def _density(volume: Volume | None, shape: Shape, body: Body) -> dict[str, Quantity]:
    if volume is None:
        return dict.fromkeys(("trabecular_mean_hu", "trabecular_sd_hu"), unknown("no_ct"))
    found = core_density(volume, shape.bone, shape.frame, body)
    if found.reason:
        return dict.fromkeys(("trabecular_mean_hu", "trabecular_sd_hu"), unknown(found.reason))
    return {
        "trabecular_mean_hu": known(found.mean_hu, found.error_hu),
        "trabecular_sd_hu": known(found.sd_hu, found.error_hu / np.sqrt(2)),
    }


def _body_landmarks(frame: Frame, body: Body) -> dict[str, Point]:
    x, middle = body.middle
    marks = {"body_centre": point(frame.origin_mm)}
    for plate, fit in (("superior", body.superior), ("inferior", body.inferior)):
        for place, y in (("anterior", body.front), ("middle", middle), ("posterior", body.back)):
            marks[f"{plate}_{place}"] = point(frame.to_mm((x, y, fit.height(x, y))))
    for side, x_side in (("left", body.left), ("right", body.right)):
        marks[f"body_{side}"] = point(frame.to_mm((x_side, middle, 0.0)))
    for side, y_side in (("front", body.front), ("back", body.back)):
        marks[f"body_{side}"] = point(frame.to_mm((x, y_side, 0.0)))
    return marks


def _core_landmarks(volume: Volume | None, frame: Frame, body: Body) -> dict[str, Point]:
    """Mark the middles of the four sides of the core in the median plane."""
    core = None if volume is None else find_core(body, half_voxels(volume, frame))
    if core is None or core.top <= core.bottom:
        return {}
    y, z = (core.front + core.back) / 2, (core.top + core.bottom) / 2
    sides = {"anterior": (core.front, z), "posterior": (core.back, z), "superior": (y, core.top),
             "inferior": (y, core.bottom)}  # fmt: skip
    return {f"core_{name}": point(frame.to_mm((core.x, *place))) for name, place in sides.items()}


def _arch(shape: Shape, precision: Precision) -> tuple[dict[str, Quantity], dict[str, Point]]:
    canal, frame = shape.canal, shape.frame
    assert canal is not None
    edge = 0.5 * (precision.across_mm * canal.depth_mm + precision.along_mm * canal.width_mm)
    values = {
        "canal_area_mm2": known(canal.area_mm2, edge),
        "canal_width_mm": known(canal.width_mm, precision.across_mm),
        "canal_depth_mm": known(canal.depth_mm, precision.along_mm),
    }
    marks = {"canal_centre": point(frame.to_mm((*canal.centre, 0.0)))}
    x, y = canal.centre
    for name, place in {"left": (canal.edges[0], y), "right": (canal.edges[1], y), "front": (x, canal.wall),
                        "back": (x, canal.back)}.items():  # fmt: skip
        marks[f"canal_{name}"] = point(frame.to_mm((*place, 0.0)))
    for side in _SIDES:
        pedicle = find_pedicle(shape, side)
        values |= _pedicle_values(side, pedicle, precision)
        if pedicle is not None:
            marks |= _pedicle_landmarks(frame, pedicle)
    return values, marks


def _pedicle_landmarks(frame: Frame, pedicle: Pedicle) -> dict[str, Point]:
    """Mark the centre of the isthmus, a place 20 mm ahead on the axis, and the ends of both diameters."""
    across = np.cross(pedicle.axis, (0.0, 0.0, 1.0))
    across /= np.linalg.norm(across)
    upwards = np.cross(across, pedicle.axis)
    steps = {
        "centre": np.zeros(3), "ahead": 20 * pedicle.axis,
        "outer": across * pedicle.width_mm / 2, "inner": -across * pedicle.width_mm / 2,
        "upper": upwards * pedicle.height_mm / 2, "lower": -upwards * pedicle.height_mm / 2,
    }  # fmt: skip
    if (across[0] > 0) != (pedicle.side == "right"):
        steps["outer"], steps["inner"] = steps["inner"], steps["outer"]
    return {f"{pedicle.side}_pedicle_{name}": point(frame.to_mm(pedicle.centre + by)) for name, by in steps.items()}


def _pedicle_values(side: str, pedicle: Pedicle | None, precision: Precision) -> dict[str, Quantity]:
    names = (f"{side}_pedicle_width_mm", f"{side}_pedicle_height_mm")
    if pedicle is None:
        return dict.fromkeys(names, unknown("pedicle_not_found"))
    errors = (precision.across_mm, precision.upward_mm)
    sizes = (pedicle.width_mm, pedicle.height_mm)
    return {name: known(size, error) for name, size, error in zip(names, sizes, errors, strict=True)}
