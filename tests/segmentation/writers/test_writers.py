from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given
from hypothesis import strategies as st

from segmentation.core.geometry import Grid
from segmentation.core.volume import LabelMap, Volume
from segmentation.phantom.spec import rotation
from segmentation.readers import read_label_map, read_volume
from segmentation.writers import write_nifti, write_nrrd, write_volume
from tests.segmentation.conftest import NiftiMaker, ct_values, itk_affine


def mask_of(volume: Volume) -> LabelMap:
    return LabelMap((volume.hu > 300).astype(np.uint8), volume.grid, header=volume.header)


GEOMETRY = ["qform_code", "sform_code", "pixdim", "quatern_b", "quatern_c", "quatern_d", "qoffset_x", "qoffset_y",
            "qoffset_z", "srow_x", "srow_y", "srow_z", "xyzt_units"]  # fmt: skip


@pytest.mark.parametrize("kind", [nib.Nifti1Image, nib.Nifti2Image])
@pytest.mark.parametrize("codes", [(0, 0), (0, 4), (1, 0), (1, 1), (2, 3)])
@pytest.mark.parametrize("name", ["mask.nii", "mask.nii.gz"])
def test_geometry_comes_back_to_the_last_bit(nifti: NiftiMaker, codes: tuple[int, int], name: str, kind: Any) -> None:
    affine = nib.affines.from_matvec(rotation((11, -7, 31)) @ np.diag([0.7, 1.1, 3.3]), (1 / 3, -1e3 / 7, 99.9))

    def units(header: Any) -> None:
        header["xyzt_units"] = 10
        header["descrip"] = b"DOE^JANE"

    source = nifti(ct_values((40, 30, 12)), affine=affine, codes=codes, kind=kind, edit=units)
    mask = mask_of(read_volume(source))
    target = source.parent / name
    write_nifti(mask, target)
    before, after = nib.load(source), nib.load(target)
    assert after.affine.tobytes() == before.affine.tobytes()
    assert after.shape == before.shape
    for field in GEOMETRY:
        assert after.header[field].tobytes() == before.header[field].tobytes(), field
    assert after.get_data_dtype() == np.uint8
    assert np.array_equal(np.asarray(after.dataobj), mask.labels)
    assert (after.dataobj.slope, after.dataobj.inter) == (1, 0)
    assert b"DOE" not in after.header.binaryblock
    assert [p.name for p in source.parent.iterdir() if p.suffix == ".part"] == []


@given(
    orientation=st.permutations(range(3)),
    signs=st.tuples(*[st.sampled_from((-1.0, 1.0))] * 3),
    spacing=st.tuples(*[st.floats(1.05, 4.0)] * 3),
    degrees=st.tuples(*[st.floats(-40, 40)] * 3),
    codes=st.sampled_from([(0, 0), (1, 0), (0, 1), (1, 1)]),
)
def test_any_grid_goes_through_reader_and_writer_unchanged(
    tmp_path_factory: pytest.TempPathFactory,
    orientation: list[int],
    signs: tuple[float, ...],
    spacing: tuple[float, ...],
    degrees: tuple[float, float, float],
    codes: tuple[int, int],
) -> None:
    folder = tmp_path_factory.mktemp("grid")
    linear = rotation(degrees) @ np.eye(3)[:, orientation] @ np.diag(np.array(signs) * spacing)
    image = nib.Nifti1Image(ct_values(), nib.affines.from_matvec(linear, (5, -6.1, 7.7)))
    image.set_qform(image.affine, codes[0])
    image.set_sform(image.affine, codes[1])
    nib.save(image, folder / "ct.nii")
    mask = mask_of(read_volume(folder / "ct.nii"))
    write_nifti(mask, folder / "mask.nii")
    assert nib.load(folder / "mask.nii").affine.tobytes() == nib.load(folder / "ct.nii").affine.tobytes()
    again = read_label_map(folder / "mask.nii")
    assert again.grid.matches(mask.grid, tolerance_mm=0)
    assert np.array_equal(again.labels, mask.labels)


def test_a_trailing_axis_of_length_one_gives_a_3d_mask(nifti: NiftiMaker) -> None:
    source = nifti(ct_values()[..., None], codes=(0, 0))
    write_nifti(mask_of(read_volume(source)), source.parent / "mask.nii.gz")
    written = nib.load(source.parent / "mask.nii.gz")
    assert written.shape == (24, 22, 20)
    assert written.affine.tobytes() == nib.load(source).affine.tobytes()


def test_big_endian_headers_stay_big_endian(tmp_path: Path) -> None:
    header = nib.Nifti1Header(endianness=">")
    header.set_data_dtype(">i2")
    nib.save(nib.Nifti1Image(ct_values(), np.diag([2.0, 2.0, 2.0, 1.0]), header), tmp_path / "ct.nii")
    mask = mask_of(read_volume(tmp_path / "ct.nii"))
    write_nifti(mask, tmp_path / "mask.nii")
    written = nib.load(tmp_path / "mask.nii")
    assert written.header.endianness == ">"
    assert np.array_equal(np.asarray(written.dataobj), mask.labels)


@pytest.mark.parametrize("name", ["ct.nrrd", "ct.mha"])
def test_a_mask_of_an_itk_image_lies_where_the_image_lies(tmp_path: Path, name: str) -> None:
    image = sitk.GetImageFromArray(ct_values().transpose(2, 1, 0))
    image.SetSpacing((1.5, 2.0, 2.5))
    image.SetOrigin((-10.0, 20.0, 30.0))
    image.SetDirection(rotation((10, 20, -30)).ravel().tolist())
    sitk.WriteImage(image, str(tmp_path / name))
    mask = mask_of(read_volume(tmp_path / name))
    write_nifti(mask, tmp_path / "mask.nii.gz")
    written = sitk.ReadImage(str(tmp_path / "mask.nii.gz"))
    assert np.allclose(written.GetOrigin(), image.GetOrigin(), atol=1e-4)
    assert np.allclose(written.GetSpacing(), image.GetSpacing(), atol=1e-6)
    assert np.allclose(written.GetDirection(), image.GetDirection(), atol=1e-6)
    header = nib.load(tmp_path / "mask.nii.gz").header
    assert np.allclose(header.get_qform(), header.get_sform(), atol=1e-4)
    assert np.array_equal(header.get_sform(), mask.grid.affine.astype(np.float32))


def test_the_same_mask_gives_the_same_bytes(tmp_path: Path) -> None:
    mask = LabelMap(np.ones((3, 4, 5), np.uint8), Grid((3, 4, 5), np.eye(4)))
    write_nifti(mask, tmp_path / "a.nii.gz")
    write_nifti(mask, tmp_path / "b.nii.gz")
    assert (tmp_path / "a.nii.gz").read_bytes() == (tmp_path / "b.nii.gz").read_bytes()


def test_a_failed_write_leaves_nothing_behind(tmp_path: Path) -> None:
    mask = LabelMap(np.ones((3, 4, 5), np.uint8), Grid((3, 4, 5), np.eye(4)))
    (tmp_path / "mask.nii").mkdir()
    with pytest.raises(OSError):
        write_nifti(mask, tmp_path / "mask.nii")
    assert [p.name for p in tmp_path.iterdir()] == ["mask.nii"]


def test_a_header_of_another_image_is_refused(tmp_path: Path, nifti: NiftiMaker) -> None:
    volume = read_volume(nifti())
    moved = Grid(volume.grid.shape, volume.grid.affine @ nib.affines.from_matvec(np.eye(3), (0.5, 0, 0)))
    for grid in (Grid((3, 4, 5), volume.grid.affine), moved):
        with pytest.raises(ValueError, match="header"):
            write_nifti(LabelMap(np.ones(grid.shape, np.uint8), grid, header=volume.header), tmp_path / "m.nii")


@pytest.mark.parametrize("dtype", [np.int16, np.float32])
def test_a_volume_is_written_in_hu(tmp_path: Path, dtype: Any) -> None:
    values = ct_values().astype(dtype) + (0 if dtype == np.int16 else dtype(0.5))
    write_volume(Volume(values, Grid(values.shape, np.diag([2.0, 2.0, 2.0, 1.0]))), tmp_path / "ct.nii.gz")
    again = read_volume(tmp_path / "ct.nii.gz")
    assert again.hu.dtype == dtype
    assert np.array_equal(again.hu, values)


@pytest.mark.parametrize("degrees", [3, 15, -25])
def test_the_mask_of_a_sheared_grid_never_lies_beside_its_ct(tmp_path: Path, degrees: float) -> None:
    affine = np.diag([-0.9, -0.8, 1.5, 1.0])
    affine[1, 2] = 1.5 * np.tan(np.radians(degrees))
    mask = LabelMap((ct_values() > 300).astype(np.uint8), Grid((24, 22, 20), affine))
    assert mask.grid.is_sheared
    write_nifti(mask, tmp_path / "mask.nii.gz")
    written = nib.load(tmp_path / "mask.nii.gz")
    assert np.abs(written.affine - affine).max() < 1e-3
    assert int(written.header["qform_code"]) == 0
    with pytest.raises(RuntimeError, match="orthonormal"):  # ITK would otherwise leave the shear out without a word
        sitk.ReadImage(str(tmp_path / "mask.nii.gz"))
    write_nrrd(mask, tmp_path / "mask.nrrd")
    image = sitk.ReadImage(str(tmp_path / "mask.nrrd"))
    assert np.abs(itk_affine(image) - affine).max() < 1e-3
    again = read_label_map(tmp_path / "mask.nrrd")
    assert again.grid.matches(mask.grid, tolerance_mm=1e-3)
    assert np.array_equal(again.labels, mask.labels)
    assert [n.code for n in again.notes] == ["sheared"]
    assert abs(float(dict(again.notes[0].values)["degrees"]) - abs(degrees)) < 0.01
