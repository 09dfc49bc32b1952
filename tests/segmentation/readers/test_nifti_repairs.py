"""NIfTI files that leave something open: read with a note, or refused."""

from __future__ import annotations

from typing import Any

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk

from segmentation.core.errors import (
    BadGeometry,
    InputError,
)
from segmentation.core.volume import LabelMap
from segmentation.readers import read_label_map, read_volume
from segmentation.writers import write_nifti
from tests.segmentation.conftest import NiftiMaker, ct_values, itk_affine, pixdim_of, setting

UPRIGHT = np.array([[-0.9, 0, 0, 18], [0, -0.8, 0, 20], [0, 0, 1.5, -30], [0, 0, 0, 1]])


@pytest.mark.parametrize("pixdim", [(-0.9, 0.8, 1.5), (0, 0, 0), (np.nan, 0.8, 1.5), (1e-30, np.inf, 1e30)])
@pytest.mark.parametrize("kind", [nib.Nifti1Image, nib.Nifti2Image])
def test_a_valid_sform_is_enough_and_the_mask_s_header_is_sound(
    nifti: NiftiMaker, pixdim: tuple[float, ...], kind: Any
) -> None:
    path = nifti(ct_values((40, 44, 36)), affine=UPRIGHT, edit=pixdim_of(*pixdim), kind=kind)
    volume = read_volume(path)
    assert np.abs(volume.grid.affine - UPRIGHT).max() < 1e-3
    assert np.allclose(volume.grid.spacing_mm, (0.9, 0.8, 1.5), atol=1e-6)
    assert np.array_equal(volume.hu, ct_values((40, 44, 36)))
    write_nifti(LabelMap((volume.hu > 0).astype(np.uint8), volume.grid, header=volume.header), path)
    written = nib.load(path)
    assert np.abs(written.affine - UPRIGHT).max() < 1e-3
    assert np.allclose(written.header["pixdim"][1:4], (0.9, 0.8, 1.5))
    if kind is nib.Nifti1Image:  # SimpleITK does not know NIfTI-2 in one file
        assert np.allclose(itk_affine(sitk.ReadImage(str(path))), UPRIGHT, atol=1e-3)


@pytest.mark.parametrize("spoilt", [
    {"srow_x": 0, "srow_y": 0, "srow_z": 0}, {"srow_x": (0, 0, 0, 18)}, {"srow_y": (-0.9, 0, 0, 18)},
    {"srow_x": (np.nan, 0, 0, 0)}, {"srow_z": (0, 0, 1.5, np.inf)}, {"srow_x": (1e-30, 0, 0, 0)},
])  # fmt: skip
@pytest.mark.parametrize("kind", [nib.Nifti1Image, nib.Nifti2Image])
def test_a_qform_is_enough_where_the_sform_places_nothing(nifti: NiftiMaker, spoilt: dict[str, Any], kind: Any) -> None:
    edit = setting(**{**spoilt, "sform_code": 2})
    path = nifti(ct_values((40, 44, 36)), affine=UPRIGHT, edit=edit, kind=kind)
    volume = read_volume(path)
    assert np.abs(volume.grid.affine - UPRIGHT).max() < 1e-3
    assert [n.code for n in volume.notes] == ["sform_unusable"]
    assert_mask_lies(volume, path)


@pytest.mark.parametrize("spoilt", [
    {"quatern_b": 1, "quatern_c": 1}, {"quatern_d": np.nan}, {"qoffset_x": np.inf},
])  # fmt: skip
@pytest.mark.parametrize("kind", [nib.Nifti1Image, nib.Nifti2Image])
def test_a_sform_is_enough_where_the_qform_places_nothing(nifti: NiftiMaker, spoilt: dict[str, Any], kind: Any) -> None:
    edit = setting(**{**spoilt, "sform_code": 2})
    path = nifti(ct_values((40, 44, 36)), affine=UPRIGHT, edit=edit, kind=kind)
    volume = read_volume(path)
    assert np.abs(volume.grid.affine - UPRIGHT).max() < 1e-3
    assert volume.notes == ()
    assert_mask_lies(volume, path)


def assert_mask_lies(volume: Any, path: Any) -> None:
    """A mask under the header of its CT lies on it in nibabel and, of NIfTI-1, in SimpleITK."""
    version_2 = isinstance(volume.header, nib.Nifti2Header)
    write_nifti(LabelMap((volume.hu > 0).astype(np.uint8), volume.grid, header=volume.header), path)
    written = nib.load(path)
    assert np.abs(written.affine - UPRIGHT).max() < 1e-3
    if not version_2:
        assert np.allclose(itk_affine(sitk.ReadImage(str(path))), UPRIGHT, atol=1e-3)


@pytest.mark.parametrize(("moved", "noted"), [(0.3, []), (7.5, ["forms_differ"])])
def test_two_forms_that_differ_are_noted_and_a_mask_keeps_both(
    nifti: NiftiMaker, moved: float, noted: list[str]
) -> None:
    elsewhere = UPRIGHT[:3, 3] + (0, 0, moved)
    path = nifti(ct_values((40, 44, 36)), affine=UPRIGHT, edit=setting(qoffset_z=elsewhere[2], sform_code=2))
    volume = read_volume(path)
    assert np.abs(volume.grid.affine - UPRIGHT).max() < 1e-3
    assert [n.code for n in volume.notes] == noted
    assert not noted or "by up to 7.5 mm" in volume.notes[0].sentence
    there = itk_affine(sitk.ReadImage(str(path)))  # by the qform, as its code is the lower one
    write_nifti(LabelMap((volume.hu > 0).astype(np.uint8), volume.grid, header=volume.header), path)
    assert np.allclose(itk_affine(sitk.ReadImage(str(path))), there, atol=1e-3)
    assert np.abs(nib.load(path).affine - UPRIGHT).max() < 1e-3


def test_an_unknown_sform_code_with_a_negative_pixdim_is_refused(nifti: NiftiMaker) -> None:
    path = nifti(edit=lambda header: (pixdim_of(-2, 2, 2)(header), setting(sform_code=7)(header)))
    with pytest.raises(BadGeometry, match="spacing of -2 x 2 x 2"):
        read_volume(path)


@pytest.mark.parametrize("pixdim", [(2.0, 2.0, 2.0), (0.9, 1.1, 3.0)])
@pytest.mark.parametrize("kind", [nib.Nifti1Image, nib.Nifti2Image])
def test_a_file_without_orientation_is_read_with_a_note(
    nifti: NiftiMaker, pixdim: tuple[float, ...], kind: Any
) -> None:
    path = nifti(ct_values((30, 30, 30)), affine=np.diag([*pixdim, 1.0]), codes=(0, 0), kind=kind)
    volume = read_volume(path)
    assert np.array_equal(volume.grid.affine, nib.load(path).affine)
    assert np.allclose(volume.grid.spacing_mm, pixdim)
    assert [n.code for n in volume.notes] == ["no_orientation"]
    assert "LAS was assumed" in volume.notes[0].sentence
    assert not read_volume(nifti(codes=(0, 1))).notes


@pytest.mark.parametrize(("unit", "factor"), [(1, 1e-3), (3, 1e3)])
@pytest.mark.parametrize("codes", [(1, 1), (1, 0), (0, 1), (0, 0)])
def test_other_units_than_mm_are_converted_and_noted(
    nifti: NiftiMaker, unit: int, factor: float, codes: tuple[int, int]
) -> None:
    affine = np.diag([0.9 * factor, 0.8 * factor, 1.5 * factor, 1])
    affine[:3, 3] = np.array([-18, -20, 30]) * factor
    path = nifti(ct_values((40, 44, 36)), affine=affine, codes=codes, edit=setting(xyzt_units=unit | 8))
    volume = read_volume(path)
    assert np.allclose(volume.grid.spacing_mm, (0.9, 0.8, 1.5), atol=1e-6)
    if codes != (0, 0):
        assert np.allclose(volume.grid.affine[:3, 3], (-18, -20, 30), atol=1e-3)
        assert np.allclose(volume.grid.affine, itk_affine(sitk.ReadImage(str(path))), atol=1e-3)
    assert volume.notes[0].code == "units"
    mask = path.parent / "mask.nii"
    write_nifti(LabelMap((volume.hu > 0).astype(np.uint8), volume.grid, header=volume.header), mask)
    assert read_label_map(mask).grid.matches(volume.grid, tolerance_mm=0)
    assert np.array_equal(nib.load(mask).affine, nib.load(path).affine)


@pytest.mark.parametrize(("share", "slices"), [("5", 1), ("45", 9), ("95", 19)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_nan_outside_the_body_is_air_with_a_note(nifti: NiftiMaker, share: str, slices: int, dtype: Any) -> None:
    values = ct_values().astype(dtype)
    values[:, :, :slices] = np.nan
    volume = read_volume(nifti(values))
    assert volume.hu.dtype == np.int16
    assert (volume.hu[:, :, :slices] == -1024).all()
    assert np.array_equal(volume.hu[:, :, slices:], ct_values()[:, :, slices:])
    assert [(n.code, n.values) for n in volume.notes] == [("not_numbers", (("percent", share),))]


@pytest.mark.parametrize(("kept", "slope"), [(np.uint8, 24 / 255), (np.int16, 0.1), (np.uint8, 0.5)])
def test_rescaled_label_maps_are_label_maps(nifti: NiftiMaker, kept: Any, slope: float) -> None:
    truth = np.random.default_rng(3).integers(0, 25, (24, 22, 20)).astype(np.uint8)
    stored = np.rint(truth / slope).astype(kept)
    labels = read_label_map(nifti(stored, edit=setting(scl_slope=slope, scl_inter=0)))
    assert np.array_equal(labels.labels, truth)
    assert [n.code for n in labels.notes] == (["labels_rounded"] if slope == 24 / 255 else [])


@pytest.mark.parametrize("most", [26, 27, 28, 60, 127])
def test_labels_saved_under_the_header_of_bytes_come_back_whatever_the_largest_is(nifti: NiftiMaker, most: int) -> None:
    """As by nibabel of ``get_fdata`` under the same header: the bytes are spread over 0 to the largest label."""
    truth = np.random.default_rng(3).integers(0, most + 1, (24, 22, 20)).astype(np.uint8)
    stored = np.rint(truth / (most / 255)).astype(np.uint8)
    labels = read_label_map(nifti(stored, edit=setting(scl_slope=most / 255, scl_inter=0)))
    assert np.array_equal(labels.labels, truth)


def test_a_grey_picture_of_coarse_steps_is_no_label_map(nifti: NiftiMaker) -> None:
    stored = np.random.default_rng(3).integers(0, 255, (24, 22, 20)).astype(np.uint8)
    for slope in (0.5, 0.3, 1 / 255):
        with pytest.raises(InputError, match="not a label map"):
            read_label_map(nifti(stored, edit=setting(scl_slope=slope, scl_inter=0)))


def test_nan_around_labels_is_background_with_a_note(nifti: NiftiMaker) -> None:
    truth = np.random.default_rng(3).integers(0, 5, (24, 22, 20)).astype(np.float32)
    truth[:, :, :10] = np.nan
    labels = read_label_map(nifti(truth))
    assert np.array_equal(labels.labels, np.nan_to_num(truth))
    assert [(n.code, n.values) for n in labels.notes] == [("labels_not_numbers", (("percent", "50"),))]
    truth[0, 0, 19] = np.inf
    with pytest.raises(InputError, match="not a label map"):
        read_label_map(nifti(truth))


@pytest.mark.parametrize(("offset", "is_map"), [(0.04, True), (-0.04, True), (0.06, False)])
def test_labels_as_fractions_are_rounded_within_five_hundredths(nifti: NiftiMaker, offset: float, is_map: bool) -> None:
    truth = np.random.default_rng(3).integers(0, 3, (24, 22, 20))
    path = nifti((truth + offset).astype(np.float32))
    if is_map:
        assert np.array_equal(read_label_map(path).labels, truth)
        assert read_label_map(path).kind == "vertebrae"
    else:
        with pytest.raises(InputError, match="not a label map"):
            read_label_map(path)
