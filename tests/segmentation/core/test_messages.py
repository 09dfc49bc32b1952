from __future__ import annotations

import copy
import json
from pathlib import Path

import numpy as np
import pytest

from segmentation.core.errors import InputError, NotCT, Problem
from segmentation.core.messages import Message, chained, english, load_catalogue
from segmentation.core.notes import Note, note, note_codes
from segmentation.readers.dicom.frames.damaged_frames import _runs
from webapp.translations import messages

CHINESE = messages("zh")
SERIES = Message.of("series_title.numbered", number=2)


@pytest.mark.parametrize(
    ("message", "english", "chinese"),
    [
        (
            Message.of("image.single_slice", name="scan (1).nii", size=(9, 9, np.int64(1))),
            "scan (1).nii holds a single slice (size 9 x 9 x 1).",
            "scan (1).nii 只有一层（大小 9 x 9 x 1）。",
        ),
        (
            Message.of("file.empty", name="head and neck.nii"),
            "head and neck.nii is empty.",
            "head and neck.nii 是空文件。",
        ),
        (Message.of("file.empty", name=Path("{0}{x}.nii")), "{0}{x}.nii is empty.", "{0}{x}.nii 是空文件。"),
        (
            Message.of("file.empty", name=Message("upload.reference_mask")),
            "The reference mask is empty.",
            "参考分割是空文件。",
        ),
        (
            Message.of("dicom.images_damaged", count=2, name=SERIES, slices=_runs([2, 4, 5, 6, 7, 8, 11]), total=60),
            "2 images of Series 2 are damaged (slices 3, 5 to 9 and 12 of 60): their pixels cannot be decoded, "
            "and more than one cannot be made up.",
            "序列 2 中有 2 幅图像已损坏（第 3, 5 至 9 和 12 层，共 60 层）：像素无法解码；缺失不止一层时无法插值补全。",
        ),
        (
            Message.of(
                "dicom.nothing_here_because",
                reasons=chained(
                    "join.sentences", [note(c, count=n).message for c, n in (("not_images", 3), ("links", 2))]
                ),
            ),
            "There are no DICOM images here. 3 files that are not DICOM images were left out. "
            "2 links were not followed.",
            "此处没有 DICOM 图像。已略去 3 个不是 DICOM 图像的文件。未跟随 2 个链接。",
        ),
        (
            Message.of("pacs.files_refused", name="PACS1", failed=2, total=3),
            "PACS1 did not take 2 of 3 files.",
            "PACS1 未接收 3 个文件中的 2 个。",
        ),
        (
            Message.of("upload.unknown_type", name="a.doc", suffixes=(".nii", ".mha")),
            "a.doc is not a file type that SpineView reads.",
            "SpineView 无法读取 a.doc 这种文件类型。",
        ),
        (
            Message.of("values.not_finite", share=np.float32(0.25), name="a.nii"),
            "25.0% of the voxels of a.nii are not numbers (NaN or infinite).",
            "a.nii 中有 25.0% 的体素不是数值（NaN 或无穷大）。",
        ),
        (
            Message.of("dicom.too_many_files", limit=20000),
            "More than 20,000 files were given.",
            "提供的文件超过 20,000 个。",
        ),
        (
            Message.of("image.bad_spacing", name="a.nii", spacing=[1.0, 0.5, float("nan")]),
            "a.nii gives a voxel spacing of 1 x 0.5 x nan mm; it must be positive.",
            "a.nii 的体素间距为 1 x 0.5 x nan mm；间距必须为正数。",
        ),
        (
            Message.of("phantom.unknown_syntax", syntax="foo", syntaxes={"rle": "1.2", "jpeg-ls": "1.3"}),
            "'foo' is no transfer syntax.",
            "'foo' 不是传输语法。",
        ),
        (Message("Nobody has written this."), "Nobody has written this.", "Nobody has written this."),
    ],
)
def test_a_message_speaks_each_language_with_its_values(message: Message, english: str, chinese: str):
    for same in (message, Message.from_json(json.loads(json.dumps(message.to_json())))):
        assert same.text() == str(same) == english
        assert same.text(CHINESE) == chinese


def test_of_a_mapping_the_keys_are_named():
    message = Message.of("phantom.unknown_syntax", syntax="foo", syntaxes={"rle": "1.2", "jpeg-ls": "1.3"})
    assert message.hint() == "Use one of rle, jpeg-ls."


def test_a_language_without_a_message_speaks_english(tmp_path: Path):
    (tmp_path / "xx.json").write_text('{"series_title.numbered": "Reihe {number}"}', encoding="utf-8")
    message = Message.of("slices.single", name=SERIES)
    assert message.text(load_catalogue(tmp_path / "xx.json")) == "Reihe 2 holds a single slice."


def test_the_name_of_a_file_is_exchanged_and_nothing_else():
    message = Message.of("file.not_opened", name="original.nii", reason="original.nii is busy")
    assert message.replaced({"original.nii": "knee.nii"}).text() == "knee.nii cannot be opened: original.nii is busy."


def test_an_error_has_code_message_and_hint():
    error = NotCT("dicom.no_modality", name=SERIES)
    assert (error.code, error.hint) == ("not_ct", "Choose a CT series.")
    assert error.message == str(error) == "Series 2 does not say that it is CT: its header names no modality."


def test_an_error_crosses_between_processes():
    error = copy.copy(NotCT("dicom.no_modality", name=SERIES))  # by pickle's protocol
    assert (type(error), error.problem) == (NotCT, NotCT("dicom.no_modality", name=SERIES).problem)
    # What torch does with an error of a worker process.
    assert str(NotCT("Caught NotCT in DataLoader worker process 0.")) == "Caught NotCT in DataLoader worker process 0."


def test_a_stored_problem_keeps_key_and_values_and_english():
    problem = NotCT("dicom.no_modality", name=SERIES).problem
    stored = json.loads(json.dumps(problem.to_json()))
    assert stored["message"] == problem.message.text()
    assert stored["values"] == {"name": {"key": "series_title.numbered", "values": {"number": 2}}}
    assert Problem.from_json(stored) == problem


@pytest.mark.parametrize(
    "other",
    [
        {},
        {"key": "not.here", "values": {}},
        {"key": "file.empty", "values": {}},
        {"key": "file.empty", "values": {"name": {"key": "not.here", "values": {}}}},
    ],
)
def test_what_another_version_stored_is_shown_as_it_is(other: dict):
    old = {"code": "too_large", "message": "{a} is {large}.", "hint": "Crop {it}."}
    problem = Problem.from_json({**old, **other})
    assert problem.shown() == problem.shown(CHINESE) == old
    assert type(InputError.from_json({**old, **other})).__name__ == "TooLarge"


def test_a_note_is_a_message():
    tilt = note("tilt", degrees=12.34567)
    assert tilt.message.text() == tilt.sentence
    assert tilt.to_json() == {"code": "tilt", "values": {"degrees": "12.35"}, "message": tilt.sentence}
    assert Note.from_json(tilt.to_json()) == tilt
    assert {f"note.{code}" for code in note_codes()} == {key for key in english() if key.startswith("note.")}
