"""Odd but valid NRRD and MetaImage files, and detached headers: values, places and notes."""

from __future__ import annotations

import bz2
import gzip
import zlib
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk

from segmentation.core.errors import InputError, UnreadableFile, UnsupportedFormat
from segmentation.core.volume import LabelMap
from segmentation.readers import read_label_map, read_volume
from segmentation.writers import write_nifti
from tests.segmentation.conftest import ct_values, itk_affine

SHAPE = (40, 44, 36)
VALUES = ct_values(SHAPE)
RAW = VALUES.astype("<i2").tobytes(order="F")
AFFINE = np.array([[-0.9, 0, 0, 18], [0, -0.8, 0, 20], [0, 0, 1.5, -30], [0, 0, 0, 1.0]])
NRRD = {"type": "short", "dimension": "3", "sizes": "40 44 36", "endian": "little", "encoding": "raw"}
LPS = {
    "space": "left-posterior-superior",
    "space directions": "(0.9,0,0) (0,0.8,0) (0,0,1.5)",
    "space origin": "(-18,-20,-30)",
}
META = {
    "ObjectType": "Image", "NDims": "3", "BinaryData": "True", "BinaryDataByteOrderMSB": "False",
    "CompressedData": "False", "DimSize": "40 44 36", "ElementType": "MET_SHORT",
}  # fmt: skip
PLACED = {"TransformMatrix": "1 0 0 0 1 0 0 0 1", "Offset": "-18 -20 -30", "ElementSpacing": "0.9 0.8 1.5"}


def nrrd(path: Path, fields: dict[str, str], data: bytes = RAW) -> Path:
    text = "NRRD0005\n" + "".join(f"{key}: {value}\n" for key, value in {**NRRD, **fields}.items()) + "\n"
    path.write_bytes(text.encode() + data)
    return path


def meta(path: Path, fields: dict[str, str], data: bytes = RAW) -> Path:
    every = {**META, **fields}
    every["ElementDataFile"] = every.pop("ElementDataFile", "LOCAL")  # the last line of a header
    path.write_bytes("".join(f"{key} = {value}\n" for key, value in every.items()).encode() + data)
    return path


def codes(path: Path) -> list[str]:
    volume = read_volume(path)
    assert np.array_equal(volume.hu, VALUES)
    return [n.code for n in volume.notes]


def assert_right(path: Path, *notes: str) -> None:
    volume = read_volume(path)
    assert np.array_equal(volume.hu, VALUES)
    assert np.abs(volume.grid.affine - AFFINE).max() < 1e-3
    assert [n.code for n in volume.notes] == list(notes)


TEXT = " ".join(map(str, VALUES.ravel(order="F").tolist())).encode()


@pytest.mark.parametrize(
    ("fields", "data"),
    [
        ({"encoding": "bzip2"}, bz2.compress(RAW)),
        ({"encoding": "bz2", "byte skip": "5"}, bz2.compress(b"12345" + RAW)),
        ({"encoding": "ascii"}, TEXT),
        ({"encoding": "txt"}, TEXT.replace(b" ", b",\n") + b"\n"),
        ({"encoding": "text", "type": "double"}, TEXT),
        ({"encoding": "hex"}, RAW.hex().encode()),
        ({"encoding": "hex", "endian": "big"}, VALUES.astype(">i2").tobytes(order="F").hex("\n", 32).upper().encode()),
        ({"encoding": "gz", "byte skip": "300000"}, gzip.compress(bytes(300000) + RAW)),
        ({"encoding": "gzip", "line skip": "1"}, b"a line\n" + gzip.compress(RAW)),
        ({"byte skip": "-1"}, RAW),
        ({"byte skip": "-1"}, b"not voxels" + RAW),
        ({"byteskip": "7"}, b"1234567" + RAW),
        ({"line skip": "1"}, b"a comment line\n" + RAW),
        ({"lineskip": "2", "byte skip": "3"}, b"one\ntwo\n123" + RAW),
    ],
)
def test_every_encoding_and_skip_of_nrrd_is_read(tmp_path: Path, fields: dict[str, str], data: bytes) -> None:
    assert_right(nrrd(tmp_path / "ct.nrrd", {**LPS, **fields}, data))


def test_an_order_of_bytes_that_is_not_given_is_noted(tmp_path: Path) -> None:
    for fields, data, notes in (({}, RAW, ["no_byte_order"]), ({"encoding": "ascii"}, TEXT, [])):
        path = nrrd(tmp_path / "ct.nrrd", {**LPS, **fields}, data)
        path.write_bytes(path.read_bytes().replace(b"endian: little\n", b""))
        assert_right(path, *notes)


@pytest.mark.parametrize(
    ("sizes", "kinds", "directions"),
    [
        ("1 40 44 36", "list domain domain domain", "none {}"),
        ("40 44 36 1", "space space space list", "{} none"),
        ("1 40 44 36", "vector domain domain domain", "none {}"),
    ],
)
def test_a_list_axis_of_length_one_is_left_out(tmp_path: Path, sizes: str, kinds: str, directions: str) -> None:
    fields = {"dimension": "4", "sizes": sizes, "kinds": kinds}
    assert_right(
        nrrd(
            tmp_path / "ct.nrrd",
            {**LPS, **fields, "space directions": directions.format(LPS["space directions"])},
        )
    )


@pytest.mark.parametrize(
    ("fields", "data"),
    [
        ({"HeaderSize": "-1"}, RAW),
        ({"HeaderSize": "-1"}, b"not voxels" + RAW),
        ({"HeaderSize": "400"}, b""),
        ({"BinaryData": "False"}, TEXT),
        ({"CompressedData": "True"}, zlib.compress(RAW)),
        ({"DistanceUnits": "mm"}, RAW),
    ],
)
def test_every_storage_of_metaimage_is_read(tmp_path: Path, fields: dict[str, str], data: bytes) -> None:
    path = meta(tmp_path / "ct.mha", {**PLACED, **fields}, data)
    if fields == {"HeaderSize": "400"}:
        path.write_bytes(path.read_bytes().ljust(400, b"#") + RAW)
    assert_right(path)


@pytest.mark.parametrize(
    ("fields", "place", "notes"),
    [
        ({"axis mins": "0 0 0", "axis maxs": "180 198 162", "centers": "cell cell cell"}, (4.5, 2.25), ["no_anatomy"]),
        ({"axismins": "0 0 0", "axismaxs": "175.5 193.5 157.5", "centerings": "node node node"}, (4.5, 0),
         ["no_anatomy"]),
        ({"axis mins": "-9 -9 -9", "spacings": "4.5 4.5 4.5"}, (4.5, -6.75), ["no_anatomy"]),
        ({"spacings": "4500 4500 4500", "units": '"um" "µm" "micron"'}, (4.5, 0),
         ["units", "units", "units", "no_anatomy"]),
        ({"spacings": "0.45 0.45 0.45", "units": '"cm" "cm" "cm"'}, (4.5, 0), ["units", "no_anatomy"]),
        ({"spacings": "4.5 4.5 4.5", "units": '"furlong" "" "mm"'}, (4.5, 0), ["unknown_unit", "no_anatomy"]),
        ({"space": "LPS", "space directions": "(0.45,0,0) (0,0.45,0) (0,0,0.45)",
          "space units": '"cm" "cm" "cm"', "space origin": "(1,1,1)"}, (4.5, 10), ["units"]),
        ({"space": "LPS", "space directions": "(.0045,0,0) (0,4.5,0) (0,0,4500)",
          "space units": '"meters" "mm" "µm"', "space origin": "(0.01,10,10000)"}, (4.5, 10), ["units", "units"]),
        ({}, (1, 0), ["no_spacing", "no_anatomy"]),
        ({"spacings": "nan nan nan"}, (1, 0), ["no_spacing", "no_anatomy"]),
        ({"thicknesses": "4.5 4.5 4.5"}, (4.5, 0), ["thickness_as_spacing", "no_anatomy"]),
        ({"space": "LPS", "thicknesses": "4.5 4.5 4.5"}, (4.5, 0), ["thickness_as_spacing"]),
        *[({"space": space, "space directions": "(4.5,0,0) (0,4.5,0) (0,0,4.5)", "space origin": "(3,3,3)"}, (4.5, 3),
           ["no_anatomy"]) for space in ("3D-right-handed", "scanner-xyz", "")],
    ],
)  # fmt: skip
def test_scale_and_side_of_an_nrrd_are_the_file_s_or_noted(
    tmp_path: Path, fields: dict[str, str], place: tuple[float, float], notes: list[str]
) -> None:
    path = nrrd(tmp_path / "ct.nrrd", fields)
    spacing, origin = place
    expected = np.diag([-spacing, -spacing, spacing, 1])
    expected[:3, 3] = (-origin, -origin, origin)
    assert codes(path) == notes
    assert np.abs(read_volume(path).grid.affine - expected).max() < 1e-3


def test_a_left_handed_space_is_not_mirrored(tmp_path: Path) -> None:
    path = nrrd(tmp_path / "ct.nrrd", {**LPS, "space": "3D-left-handed"})
    volume = read_volume(path)
    assert volume.grid.orientation == "LAS"
    assert "LAS was assumed" in volume.notes[0].sentence


@pytest.mark.parametrize("space", ["RAS", "left-anterior-superior", "LPS", "right-anterior-superior", "LAS"])
@pytest.mark.parametrize("degrees", [(0, 0, 0), (10, 20, -30)])
def test_nrrd_lies_where_simpleitk_sees_it(tmp_path: Path, space: str, degrees: tuple[float, float, float]) -> None:
    axes = nib.eulerangles.euler2mat(*np.radians(degrees)) * (0.9, 1.8, 1.5)
    directions = " ".join(f"({','.join(map(repr, map(float, axis)))})" for axis in axes.T)
    path = nrrd(tmp_path / "ct.nrrd", {"space": space, "space directions": directions, "space origin": "(1.5,-20,300)"})
    assert np.abs(read_volume(path).grid.affine - itk_affine(sitk.ReadImage(str(path)))).max() < 1e-6
    assert codes(path) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"TransformMatrix": "0 1 0 0 0 -1 1 0 0", "Offset": "1 2 3"},
        {"Orientation": "0 1 0 1 0 0 0 0 1", "Position": "4 5 6"},
        {"Rotation": "1 0 0 0 -1 0 0 0 -1", "Origin": "-4 5 6"},
    ],
)
def test_metaimage_lies_where_simpleitk_sees_it(tmp_path: Path, fields: dict[str, str]) -> None:
    path = meta(tmp_path / "ct.mha", {"ElementSpacing": "0.9 0.8 1.5", **fields})
    assert np.abs(read_volume(path).grid.affine - itk_affine(sitk.ReadImage(str(path)))).max() < 1e-6
    assert codes(path) == []


@pytest.mark.parametrize(
    ("fields", "spacing", "notes"),
    [
        ({"ElementSpacing": "0.45 0.45 0.45", "DistanceUnits": "cm"}, 4.5, ["no_anatomy", "units"]),
        ({"ElementSpacing": "4500 4500 4500", "DistanceUnits": "um"}, 4.5, ["no_anatomy", "units"]),
        ({"ElementSpacing": "4.5 4.5 4.5", "DistanceUnits": "?"}, 4.5, ["no_anatomy"]),
        ({"TransformMatrix": "1 0 0 0 1 0 0 0 1"}, 1, ["no_spacing"]),
        ({}, 1, ["no_spacing", "no_anatomy"]),
    ],
)
def test_scale_and_side_of_a_metaimage_are_the_file_s_or_noted(
    tmp_path: Path, fields: dict[str, str], spacing: float, notes: list[str]
) -> None:
    path = meta(tmp_path / "ct.mha", fields)
    assert codes(path) == notes
    assert np.abs(read_volume(path).grid.affine - np.diag([-spacing, -spacing, spacing, 1])).max() < 1e-3


@pytest.mark.parametrize(
    ("before", "after", "notes"),
    [
        (b"ElementSpacing = ", b"ElementSpacing: ", []),
        (b"ElementSpacing = ", b"ElementSpacing\t:", []),
        (b"ElementDataFile = ", b"ElementDataFile : ", []),
        (b"ElementSpacing = ", b"Name = a\x1cb\x0bc\nElementSpacing = ", []),
        (b"ElementSpacing = ", b"# of the scanner\nElementSpacing = ", ["header_lines"]),
        (b"ElementSpacing = ", b"CompressedData False\nElementSpacing = ", ["header_lines"]),
        (b"ElementSpacing = ", b"elementspacing = ", ["header_lines"]),
    ],
)
def test_lines_of_a_metaimage_are_read_as_itk_does_or_noted(
    tmp_path: Path, before: bytes, after: bytes, notes: list[str]
) -> None:
    path = meta(tmp_path / "ct.mha", PLACED)
    whole = path.read_bytes()
    assert before in whole
    path.write_bytes(whole.replace(before, after))
    assert_right(path, *notes)
    if not notes:
        assert np.abs(read_volume(path).grid.affine - itk_affine(sitk.ReadImage(str(path)))).max() < 1e-6


@pytest.mark.parametrize("broken", ["(4.5,0,0) (0,4.5,0) (0,0,4", "4.5 4.5 4.5"])
def test_directions_of_an_nrrd_that_are_none_are_refused(tmp_path: Path, broken: str) -> None:
    path = nrrd(tmp_path / "ct.nrrd", {"space": "LPS", "space directions": broken})
    with pytest.raises(UnreadableFile, match="contradicts itself"):
        read_volume(path)


@pytest.mark.parametrize(("slope", "offset", "kind"), [(1, -1024, "USHORT"), (0.5, -1024, "USHORT"), (2, 3, "SHORT")])
def test_the_intensity_function_of_a_metaimage_is_applied(
    tmp_path: Path, slope: float, offset: float, kind: str
) -> None:
    stored = np.random.default_rng(4).integers(0, 4000, SHAPE).astype("<u2")
    fields = {
        "ElementType": f"MET_{kind}",
        "ElementToIntensityFunctionSlope": str(slope),
        "ElementToIntensityFunctionOffset": str(offset),
    }
    volume = read_volume(meta(tmp_path / "ct.mha", {**PLACED, **fields}, stored.tobytes(order="F")))
    assert np.array_equal(volume.hu, stored.astype(float) * slope + offset)
    assert [n.code for n in volume.notes] == ["intensity_function"]


@pytest.mark.parametrize("name", ["ct.nrrd", "ct.mha"])
@pytest.mark.parametrize("packed", [True, False])
def test_a_file_that_a_server_packed_is_read_by_content(tmp_path: Path, name: str, packed: bool) -> None:
    path = tmp_path / name
    image = sitk.GetImageFromArray(VALUES.transpose(2, 1, 0))
    image.SetSpacing((0.9, 0.8, 1.5))
    image.SetOrigin((-18, -20, -30))
    sitk.WriteImage(image, str(path), useCompression=packed)
    path.write_bytes(gzip.compress(path.read_bytes()))
    assert_right(path)
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(UnreadableFile):
        read_volume(path)


def detached(folder: Path, kind: str, data: str) -> Path:
    if kind == "nhdr":
        return nrrd(folder / "ct.nhdr", {**LPS, "data file": data}, b"")
    return meta(folder / "ct.mhd", {**PLACED, "ElementDataFile": data}, b"")


@pytest.mark.parametrize("kind", ["nhdr", "mhd"])
def test_a_detached_header_finds_the_file_in_its_own_folder_alone(tmp_path: Path, kind: str) -> None:
    (tmp_path / "ct.raw").write_bytes(RAW)
    assert_right(detached(tmp_path, kind, "ct.raw"))
    with pytest.raises(UnreadableFile, match=r"keeps its voxels in other\.raw"):
        read_volume(detached(tmp_path, kind, "other.raw"))
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "ct.raw").write_bytes(RAW)
    (tmp_path / "link.raw").symlink_to(tmp_path / "ct.raw")
    for elsewhere in ("sub/ct.raw", "../ct.raw", str(tmp_path / "ct.raw"), "link.raw"):
        with pytest.raises(UnsupportedFormat, match="not followed"):
            read_volume(detached(tmp_path, kind, elsewhere))
    for no_file in ("..", ".", "LIST"):
        with pytest.raises(InputError):
            read_volume(detached(tmp_path, kind, no_file))
    (tmp_path / "ct.raw").write_bytes(RAW[:-1])
    with pytest.raises(UnreadableFile, match="promises"):
        read_volume(detached(tmp_path, kind, "ct.raw"))


@pytest.mark.parametrize("kind", ["nhdr", "mhd"])
def test_only_a_detached_header_s_own_name_may_name_another_file(tmp_path: Path, kind: str) -> None:
    (tmp_path / "ct.raw").write_bytes(RAW)
    path = detached(tmp_path, kind, "ct.raw")
    renamed = path.rename(path.with_suffix({"nhdr": ".nrrd", "mhd": ".mha"}[kind]))
    with pytest.raises(UnsupportedFormat, match="in another file"):
        read_volume(renamed)


@pytest.mark.parametrize("kind", [nib.Nifti1Pair, nib.Nifti2Pair])
def test_a_nifti_pair_is_read_by_either_name(tmp_path: Path, kind: Any) -> None:
    nib.save(kind(VALUES, AFFINE), tmp_path / "ct.img")
    for name in ("ct.hdr", "ct.img"):
        assert_right(tmp_path / name)
    volume = read_volume(tmp_path / "ct.hdr")
    write_nifti(LabelMap((volume.hu > 0).astype(np.uint8), volume.grid, header=volume.header), tmp_path / "mask.nii")
    assert read_label_map(tmp_path / "mask.nii").grid.matches(volume.grid, tolerance_mm=0)
    (tmp_path / "ct.img").unlink()
    with pytest.raises(UnreadableFile, match=r"keeps its voxels in ct\.img"):
        read_volume(tmp_path / "ct.hdr")


def test_analyze_is_refused_because_it_names_no_side(tmp_path: Path) -> None:
    nib.save(nib.AnalyzeImage(VALUES, np.diag([-0.9, 0.8, 1.5, 1])), tmp_path / "ct.img")
    for name in ("ct.hdr", "ct.img"):
        with pytest.raises(UnsupportedFormat, match=r"ANALYZE 7\.5"):
            read_volume(tmp_path / name)


def test_a_bomb_of_text_or_bzip2_costs_no_memory(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="something else than numbers"):
        read_volume(nrrd(tmp_path / "ct.nrrd", {**LPS, "encoding": "ascii"}, b"1 " * 64000 + b"9" * 500_000))
    with pytest.raises(UnreadableFile, match="far more data"):
        read_volume(nrrd(tmp_path / "ct.nrrd", {**LPS, "encoding": "bzip2"}, bz2.compress(RAW + bytes(30_000_000))))
    with pytest.raises(UnreadableFile, match="something else than numbers"):
        read_volume(nrrd(tmp_path / "ct.nrrd", {**LPS, "encoding": "ascii"}, TEXT.replace(b"-", b"-9999", 1)))
