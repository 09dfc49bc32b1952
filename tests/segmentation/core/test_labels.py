from __future__ import annotations

import pytest
from pydicom.sr.codedict import codes

from segmentation.core.labels import HEAD_TO_FOOT, LABELS, NUMBERS, SPINE, SPINE_NUMBERS, Label, label_of


def test_numbers_are_verse_s() -> None:
    expected = {
        "C1": 1,
        "C7": 7,
        "T1": 8,
        "T12": 19,
        "L1": 20,
        "L5": 24,
        "L6": 25,
        "sacrum": 26,
        "coccyx": 27,
        "T13": 28,
    }
    assert {name: NUMBERS[name] for name in expected} == expected
    assert list(LABELS) == list(range(1, 29))


def test_colours_differ_and_are_bytes() -> None:
    colours = [label.rgb for label in LABELS.values()]
    assert len(set(colours)) == len(colours)
    assert all(0 <= part <= 255 for colour in colours for part in colour)


def test_every_label_carries_a_snomed_code() -> None:
    assert all(label.snomed.isdigit() for label in (*LABELS.values(), SPINE))
    assert (LABELS[22].name, LABELS[22].snomed) == ("L3", "36470004")


@pytest.mark.parametrize("label", [*LABELS.values(), SPINE], ids=lambda label: label.name)
def test_each_code_is_the_one_that_dicom_lists(label: Label) -> None:
    """pydicom's copy of PS3.16 is another's work."""
    keyword = label.meaning.replace(" vertebra", "Vertebra")
    group = codes.cid7603 if keyword.endswith("Vertebra") and keyword != "Vertebra" else codes.SCT
    code = getattr(group, keyword)
    assert (code.value, code.scheme_designator, code.meaning) == (label.snomed, "SCT", label.meaning)


def test_what_dicom_does_not_name_is_a_vertebra() -> None:
    assert [label.name for label in LABELS.values() if label.meaning == "Vertebra"] == ["L6", "T13"]
    assert label_of(99).meaning == "Vertebra"


def test_t13_stands_between_t12_and_l1() -> None:
    place = HEAD_TO_FOOT.index("T13")
    assert HEAD_TO_FOOT[place - 1 : place + 2] == ("T12", "T13", "L1")
    assert sorted(HEAD_TO_FOOT) == sorted(NUMBERS)


def test_the_spine_is_made_of_vertebrae_only() -> None:
    assert set(NUMBERS.values()) - set(SPINE_NUMBERS) == {26, 27}


def test_a_number_means_what_its_kind_of_map_says() -> None:
    assert label_of(1, "spine") is SPINE
    assert label_of(1, "vertebrae").name == "C1"
    assert label_of(99).name == "label 99"
