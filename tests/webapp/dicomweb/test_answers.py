"""Answers of archives, good and bad, as plain values."""

from __future__ import annotations

from typing import Any

import pytest

from webapp.dicomweb.answers import found_series, found_study


def answer(**elements: Any) -> dict[str, Any]:
    """DICOM JSON of ``t00100010=[...]`` and so on."""
    return {tag.removeprefix("t"): {"vr": "LO", "Value": value} for tag, value in elements.items()}


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ([{"Alphabetic": "Doe^Jane"}], "Doe Jane"),
        ([{"Alphabetic": "Wang^Xiaodong", "Ideographic": "王^小东"}], "王 小东 (Wang Xiaodong)"),
        ([{"Alphabetic": "Wang^Xiaodong", "Ideographic": "^"}], "Wang Xiaodong"),
        ([{"Ideographic": "王^小东"}], "王 小东"),
        (["Doe^Jane"], "Doe Jane"),
        ([], ""),
        ([None], ""),
        ([{"Alphabetic": "A\u202eB\x00^C"}], "AB C"),
    ],
)
def test_names_as_people_write_them(name: list[Any], shown: str):
    study = found_study(answer(t0020000D=["1.2.3"], t00100010=name))
    assert study is not None
    assert study.patient_name == shown


@pytest.mark.parametrize(
    ("number", "read"),
    [("12", 12), (12, 12), ("-3", -3), ("", None), ("1.5", None), ("9" * 10, None), ("9" * 120, None), ("٣", None)],
)
def test_numbers_lie_within_what_dicom_allows(number: object, read: int | None):
    series = found_series(answer(t0020000E=["1.2"], t00200011=[number]))
    assert series is not None
    assert series.number == read


@pytest.mark.parametrize("uid", ["", "1.2/../3", "x", "1" * 65, None])
def test_what_has_no_harmless_uid_is_left_out(uid: str | None):
    assert found_study(answer(t0020000D=[uid])) is None
    assert found_series(answer(t0020000E=[uid])) is None


def test_missing_and_odd_elements_are_empty():
    study = found_study(
        {"0020000D": {"vr": "UI", "Value": ["1.2"]}, "00100020": "odd", "00201208": {"Value": ["many"]}}
    )
    assert study is not None
    assert (study.patient_id, study.images, study.modalities, study.date) == ("", None, (), "")


def test_a_series_tells_its_number_and_size():
    series = found_series(answer(t0020000E=["1.2"], t00200011=[7], t00201209=["150"], t00080060=["CT"]))
    assert series is not None
    assert (series.number, series.images, series.modality) == (7, 150, "CT")
