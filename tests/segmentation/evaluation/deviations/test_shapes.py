"""Spines bent, broken and fused on purpose: what moves, what stays, and that CT and labels move together."""

from __future__ import annotations

import numpy as np
import pytest

from segmentation.core.errors import InputError
from segmentation.core.geometry import Grid
from segmentation.core.volume import LabelMap, Volume
from segmentation.evaluation.deviations.shapes import (
    DEVIATIONS,
    NARROW_MM,
    feet_first,
    fractured,
    fused,
    kyphosis,
    narrow_field,
    scoliosis,
)
from segmentation.evaluation.deviations.warp import SPACING_MM, body_centres, coarse
from segmentation.evaluation.perturbations import Perturbed
from segmentation.phantom import Phantom


def column() -> Perturbed:
    """Nine bodies of 15 mm, T10 to L6, straight above each other, 24 mm from one to the next."""
    labels = np.zeros((60, 60, 160), np.uint8)
    for row, number in enumerate(range(17, 26)):
        labels[24:36, 24:36, 140 - 16 * row : 150 - 16 * row] = number
    grid = Grid(labels.shape, np.diag([SPACING_MM] * 3 + [1.0]))
    return Volume(np.where(labels > 0, 400, 0).astype(np.int16), grid), LabelMap(labels, grid, "vertebrae")


def lean_deg(labels: LabelMap, axis: int) -> tuple[float, float]:
    """How far the line through the first two bodies, and through the last two, leans along ``axis``."""
    centres = [centre for _, centre in sorted(body_centres(labels).items())]
    first, last = centres[0] - centres[1], centres[-2] - centres[-1]
    return tuple(float(np.degrees(np.arctan2(up[axis], up[2]))) for up in (first, last))  # type: ignore[return-value]


@pytest.mark.parametrize("name", DEVIATIONS)
def test_every_deviation_is_pure_and_keeps_ct_and_labels_together(name: str, plain: Perturbed):
    volume, labels = plain
    before = volume.hu.copy(), labels.labels.copy()
    changed, reference = DEVIATIONS[name](volume, labels)
    assert changed.grid.matches(reference.grid)
    assert reference.kind == "vertebrae"
    assert set(reference.present) == {21, 22, 23}
    assert np.array_equal(volume.hu, before[0])
    assert np.array_equal(labels.labels, before[1])
    assert changed.hu[reference.labels > 0].mean() > changed.hu[reference.labels == 0].mean() + 100


def test_the_scan_is_cut_out_on_upright_voxels_and_stays_where_it_was(small_phantom: Phantom, plain: Perturbed):
    volume, labels = plain
    assert volume.grid.orientation == "RAS"
    assert volume.grid.spacing_mm == pytest.approx((SPACING_MM,) * 3)
    assert labels.volume_ml == pytest.approx(small_phantom.labels.volume_ml, rel=0.02)
    for number in (21, 22, 23):
        old, new = (
            m.grid.to_mm(np.argwhere(m.labels == number).astype(float)).mean(axis=0)
            for m in (small_phantom.labels, labels)
        )
        assert new == pytest.approx(old, abs=0.5)


def test_a_scoliosis_leans_by_forty_degrees_from_the_first_to_the_last_vertebra():
    first, last = lean_deg(scoliosis(*column())[1], 0)
    assert first - last == pytest.approx(40, abs=4)
    assert lean_deg(scoliosis(*column())[1], 1) == pytest.approx((0, 0), abs=4)


def test_a_kyphosis_leans_forward_above_and_backward_below():
    first, last = lean_deg(kyphosis(*column())[1], 1)
    assert (first, last) == pytest.approx((20, -20), abs=3)
    assert lean_deg(kyphosis(*column())[1], 0) == pytest.approx((0, 0), abs=1)


def test_bent_bodies_keep_their_volume():
    straight = column()[1]
    for bend in (scoliosis, kyphosis):
        bent = bend(*column())[1]
        assert bent.present == straight.present
        assert bent.volume_ml == pytest.approx(straight.volume_ml, rel=0.05)


def test_a_fractured_body_is_half_as_high_in_front_and_its_neighbours_are_as_they_were(plain: Perturbed):
    labels, broken = plain[1].labels, fractured(*plain)[1].labels
    for number in (21, 23):
        assert np.array_equal(labels == number, broken == number)
    i, j, _ = np.round(body_centres(plain[1])[22] / SPACING_MM).astype(int)
    before, after = ((m[i] == 22).sum(axis=1) for m in (labels, broken))
    front = np.flatnonzero(before)[-3]
    assert after[front] < 0.75 * before[front]
    assert after[j - 6] > 0.75 * before[j - 6]
    canal = int(np.flatnonzero(before[:j] == 0)[-1])
    assert np.array_equal(before[:canal], after[:canal])  # the arch is not touched


def test_fused_bodies_meet_in_bone_where_a_disc_was(plain: Perturbed):
    centres = body_centres(plain[1])
    middle = tuple(np.round((centres[22] + centres[23]) / 2 / SPACING_MM).astype(int))
    volume, labels = fused(*plain)
    around = tuple(slice(at - 2, at + 3) for at in middle)
    assert (plain[1].labels[middle], labels.labels[middle] in (22, 23)) == (0, True)
    assert volume.hu[around].mean() > plain[0].hu[around].mean() + 50


def test_a_narrow_field_is_as_narrow_as_it_says_and_feet_first_moves_nothing(plain: Perturbed):
    narrow, _ = narrow_field(*plain)
    assert narrow.grid.extent_mm[:2] == pytest.approx((NARROW_MM, NARROW_MM), abs=SPACING_MM)
    stored = feet_first(*plain)[1]
    assert stored.grid.orientation == "LAI"
    for number in (21, 23):
        old, new = (
            m.grid.to_mm(np.argwhere(m.labels == number).astype(float)).mean(axis=0) for m in (plain[1], stored)
        )
        assert new == pytest.approx(old)


def test_a_scan_without_vertebrae_has_none_to_bend(plain: Perturbed):
    nothing = LabelMap(np.zeros_like(plain[1].labels), plain[1].grid, "vertebrae")
    with pytest.raises(InputError):
        coarse(plain[0], nothing)
    one = LabelMap(np.where(plain[1].labels == 22, 22, 0).astype(np.uint8), plain[1].grid, "vertebrae")
    with pytest.raises(InputError, match="fewer than three"):
        fractured(plain[0], one)
