from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given
from hypothesis import strategies as st

from segmentation.core.errors import (
    BadGeometry,
    InputError,
    NotAVolume,
    TooLarge,
    TooSmall,
    UnreadableFile,
    UnsupportedFormat,
)
from segmentation.readers import inspect, read_volume
from tests.segmentation.conftest import ct_values


def _itk_image(array: Any) -> sitk.Image:
    image = sitk.GetImageFromArray(array.transpose(2, 1, 0))
    image.SetSpacing((1.5, 2.0, 2.5))
    image.SetOrigin((-10.0, 20.0, 30.0))
    image.SetDirection(nib.eulerangles.euler2mat(0.1, 0.2, -0.3).ravel().tolist())
    return image


@pytest.mark.parametrize("name", ["ct.nrrd", "ct.mha"])
@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("dtype", [np.int16, np.int32, np.float32, np.float64])
def test_nrrd_and_mha_agree_with_simpleitk(tmp_path: Path, name: str, packed: bool, dtype: Any) -> None:
    image = _itk_image(ct_values().astype(dtype))
    sitk.WriteImage(image, str(tmp_path / name), useCompression=packed)
    volume = read_volume(tmp_path / name)
    assert np.array_equal(volume.hu, ct_values())
    assert volume.header is None
    point = image.TransformIndexToPhysicalPoint((3, 5, 7))
    assert np.allclose(volume.grid.to_mm(np.array([3, 5, 7])), np.array(point) * (-1, -1, 1))


@pytest.mark.parametrize("name", ["ct.nrrd", "ct.mha"])
def test_itk_images_with_a_trailing_axis_of_length_one_are_volumes(tmp_path: Path, name: str) -> None:
    sitk.WriteImage(sitk.JoinSeries(_itk_image(ct_values())), str(tmp_path / name))
    volume = read_volume(tmp_path / name)
    assert np.array_equal(volume.hu, ct_values())
    assert np.allclose(volume.grid.spacing_mm, (1.5, 2.0, 2.5))
    sitk.WriteImage(sitk.JoinSeries([_itk_image(ct_values())] * 2), str(tmp_path / name))
    with pytest.raises(NotAVolume, match="2 volumes"):
        read_volume(tmp_path / name)


def test_an_nrrd_in_ras_is_not_mirrored(tmp_path: Path) -> None:
    text = (
        "NRRD0004\ntype: short\ndimension: 3\nspace: right-anterior-superior\nsizes: 24 22 20\n"
        "space directions: (2,0,0) (0,2,0) (0,0,2)\nkinds: domain domain domain\nendian: big\nencoding: raw\n"
        "space origin: (1,2,3)\n\n"
    )
    (tmp_path / "ct.nrrd").write_bytes(text.encode() + ct_values().astype(">i2").tobytes(order="F"))
    volume = read_volume(tmp_path / "ct.nrrd")
    assert volume.grid.orientation == "RAS"
    assert volume.grid.to_mm(np.zeros(3)).tolist() == [1, 2, 3]
    assert np.array_equal(volume.hu, ct_values())


_NRRD = {
    "type": "short", "dimension": "3", "space": "left-posterior-superior", "sizes": "24 22 20",
    "space directions": "(2,0,0) (0,2,0) (0,0,2)", "endian": "little", "encoding": "raw",
    "space origin": "(0,0,0)",
}  # fmt: skip


@pytest.mark.parametrize(
    ("error", "field", "value"),
    [
        (UnsupportedFormat, "data file", "/etc/passwd"),
        (UnreadableFile, "sizes", "1e200 1e200 1e200"),
        (BadGeometry, "space directions", "(1e200,0,0) (0,1e200,0) (0,0,1e200)"),
        (UnsupportedFormat, "byte skip", "-2"),
        (UnsupportedFormat, "byte skip", "1 2"),
        (UnsupportedFormat, "line skip", "-1"),
        (UnreadableFile, "byte skip", "7"),
        (UnsupportedFormat, "encoding", "base64"),
        (UnreadableFile, "encoding", "hex"),
        (UnreadableFile, "encoding", "ascii"),
        (UnreadableFile, "encoding", "bzip2"),
        (UnreadableFile, "space directions", "(2,0) (0,2) (0,0)"),
        (UnreadableFile, "space directions", "(2,0,0) (0,2,0)"),
        (UnreadableFile, "space units", '"mm" "mm"'),
        (BadGeometry, "space origin", "(1e38,0,0)"),
        (BadGeometry, "space directions", "(1e-30,0,0) (0,2,0) (0,0,2)"),
        (BadGeometry, "space units", '"m" "m" "m"'),
        (NotAVolume, "kinds", "RGB-color domain domain"),
        (NotAVolume, "sizes", "24 22 1"),
        (UnreadableFile, "sizes", "24 22 21"),
        (UnreadableFile, "sizes", "24 x 20"),
        (UnreadableFile, "sizes", "nan 22 20"),
        (UnreadableFile, "sizes", "24.5 22 20"),
        (UnreadableFile, "dimension", "4"),
        (TooLarge, "sizes", "24000 22000 20000"),
        (UnreadableFile, "type", "block"),
        (BadGeometry, "space directions", "(nan,0,0) (0,2,0) (0,0,2)"),
        (BadGeometry, "space directions", "(0,0,0) (0,2,0) (0,0,2)"),
        (BadGeometry, "space directions", "(2,0,0) (2,0,0) (0,0,2)"),
        (TooSmall, "space directions", "(0.2,0,0) (0,2,0) (0,0,2)"),
    ],
)
def test_a_bad_nrrd_is_refused(tmp_path: Path, error: type[InputError], field: str, value: str) -> None:
    fields = {**_NRRD, field: value}
    text = "NRRD0004\n" + "".join(f"{key}: {what}\n" for key, what in fields.items()) + "\n"
    (tmp_path / "ct.nrrd").write_bytes(text.encode() + ct_values().tobytes(order="F"))
    with pytest.raises(error):
        read_volume(tmp_path / "ct.nrrd")


_META = {
    "ObjectType": "Image", "NDims": "3", "BinaryData": "True", "BinaryDataByteOrderMSB": "False",
    "CompressedData": "False", "TransformMatrix": "1 0 0 0 1 0 0 0 1", "Offset": "0 0 0",
    "ElementSpacing": "2 2 2", "DimSize": "24 22 20", "ElementType": "MET_SHORT", "ElementDataFile": "LOCAL",
}  # fmt: skip


@pytest.mark.parametrize(
    ("error", "field", "value"),
    [
        (UnsupportedFormat, "ElementDataFile", "/etc/passwd"),
        (UnreadableFile, "BinaryData", "False"),
        (BadGeometry, "ElementSpacing", "1e200 1e200 1e200"),
        (UnsupportedFormat, "HeaderSize", "3"),
        (UnreadableFile, "HeaderSize", "400"),
        (UnreadableFile, "NDims", "4"),
        (UnreadableFile, "ElementToIntensityFunctionSlope", "inf"),
        (BadGeometry, "Offset", "0 1e38 0"),
        (BadGeometry, "DistanceUnits", "m"),
        (NotAVolume, "DimSize", "24 440 1"),
        (UnreadableFile, "DimSize", "24 22 21"),
        (TooLarge, "DimSize", "24000 22000 20000"),
        (UnreadableFile, "ElementType", "MET_SHORT_ARRAY"),
        (UnreadableFile, "CompressedData", "True"),
        (BadGeometry, "ElementSpacing", "2 -2 2"),
        (BadGeometry, "ElementSpacing", "2 0 2"),
        (BadGeometry, "TransformMatrix", "1 0 0 1 0 0 0 0 1"),
        (BadGeometry, "TransformMatrix", "1 0 0 0 nan 0 0 0 1"),
    ],
)
def test_a_bad_mha_is_refused(tmp_path: Path, error: type[InputError], field: str, value: str) -> None:
    fields = {**_META, field: value}
    fields["ElementDataFile"] = fields.pop("ElementDataFile")  # the last line of a header
    text = "".join(f"{key} = {what}\n" for key, what in fields.items())
    (tmp_path / "ct.mha").write_bytes(text.encode() + ct_values().tobytes(order="F"))
    with pytest.raises(error):
        read_volume(tmp_path / "ct.mha")


@pytest.mark.parametrize("name", ["ct.nrrd", "ct.mha"])
def test_colour_and_cut_nrrd_and_mha_are_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    sitk.WriteImage(sitk.GetImageFromArray(np.zeros((20, 20, 20, 3), np.uint8), isVector=True), str(path))
    with pytest.raises(NotAVolume):
        read_volume(path)
    sitk.WriteImage(_itk_image(ct_values()), str(path), useCompression=True)
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(UnreadableFile, match="truncated"):
        read_volume(path)
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(UnreadableFile):
        read_volume(path)


@given(data=st.data(), name=st.sampled_from(["ct.nrrd", "ct.mha"]), junk=st.binary(min_size=1, max_size=6))
def test_itk_headers_with_random_damage_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, name: str, junk: bytes
) -> None:
    path = tmp_path_factory.mktemp("junk") / name
    sitk.WriteImage(_itk_image(ct_values()), str(path), useCompression=False)
    whole = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(whole) - 24 * 22 * 20 * 2))
    whole[place : place + len(junk)] = junk
    path.write_bytes(whole)
    assert inspect(path).problems or read_volume(path).hu.shape
