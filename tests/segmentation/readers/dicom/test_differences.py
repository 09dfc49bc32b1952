"""Where SimpleITK and dcm2niix read something else than we do, what it is: the table of docs/dicom.md, measured."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pydicom
import pytest

from segmentation.core.volume import Volume
from segmentation.readers import read_volume
from tests.segmentation.readers.dicom.conftest import Writer, by_position
from tests.segmentation.readers.dicom.other_readers import by_dcm2niix, by_simpleitk, needs_dcm2niix

pytestmark = pytest.mark.usefixtures("inline")
STEP_MM = 2.5


def spacing(affine: np.ndarray) -> float:
    return float(np.linalg.norm(affine[:3, 2]))


def canonical(volume: Volume) -> np.ndarray:
    """Voxels in dcm2niix's order, as nibabel puts both."""
    return np.asarray(nib.as_closest_canonical(nib.Nifti1Image(volume.hu, volume.grid.affine)).dataobj)


def test_padding_stays_a_stored_value_with_simpleitk(written: Writer):
    folder = written(padding=-2000)
    ours, (theirs, affine) = read_volume(folder), by_simpleitk(folder)
    padded = theirs == -2000
    assert padded.sum() == 22 * (36 * 34 - 32 * 30)
    assert np.all(ours.hu[padded] == -1024)
    np.testing.assert_array_equal(ours.hu[~padded], theirs[~padded])
    np.testing.assert_allclose(ours.grid.affine, affine, atol=1e-6)


@needs_dcm2niix
def test_padding_stays_a_stored_value_with_dcm2niix(written: Writer, tmp_path: Path):
    folder = written(padding=-2000)
    ours, (theirs, _) = canonical(read_volume(folder)), by_dcm2niix(folder, tmp_path / "nifti")
    padded = theirs == -2000
    assert np.all(ours[padded] == -1024)
    np.testing.assert_array_equal(ours[~padded], theirs[~padded])


def test_fractions_are_cut_off_by_simpleitk_where_the_first_slice_has_none(written: Writer):
    folder = written(slopes=(1.0, 0.3))
    ours, (theirs, _) = read_volume(folder), by_simpleitk(folder)
    assert theirs.dtype.kind == "i"
    assert 0.5 < np.abs(ours.hu - theirs).max() < 1
    np.testing.assert_array_equal(np.trunc(ours.hu + np.sign(ours.hu) * 1e-3), theirs)


@needs_dcm2niix
def test_fractions_are_kept_by_dcm2niix_as_by_us(written: Writer, tmp_path: Path):
    folder = written(slopes=(1.0, 0.3))
    theirs, _ = by_dcm2niix(folder, tmp_path / "nifti")
    np.testing.assert_allclose(canonical(read_volume(folder)), theirs, atol=1e-3)


def test_a_tilt_is_not_undone_by_simpleitk(written: Writer):
    folder = written(tilt_deg=12.0)
    ours, (theirs, affine) = read_volume(folder), by_simpleitk(folder)
    assert theirs.shape == (36, 34, 22)  # as stored, while ours has grown by the drift
    assert ours.hu.shape == (36, 40, 22)
    # It stacks the slices upright, 2.5 mm apart: the last one lies where it does not lie in the patient.
    header = pydicom.dcmread(by_position(folder)[21]).ImagePositionPatient
    place = np.array([float(x) for x in header]) * (-1, -1, 1)
    last = nib.affines.apply_affine(affine, (0, 0, 21))
    assert np.linalg.norm(last - place) == pytest.approx(2 * STEP_MM * 21 * np.sin(np.radians(6)), abs=0.1)  # 11 mm
    assert ours.grid.to_index(place)[2] == pytest.approx(21, abs=1e-3)
    assert spacing(affine) == pytest.approx(STEP_MM)
    assert ours.grid.spacing_mm[2] == pytest.approx(STEP_MM * np.cos(np.radians(12)))


def test_a_gap_is_spread_over_all_slices_by_simpleitk(written: Writer):
    folder = written(missing=(9,))
    ours, (theirs, affine) = read_volume(folder), by_simpleitk(folder)
    np.testing.assert_array_equal(np.delete(ours.hu, 9, axis=2), theirs)
    assert (spacing(affine), ours.grid.spacing_mm[2]) == (pytest.approx(STEP_MM * 21 / 20), pytest.approx(STEP_MM))


@needs_dcm2niix
def test_a_gap_is_closed_by_dcm2niix(written: Writer, tmp_path: Path):
    folder = written(missing=(9,))
    theirs, affine = by_dcm2niix(folder, tmp_path / "nifti")
    ours = canonical(read_volume(folder))
    np.testing.assert_array_equal(np.delete(ours, 9, axis=2), theirs)
    assert spacing(affine) == pytest.approx(STEP_MM, abs=1e-4)  # all above the gap lies one slice too low
    assert (tmp_path / "nifti" / "x_Eq_1.nii").exists()  # and a second file with slices made up, as ours


def test_unequal_spacing_becomes_its_mean_with_simpleitk(written: Writer):
    folder = written(thinned_from=10)
    ours, (theirs, affine) = read_volume(folder), by_simpleitk(folder)
    assert (theirs.shape[2], ours.hu.shape[2]) == (16, 21)
    assert spacing(affine) == pytest.approx(STEP_MM * 20 / 15)
    np.testing.assert_array_equal(ours.hu[:, :, :11], theirs[:, :, :11])


def test_duplicates_count_as_slices_with_simpleitk(written: Writer):
    folder = written(duplicated=(3, 4))
    ours, (theirs, _) = read_volume(folder), by_simpleitk(folder)
    assert (theirs.shape[2], ours.hu.shape[2]) == (24, 22)


@needs_dcm2niix
def test_thickness_is_spacing_for_dcm2niix_in_an_enhanced_file(written: Writer, tmp_path: Path):
    folder = written(multiframe=True, disorder=False, thickness_mm=5.0)
    theirs, affine = by_dcm2niix(folder, tmp_path / "nifti")
    ours = read_volume(folder)
    np.testing.assert_array_equal(canonical(ours), theirs)
    assert (spacing(affine), ours.grid.spacing_mm[2]) == (pytest.approx(5.0), pytest.approx(STEP_MM))
