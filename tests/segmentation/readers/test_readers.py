from __future__ import annotations

import gzip
import itertools
import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from segmentation.core.errors import (
    BadGeometry,
    InputError,
    NotAVolume,
    NotHounsfield,
    TooLarge,
    TooSmall,
    UnreadableFile,
    UnsupportedFormat,
)
from segmentation.phantom import Phantom
from segmentation.readers import ReadLimits, inspect, read_label_map, read_volume
from segmentation.writers import write_nifti
from tests.segmentation.conftest import NiftiMaker, ct_values, setting

ORIENTATIONS = [
    "".join(letters) for axes in itertools.permutations(("RL", "AP", "SI")) for letters in itertools.product(*axes)
]


def test_there_are_48_orientations() -> None:
    assert len(set(ORIENTATIONS)) == 48


@pytest.mark.parametrize("code", ORIENTATIONS)
def test_every_orientation_is_read_in_the_file_s_own_axes(nifti: NiftiMaker, code: str) -> None:
    ornt = nib.orientations.axcodes2ornt(code)
    linear = np.zeros((3, 3))
    for column, (axis, sign) in enumerate(ornt):
        linear[int(axis), column] = sign * (1.5 + column)
    affine = nib.affines.from_matvec(linear, (3, -7, 11))
    volume = read_volume(nifti(affine=affine))
    assert volume.grid.orientation == code
    assert volume.grid.spacing_mm == (1.5, 2.5, 3.5)
    assert np.array_equal(volume.hu, ct_values())


@pytest.mark.parametrize("codes", [(0, 0), (0, 2), (1, 0), (1, 3)])
@pytest.mark.parametrize("name", ["ct.nii", "ct.nii.gz"])
def test_the_affine_is_nibabel_s_whichever_form_is_coded(nifti: NiftiMaker, codes: tuple[int, int], name: str) -> None:
    affine = nib.affines.from_matvec(nib.eulerangles.euler2mat(0.2, -0.1, 0.3) * 1.7, (-90.1, 33.3, 5.5))
    path = nifti(affine=affine, codes=codes, name=name)
    assert np.array_equal(read_volume(path).grid.affine, nib.load(path).affine)


@pytest.mark.parametrize("kind", [nib.Nifti1Image, nib.Nifti2Image])
@pytest.mark.parametrize("dtype", [np.int16, np.int32, np.float32, np.float64])
def test_whole_numbers_become_int16_whatever_they_were_stored_as(nifti: NiftiMaker, dtype: Any, kind: Any) -> None:
    volume = read_volume(nifti(ct_values().astype(dtype), kind=kind))
    assert volume.hu.dtype == np.int16
    assert np.array_equal(volume.hu, ct_values())


def test_big_endian_files_are_read(tmp_path: Path) -> None:
    header = nib.Nifti1Header(endianness=">")
    header.set_data_dtype(">i2")
    nib.save(nib.Nifti1Image(ct_values(), np.eye(4) * 2, header), tmp_path / "ct.nii")
    volume = read_volume(tmp_path / "ct.nii")
    assert volume.hu.dtype.isnative
    assert np.array_equal(volume.hu, ct_values())


def test_slope_and_intercept_are_applied(nifti: NiftiMaker) -> None:
    stored = (ct_values() + 1024).astype(np.uint16)

    def scale(header: Any) -> None:
        header["scl_slope"], header["scl_inter"] = 1, -1024

    volume = read_volume(nifti(stored, edit=scale))
    assert volume.hu.dtype == np.int16
    assert np.array_equal(volume.hu, ct_values())


def test_uint8_with_a_slope_is_a_ct(nifti: NiftiMaker) -> None:
    def scale(header: Any) -> None:
        header["scl_slope"], header["scl_inter"] = 10.5, -1000

    stored = np.random.default_rng(1).integers(0, 256, (20, 20, 20)).astype(np.uint8)
    volume = read_volume(nifti(stored, edit=scale))
    assert volume.hu.dtype == np.float32
    assert np.allclose(volume.hu, stored * 10.5 - 1000)


def test_fractions_stay_fractions(nifti: NiftiMaker) -> None:
    values = ct_values().astype(np.float32) + np.float32(0.25)
    volume = read_volume(nifti(values))
    assert volume.hu.dtype == np.float32
    assert np.array_equal(volume.hu, values)


def test_trailing_axes_of_length_one_are_dropped(nifti: NiftiMaker) -> None:
    volume = read_volume(nifti(ct_values()[..., None, None]))
    assert np.array_equal(volume.hu, ct_values())


def test_padding_metal_and_clipped_scans_are_ct(nifti: NiftiMaker) -> None:
    for low, high in ((-3024, 32767), (-2000, 1200), (0, 1800), (-160, 240), (200, 2000)):
        values = np.random.default_rng(2).uniform(low, high, (20, 20, 20)).astype(np.int16)
        values[0, 0, 0], values[0, 0, 1] = low, high
        assert read_volume(nifti(values)).hu.max() == high


def _without_qform(**fields: Any) -> Callable[[Any], None]:
    return setting(qform_code=0, **fields)


def _without_sform(*values: float) -> Callable[[Any], None]:
    def edit(header: Any) -> None:
        header["pixdim"][1:4], header["sform_code"] = values, 0

    return edit


@pytest.mark.parametrize(
    ("error", "words", "edit"),
    [
        (BadGeometry, "spacing of 0 x 2 x 2", _without_sform(0, 2, 2)),
        (BadGeometry, "spacing of 2 x -2 x 2", _without_sform(2, -2, 2)),
        (BadGeometry, "spacing of 2 x 2 x nan", _without_sform(2, 2, np.nan)),
        (BadGeometry, "singular", _without_sform(1e-30, 2, 2)),
        (BadGeometry, "singular", _without_qform(srow_x=(1e-30, 0, 0, 0))),
        (BadGeometry, "would lie 1e+35 m from", setting(srow_x=(2, 0, 0, 1e38))),
        (BadGeometry, "would lie 150 m from", setting(srow_y=(0, 2, 0, -150_000))),
        (BadGeometry, "longer than any patient", setting(xyzt_units=1)),
        (TooSmall, "covers only", setting(xyzt_units=3)),
        (UnreadableFile, "scaling", setting(scl_slope=np.inf, scl_inter=0)),
        (UnreadableFile, "scaling", setting(scl_slope=1, scl_inter=-np.inf)),
        (BadGeometry, "not numbers", _without_qform(srow_x=(np.nan, 0, 0, 0))),
        (BadGeometry, "not numbers", _without_qform(srow_x=(2, 0, 0, np.inf))),
        (BadGeometry, "singular", _without_qform(srow_x=(2, 0, 0, 0), srow_y=(2, 0, 0, 0))),
        (BadGeometry, "singular", _without_qform(srow_x=(0, 0, 0, 0))),
        (BadGeometry, "not a rotation", setting(sform_code=0, quatern_b=1, quatern_c=1)),
        (BadGeometry, "longer than any patient", setting(srow_x=(2000, 0, 0, 0))),
        (TooSmall, "covers only 1.2 x 44 x 40 mm", setting(srow_x=(0.05, 0, 0, 0))),
        (NotAVolume, "RGB", setting(datatype=128, bitpix=24)),
        (NotHounsfield, "complex", setting(datatype=32, bitpix=64)),
        (UnreadableFile, "voxel type (777)", setting(datatype=777)),
        (NotAVolume, "no CT has (1536)", setting(datatype=1536, bitpix=128)),
        (NotAVolume, "2 volumes", setting(dim=(4, 24, 11, 20, 2, 1, 1, 1))),
        (NotAVolume, "single slice", setting(dim=(3, 24, 440, 1, 1, 1, 1, 1))),
        (NotAVolume, "single slice", setting(dim=(2, 24, 22, 1, 1, 1, 1, 1))),
        (UnreadableFile, "impossible size", setting(dim=(3, 24, -22, 20, 1, 1, 1, 1))),
        (UnreadableFile, "0 axes", setting(dim=(0, 24, 22, 20, 1, 1, 1, 1))),
        (UnreadableFile, "promises", setting(dim=(3, 24, 22, 21, 1, 1, 1, 1))),
        (TooLarge, "32000 x 32000 x 32000", setting(dim=(3, 32000, 32000, 32000, 1, 1, 1, 1))),
        (UnreadableFile, "start of the voxels", setting(vox_offset=np.nan)),
        (UnreadableFile, "start of the voxels", setting(vox_offset=8)),
        (UnreadableFile, "scaling", setting(scl_slope=1, scl_inter=np.nan)),
        (UnreadableFile, "not a NIfTI file", setting(magic=b"no!")),
        (UnsupportedFormat, ".hdr/.img pair", setting(magic=b"ni1")),
    ],
)
def test_a_bad_header_is_refused_in_one_sentence(
    nifti: NiftiMaker, error: type[InputError], words: str, edit: Callable[[Any], None]
) -> None:
    path = nifti(edit=edit)
    with pytest.raises(error) as caught:
        read_volume(path)
    message = caught.value.message
    assert words in message
    assert "\n" not in message
    assert message.endswith(".")
    assert [type(p) for p in inspect(path).problems] == [error]


@pytest.mark.parametrize(
    ("words", "values"),
    [
        ("same everywhere", np.full((20, 20, 20), 40, np.int16)),
        ("0 to 1", np.random.default_rng(0).random((20, 20, 20), np.float32)),
        ("8 bits", np.random.default_rng(0).integers(0, 256, (20, 20, 20)).astype(np.uint8)),
        ("8 bits", np.random.default_rng(0).integers(-128, 128, (20, 20, 20)).astype(np.int16)),
        ("label map", np.random.default_rng(0).integers(0, 25, (20, 20, 20)).astype(np.uint8)),
        ("normalised", np.random.default_rng(0).standard_normal((20, 20, 20))),
        ("any CT scanner", np.random.default_rng(0).integers(-9, 65536, (20, 20, 20)).astype(np.int32)),
        ("higher than soft tissue", np.random.default_rng(0).integers(400, 2000, (20, 20, 20)).astype(np.int16)),
        ("not numbers", np.full((20, 20, 20), np.nan, np.float32)),
        ("not numbers", np.where(np.arange(8000).reshape(20, 20, 20) < 7930, np.nan, ct_values((20, 20, 20)))),
        ("not numbers", np.where(ct_values() < -900, np.inf, ct_values()).astype(np.float32)),
    ],
)
def test_values_that_cannot_be_hu_are_refused_with_the_reason(nifti: NiftiMaker, words: str, values: Any) -> None:
    with pytest.raises(NotHounsfield, match=words):
        read_volume(nifti(values))


def test_stored_values_without_their_intercept_are_recognised(nifti: NiftiMaker, small_phantom: Phantom) -> None:
    with pytest.raises(NotHounsfield, match="water lies near 1024"):
        read_volume(nifti((small_phantom.volume.hu + 1024).clip(0).astype(np.uint16)))
    clipped = small_phantom.volume.hu.clip(0)
    assert np.array_equal(read_volume(nifti(clipped)).hu, clipped)


def test_a_few_voxels_that_are_not_numbers_are_read_as_air_and_told(nifti: NiftiMaker) -> None:
    values = ct_values().astype(np.float32)
    values[3, 4, 5], values[3, 4, 6] = np.nan, np.inf
    path = nifti(values)
    volume = read_volume(path)
    assert volume.hu[3, 4, 5] == volume.hu[3, 4, 6] == -1024
    assert volume.hu.dtype == np.int16
    assert "read as air" in inspect(path).notes[0]


def test_values_too_large_for_float32_are_refused(nifti: NiftiMaker) -> None:
    values = ct_values().astype(np.float64)
    values[0, 0, 0] = 1e300
    with pytest.raises(NotHounsfield):
        read_volume(nifti(values))


@pytest.mark.parametrize("keep", [0, 1, 10, 200, 3000, -9, -4, -1])
def test_a_truncated_gzip_is_refused(nifti: NiftiMaker, keep: int) -> None:
    path = nifti(name="ct.nii.gz")
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(UnreadableFile):
        read_volume(path)


@pytest.mark.parametrize("keep", [0, 100, 351, 1000, -1])
def test_a_truncated_file_is_refused(nifti: NiftiMaker, keep: int) -> None:
    path = nifti()
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(UnreadableFile):
        read_volume(path)


def test_a_gzip_with_a_wrong_checksum_or_length_is_refused(nifti: NiftiMaker) -> None:
    good = nifti(name="ct.nii.gz").read_bytes()
    for bad in (good[:-8] + bytes(4) + good[-4:], good[:-4] + struct.pack("<I", 7), good[:2000] + b"\xff" * 40):
        path = nifti(name="ct.nii.gz")
        path.write_bytes(bad)
        with pytest.raises(UnreadableFile, match=r"damaged|truncated"):
            read_volume(path)


@pytest.mark.parametrize("kind", [nib.Nifti1Image, nib.Nifti2Image])
def test_content_decides_over_a_name_that_lies_about_compression(nifti: NiftiMaker, kind: Any) -> None:
    plain = nifti(kind=kind)
    folder = plain.parent
    (folder / "plain.nii.gz").write_bytes(plain.read_bytes())
    (folder / "packed.nii").write_bytes(gzip.compress(plain.read_bytes()))
    for name in ("plain.nii.gz", "packed.nii"):
        assert np.array_equal(read_volume(folder / name).hu, ct_values())
    (folder / "text.nii.gz").write_bytes(b"<html>not found</html>")
    (folder / "twice.nii.gz").write_bytes(gzip.compress(gzip.compress(plain.read_bytes())))
    for name in ("text.nii.gz", "twice.nii.gz"):
        with pytest.raises(UnreadableFile, match="not a NIfTI file"):
            read_volume(folder / name)


def _peak_bytes(action: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        with pytest.raises(InputError):
            action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_promise_that_is_not_kept_costs_no_memory(nifti: NiftiMaker) -> None:
    header = nib.Nifti1Header()
    header.set_data_shape((1000, 1000, 700))
    header.set_data_dtype(np.int16)
    header.set_sform(np.eye(4), 1)
    header["magic"], header["vox_offset"] = b"n+1", 352
    noise = np.random.default_rng(0).bytes(2_000_000)  # enough for 1.4 GB to be possible
    path = nifti().parent / "liar.nii.gz"
    path.write_bytes(gzip.compress(header.binaryblock + bytes(4) + noise, compresslevel=1))
    assert _peak_bytes(lambda: read_volume(path)) < 20e6


def test_a_gzip_bomb_behind_an_honest_header_is_refused(nifti: NiftiMaker) -> None:
    path = nifti(name="bomb.nii.gz")
    honest = gzip.decompress(path.read_bytes())
    path.write_bytes(gzip.compress(honest + bytes(64_000_000), compresslevel=1))
    assert _peak_bytes(lambda: read_volume(path)) < 20e6


def test_limits_are_the_caller_s(nifti: NiftiMaker) -> None:
    with pytest.raises(TooLarge, match="24 x 22 x 20"):
        read_volume(nifti(), ReadLimits(max_voxels=24 * 22 * 20 - 1))
    with pytest.raises(TooLarge):
        read_volume(nifti(), ReadLimits(max_bytes=24 * 22 * 20 * 2 - 1))
    assert read_volume(nifti(), ReadLimits(max_voxels=24 * 22 * 20)).grid.shape == (24, 22, 20)


def test_what_is_not_a_known_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "report.pdf").write_bytes(b"%PDF")
    (tmp_path / "scans").mkdir()
    with pytest.raises(UnsupportedFormat, match=r"report\.pdf"):
        read_volume(tmp_path / "report.pdf")
    with pytest.raises(UnreadableFile, match="no DICOM images here"):
        read_volume(tmp_path / "scans")
    with pytest.raises(UnreadableFile, match="no file"):
        read_volume(tmp_path / "absent.nii")


def test_a_label_map_keeps_its_numbers(nifti: NiftiMaker, small_phantom: Phantom) -> None:
    path = nifti().parent / "vert.nii.gz"
    write_nifti(small_phantom.labels, path)
    labels = read_label_map(path)
    assert labels.kind == "vertebrae"
    assert np.unique(labels.labels).tolist() == [0, 21, 22, 23]
    assert read_label_map(nifti((ct_values() > 0).astype(np.float64))).kind == "spine"
    with pytest.raises(InputError, match="not a label map"):
        read_label_map(nifti())


def test_inspect_tells_all_that_is_wrong(nifti: NiftiMaker) -> None:
    seen = inspect(nifti(np.zeros((24, 22, 3), np.int16)))
    assert [type(p) for p in seen.problems] == [TooSmall, NotHounsfield]
    assert seen.grid is not None
    assert seen.grid.shape == (24, 22, 3)
    good = inspect(nifti(name="ct.nii.gz"))
    assert (good.format, good.stored_type, good.problems) == ("NIfTI-1", "int16", [])
    assert good.hu_range == (-1024, 1499)


@given(st.binary(max_size=700))
def test_random_bytes_are_refused_and_never_crash(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    folder = tmp_path_factory.mktemp("bytes")
    for name in ("a.nii", "a.nii.gz", "a.nrrd", "a.mha"):
        (folder / name).write_bytes(data)
        with pytest.raises(InputError):
            read_volume(folder / name)


@example(123, b"\x04")  # a unit that there is none of
@example(83, b"\xff")  # a spacing of 1.7e38, beside a valid sform
@given(st.integers(0, 347), st.binary(min_size=1, max_size=8))
def test_a_header_with_random_damage_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, place: int, junk: bytes
) -> None:
    path = tmp_path_factory.mktemp("junk") / "ct.nii"
    nib.save(nib.Nifti1Image(ct_values(), np.diag([2.0, 2.0, 2.0, 1.0])), path)
    data = bytearray(path.read_bytes())
    data[place : place + len(junk)] = junk
    path.write_bytes(data)
    assert inspect(path).problems or read_volume(path).hu.shape
