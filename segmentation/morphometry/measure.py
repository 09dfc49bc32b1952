"""Measure a spine: every vertebra, every disc, every curve, from a label map and the CT that it lies on."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
from scipy import ndimage

from segmentation.core.errors import GridMismatch, InputError, OperationCancelled
from segmentation.core.labels import COCCYX, HEAD_TO_FOOT, LABELS, SACRUM
from segmentation.core.progress import CancelCheck, Progress, ignore, never
from segmentation.core.version import product_version
from segmentation.core.volume import LabelMap, Volume
from segmentation.morphometry.anatomy.frame import Bone, bone_of
from segmentation.morphometry.anatomy.sacrum import find_sacral_endplate
from segmentation.morphometry.anatomy.shape import RANKS, Shape, find_shape, first_frames
from segmentation.morphometry.curves import coronal_curves, sagittal_angles
from segmentation.morphometry.precision import endplate_precision, precision_of
from segmentation.morphometry.quality import Finding, judge
from segmentation.morphometry.results import DiscMeasures, SpineMeasures
from segmentation.morphometry.segments import Plate, measure_disc, plate_of_sacrum, plates_of
from segmentation.morphometry.vertebra import measure_vertebra

_LEAST_VOXELS = 100


def measure_spine(
    label_map: LabelMap,
    volume: Volume | None = None,
    uncertain: Mapping[int, str] | None = None,
    progress: Progress = ignore,
    cancelled: CancelCheck = never,
) -> SpineMeasures:
    """Measure all vertebrae of a label map.

    Args:
        label_map: VerSe numbers.
        volume: The CT on the same grid; without it there are no Hounsfield units.
        uncertain: Labels of which nothing is to be measured, with the code of the reason.
        progress: Called after each vertebra.
        cancelled: Asked before each vertebra.

    Raises:
        InputError: the map is a binary mask, or holds no vertebra.
        GridMismatch: the CT lies on another grid.
        OperationCancelled: ``cancelled`` said so.
    """
    check_measurable(label_map, volume)
    bones = _bones(label_map, volume)
    sacrum = bones.pop(SACRUM, None)
    bones.pop(COCCYX, None)
    shapes = _shapes(bones, progress, cancelled)
    findings = judge(shapes, label_map, uncertain or {})
    plates = _plates(shapes, findings, label_map)
    sacral = _sacral_plate(sacrum, shapes, findings, label_map)
    beside = _posterior_heights_beside(shapes, findings)
    vertebrae = tuple(
        measure_vertebra(shape, findings[number], label_map, volume, beside.get(number))
        for number, shape in shapes.items()
    )
    return SpineMeasures(
        vertebrae,
        tuple(_discs(plates, sacral, shapes)),
        tuple(coronal_curves(plates)),
        tuple(sagittal_angles(plates, sacral)),
        product_version(),
        label_map.grid.spacing_mm,
    )


def check_measurable(label_map: LabelMap, volume: Volume | None) -> None:
    """Refuse what cannot be measured. Raises InputError or GridMismatch."""
    if label_map.kind == "spine":
        raise InputError("measure.binary_mask")
    if not any(number in RANKS and number not in (SACRUM, COCCYX) for number in label_map.present):
        raise InputError("measure.no_vertebra")
    if volume is not None and not volume.grid.matches(label_map.grid):
        raise GridMismatch("measure.other_grid")


def _bones(label_map: LabelMap, volume: Volume | None) -> dict[int, Bone]:
    """Take the bones out of the map, from head to foot; specks of fewer than 100 voxels are no bones."""
    boxes = ndimage.find_objects(label_map.labels)
    bones = {}
    for number in sorted((n for n in label_map.present if n in RANKS), key=RANKS.__getitem__):
        i, j, k = boxes[number - 1]
        bone = bone_of(label_map, number, volume, (i, j, k))
        if bone is not None and bone.voxels >= _LEAST_VOXELS:
            bones[number] = bone
    return bones


def _shapes(bones: Mapping[int, Bone], progress: Progress, cancelled: CancelCheck) -> dict[int, Shape]:
    shapes: dict[int, Shape] = {}
    frames = first_frames(bones)
    for place, (number, bone) in enumerate(bones.items()):
        if cancelled():
            raise OperationCancelled
        shapes[number] = find_shape(number, bone, frames[number])
        progress((place + 1) / len(bones), "measure")
    return shapes


def _plates(
    shapes: Mapping[int, Shape], findings: Mapping[int, Finding], label_map: LabelMap
) -> dict[str, tuple[Plate, Plate]]:
    plates = {}
    for number, shape in shapes.items():
        if findings[number].body or shape.body is None:
            continue
        precision = precision_of(label_map.grid, shape.frame, shape.body)
        found = plates_of(shape, LABELS[number].name, precision.endplate_mm, precision.tilt_deg)
        if found is not None:
            plates[LABELS[number].name] = found
    return plates


def _sacral_plate(
    sacrum: Bone | None, shapes: Mapping[int, Shape], findings: Mapping[int, Finding], label_map: LabelMap
) -> Plate | None:
    lumbar = [n for n in shapes if LABELS[n].name in ("L4", "L5", "L6")]
    if sacrum is None or not lumbar or findings[lumbar[-1]].body:
        return None
    above = shapes[lumbar[-1]]
    found = find_sacral_endplate(sacrum, above)
    if found is None or above.body is None:
        return None
    precision = endplate_precision(label_map.grid, found.frame, found.superior, found.depth_mm)
    return plate_of_sacrum(found, above.body.width_mm / 2, precision.endplate_mm, precision.tilt_deg)


def _posterior_heights_beside(shapes: Mapping[int, Shape], findings: Mapping[int, Finding]) -> dict[int, float]:
    """Average the posterior heights of the neighbours above and below that were found."""
    order = list(shapes)
    heights: dict[int, float] = {}
    for number in order:
        body = shapes[number].body
        if body is not None and not findings[number].body:
            heights[number] = body.height_at(body.back)
    beside = {}
    for place, number in enumerate(order):
        near = [heights[n] for n in order[max(0, place - 1) : place + 2] if n in heights and n != number]
        if near:
            beside[number] = float(np.mean(near))
    return beside


def _discs(
    plates: Mapping[str, tuple[Plate, Plate]], sacral: Plate | None, shapes: Mapping[int, Shape]
) -> list[DiscMeasures]:
    names = [LABELS[number].name for number in shapes]
    discs = [
        measure_disc(plates[upper][1], plates[lower][0])
        for upper, lower in pairwise(names)
        if upper in plates and lower in plates and _neighbours(upper, lower)
    ]
    if sacral is not None:
        discs.append(measure_disc(plates[names[-1]][1], sacral))
    return discs


def _neighbours(upper: str, lower: str) -> bool:
    """Tell whether nothing lies between two names: T13 and L6 are optional, and T11 may be the last thoracic one."""
    between = HEAD_TO_FOOT.index(lower) - HEAD_TO_FOOT.index(upper)
    return between == 1 or ((upper[0], lower) == ("T", "L1") and between <= 3)
