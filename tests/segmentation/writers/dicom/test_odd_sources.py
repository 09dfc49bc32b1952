"""Results of series that exporters made odd: character sets, spacing tags, several forms of one name."""

from __future__ import annotations

import re
from pathlib import Path

import highdicom as hd
import numpy as np
import pydicom
import pytest
from pydicom.charset import convert_encodings
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import RawDataElement
from pydicom.tag import Tag
from pydicom.valuerep import PersonName

from segmentation.core.geometry import Grid
from segmentation.core.volume import LabelMap, Volume
from segmentation.phantom.dicom import DicomSpec, write_dicom
from segmentation.readers.dicom.deidentify import deidentify
from segmentation.report.objects import write_encapsulated_pdf
from segmentation.writers.dicom import Maker, read_sources, write_capture, write_dicom_seg, write_rtstruct
from tests.dicom_judges import read_with_dcmqi

CHINESE = ["", "ISO 2022 IR 58"]
SHAPE = (40, 36, 24)


@pytest.fixture
def volume() -> Volume:
    hu = np.full(SHAPE, -1000, np.int16)
    hu[10:25, 8:20, 5:18] = 400
    affine = np.diag([-1.0, -1.0, 1.5, 1.0])
    return Volume(hu, Grid(SHAPE, affine))


def series(volume: Volume, folder: Path, change: dict[str, object]) -> list[Path]:
    paths = write_dicom(volume, folder, DicomSpec(disorder=False))
    for path in paths:
        dataset = pydicom.dcmread(path)
        for name, value in change.items():
            setattr(dataset, name, value)
        if change.get("SpecificCharacterSet") == CHINESE:
            dataset.PatientName = in_gb_2312(str(change["PatientName"]))
        dataset.save_as(path)
    return paths


def in_gb_2312(name: str) -> PersonName:
    """Encode a name as PS3.5 K.2 does, with an escape before the Chinese of each component; pydicom writes none."""
    parts = [re.sub(r"[^ -~]+", lambda found: f"\x1b$)A{found[0]}", part) for part in re.split(r"([=^])", name)]
    return PersonName("".join(parts).encode("gb2312"), convert_encodings(CHINESE))


def mask_of(volume: Volume) -> LabelMap:
    return LabelMap((volume.hu > 0).astype(np.uint8), volume.grid)


@pytest.mark.parametrize(
    ("character_set", "name"),
    [
        (CHINESE, "Wang^XiaoDong=王^小东"),
        (["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎=やまだ^たろう"),
        (["", "ISO 2022 IR 149"], "Hong^Gildong=洪^吉洞=홍^길동"),
        (["", "ISO 2022 IR 13", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎"),
        ("GB18030", "Wang^XiaoDong=王^小东"),
        ("ISO_IR 100", "Döe^Jürgen"),
        ("ISO_IR 144", "Люкceмбypг"),
        (None, "Doe^John"),
    ],
)
def test_names_of_every_character_set_are_written_in_utf_8(
    volume: Volume, tmp_path: Path, character_set: object, name: str
):
    change = {"SpecificCharacterSet": character_set, "PatientName": name, "StudyDescription": "CT"}
    paths = series(volume, tmp_path / "series", change)
    sources = read_sources(paths)
    write_dicom_seg(mask_of(volume), sources, tmp_path / "seg.dcm", Maker("1", "m-1"))
    write_rtstruct(mask_of(volume), sources, tmp_path / "rt.dcm", Maker("1", "m-1"))
    from PIL import Image

    write_capture({"a": Image.new("RGB", (8, 8))}, sources, tmp_path / "sc.dcm", Maker("1", "m-1"))
    for result in ("seg.dcm", "rt.dcm", "sc.dcm"):
        dataset = pydicom.dcmread(tmp_path / result)
        assert dataset.SpecificCharacterSet == "ISO_IR 192"
        assert str(dataset.PatientName) == name
        assert name.encode("utf-8") in (tmp_path / result).read_bytes()


@pytest.mark.parametrize("character_set", [CHINESE, "GB18030", "ISO_IR 192"])
def test_a_pseudonym_is_the_same_persons_in_every_character_set(volume: Volume, tmp_path: Path, character_set: object):
    def pseudonym(folder: str, of: object, name: str) -> str:
        change = {"SpecificCharacterSet": of, "PatientName": name, "PatientID": "17"}
        dataset = pydicom.dcmread(series(volume, tmp_path / folder, change)[0])
        deidentify(dataset, b"s" * 32)
        return str(dataset.PatientName)

    other = pseudonym("other", "ISO_IR 192", "Wang^XiaoDong=王^小东")
    assert pseudonym("one", character_set, "Wang^XiaoDong=王^小东^^") == other
    assert pseudonym("two", character_set, "Wang^XiaoMing=王^小明") != other


@pytest.mark.parametrize(("tag_mm", "thickness_mm"), [("2.0", "5"), ("0.5", "0.5"), ("-1.5", "1.5"), ("0", "")])
def test_spacing_written_comes_from_positions(volume: Volume, tmp_path: Path, tag_mm: str, thickness_mm: str):
    paths = series(volume, tmp_path / "series", {"SpacingBetweenSlices": tag_mm, "SliceThickness": thickness_mm})
    mask = mask_of(volume)
    write_dicom_seg(mask, read_sources(paths), tmp_path / "seg.dcm", Maker("1", "m-1"))
    written = pydicom.dcmread(tmp_path / "seg.dcm")
    measures = written.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    assert float(measures.SpacingBetweenSlices) == pytest.approx(1.5, abs=1e-3)
    back = hd.seg.segread(tmp_path / "seg.dcm").get_volume(combine_segments=True)
    assert back.spacing[0] == pytest.approx(1.5, abs=1e-3)
    assert back.array.sum() == mask.labels.sum()
    [(_, image)] = read_with_dcmqi(tmp_path / "seg.dcm", tmp_path)
    assert image.GetSpacing() == pytest.approx((1.0, 1.0, 1.5), abs=1e-3)
    import SimpleITK as sitk

    assert np.count_nonzero(sitk.GetArrayFromImage(image)) == mask.labels.sum()


ODD_VALUES = {
    "PatientSex": {"Male": "M", "f": "F", "W": ""},
    "PatientBirthDate": {"1950-01-31": "19500131", "31.01.1950": ""},
    "StudyDate": {"unknown": "", "20241301": ""},
    "StudyTime": {"12:30:15.5": "123015.5", "256199": "", "12": "12"},
    "SpacingBetweenSlices": {"abc": None},
    "SliceThickness": {"thin": None},
}


@pytest.mark.parametrize(
    ("attribute", "given", "written"),
    [(name, given, written) for name, cases in ODD_VALUES.items() for given, written in cases.items()],
)
def test_results_are_written_whatever_a_header_has_for_a_date_a_time_or_a_number(
    tmp_path: Path, attribute: str, given: str, written: str | None
):
    grid = Grid((20, 18, 8), np.diag([-1.0, -1.0, 1.5, 1.0]))
    labels = np.zeros(grid.shape, np.uint8)
    labels[4:12, 5:9, 2:6] = 1
    paths = write_dicom(Volume(np.zeros(grid.shape, np.int16), grid), tmp_path / "series", DicomSpec(disorder=False))
    for path in paths:
        dataset = pydicom.dcmread(path)
        dataset.pop(attribute, None)
        value = given.encode() + b" " * (len(given) % 2)
        dataset[attribute] = RawDataElement(
            Tag(attribute), dictionary_VR(attribute), len(value), value, 0, is_implicit_VR=False, is_little_endian=True
        )
        dataset.save_as(path)
    sources = read_sources(paths)
    write_dicom_seg(LabelMap(labels, grid), sources, tmp_path / "seg.dcm", Maker("1", "m-1"))
    write_rtstruct(LabelMap(labels, grid), sources, tmp_path / "rt.dcm", Maker("1", "m-1"))
    write_encapsulated_pdf(b"%PDF-1.4", sources, tmp_path / "pdf.dcm", Maker("1", "m-1"), "title")
    segmentation = pydicom.dcmread(tmp_path / "seg.dcm")
    assert segmentation.pixel_array.sum() == labels.sum()
    if written is not None:
        for name in ("seg.dcm", "rt.dcm", "pdf.dcm"):
            assert str(pydicom.dcmread(tmp_path / name)[attribute].value or "") == written
    else:
        measures = segmentation.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
        assert float(measures.SpacingBetweenSlices) == pytest.approx(1.5, abs=1e-3)
