"""Images whose pixels cannot be decoded: one is made up like a missing slice, more are refused and named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.encaps import encapsulate, generate_frames

from segmentation.core.errors import UnreadableFile
from segmentation.core.notes import sentences
from segmentation.core.volume import Volume
from segmentation.readers import inspect, read_volume
from segmentation.readers.dicom.frames.damaged_frames import _runs
from tests.segmentation.readers.dicom.conftest import Writer, by_position, refusal

pytestmark = pytest.mark.usefixtures("inline")
SPOILT = b"\xff\x4f\xff\x51" + b"\x55" * 300


def spoil(path: Path) -> None:
    """Leave the header whole, and nothing of the picture."""
    dataset = pydicom.dcmread(path)
    dataset.PixelData = encapsulate([SPOILT])
    dataset.save_as(path)


def spoilt(folder: Path, *slices: int) -> Path:
    for path in np.array(by_position(folder))[list(slices)]:
        spoil(path)
    return folder


def made_up(oblique: Volume, k: int) -> np.ndarray:
    expected = oblique.hu.copy()
    expected[:, :, k] = np.rint((oblique.hu[:, :, k - 1].astype(float) + oblique.hu[:, :, k + 1]) / 2)
    return expected


def test_one_damaged_image_is_made_up(written: Writer, oblique: Volume):
    volume = read_volume(spoilt(written(syntax="jpeg-2000"), 9))
    assert sentences(volume.notes) == [
        "One image, at -277.5 mm, was damaged; its slice was interpolated from its neighbours."
    ]
    np.testing.assert_array_equal(volume.hu, made_up(oblique, 9))
    np.testing.assert_allclose(volume.grid.affine, oblique.grid.affine, atol=1e-6)


@pytest.mark.parametrize("k", [0, 21])
def test_a_damaged_image_at_an_end_makes_the_volume_shorter(written: Writer, oblique: Volume, k: int):
    folder = spoilt(written(syntax="jpeg-2000"), k)
    volume = read_volume(folder)
    position = {0: "-300", 21: "-247.5"}[k]
    assert sentences(volume.notes) == [
        f"The image at {position} mm, an end of the series, was damaged; the volume is one slice shorter."
    ]
    np.testing.assert_array_equal(volume.hu, np.delete(oblique.hu, k, axis=2))
    first = oblique.grid.to_mm(np.array([0.0, 0.0, 1.0 if k == 0 else 0.0]))
    np.testing.assert_allclose(volume.grid.to_mm(np.zeros(3)), first, atol=1e-6)
    looked = inspect(folder)
    assert (looked.grid is not None and looked.grid.shape, looked.notes) == ((36, 34, 21), sentences(volume.notes))


@pytest.mark.parametrize(
    ("slices", "sentence"),
    [
        ((3, 8), "2 images of Series 2 are damaged (slices 4 and 9 of 22)"),
        ((3, 4, 5, 11, 20), "5 images of Series 2 are damaged (slices 4 to 6, 12 and 21 of 22)"),
        (range(22), "22 images of Series 2 are damaged (slices 1 to 22 of 22)"),
    ],
)
def test_more_damaged_images_are_refused_and_named(written: Writer, slices: tuple[int, ...], sentence: str):
    folder = spoilt(written(syntax="jpeg-2000"), *slices)
    error = refusal(folder)
    assert (type(error), error.hint) == (UnreadableFile, "Send or export the series again.")
    assert error.message == f"{sentence}: their pixels cannot be decoded, and more than one cannot be made up."


def test_one_damaged_beside_one_missing_is_refused(written: Writer):
    folder = spoilt(written(syntax="jpeg-2000", missing=(15,)), 5)
    assert refusal(folder).message == (
        "An image of Series 2 is damaged (slice 6 of 21): its pixels cannot be decoded, and its place cannot be "
        "filled from its neighbours."
    )


def test_an_undamaged_copy_takes_the_place_of_a_damaged_image(written: Writer, oblique: Volume):
    folder = written(syntax="jpeg-2000", duplicated=(4, 7))
    places = by_position(folder)  # the two at one place are neighbours here
    for number in (4, 9):
        spoil(places[number])
    volume = read_volume(folder)
    np.testing.assert_array_equal(volume.hu, oblique.hu)
    assert sentences(volume.notes) == [
        "2 duplicate images were left out.",
        "2 damaged images were left out: undamaged copies of them are there.",
    ]


def test_a_damaged_frame_of_a_multi_frame_file_is_found_and_made_up(written: Writer, oblique: Volume):
    [path] = written(syntax="jpeg-2000", multiframe=True).iterdir()
    dataset = pydicom.dcmread(path)
    frames = list(generate_frames(dataset.PixelData, number_of_frames=22))
    heights = [
        float(group.PlanePositionSequence[0].ImagePositionPatient[2])
        for group in dataset.PerFrameFunctionalGroupsSequence
    ]
    frames[int(np.argsort(heights)[13])] = SPOILT
    dataset.PixelData = encapsulate(frames)
    dataset.save_as(path)
    volume = read_volume(path)
    assert [note.code for note in volume.notes] == ["damaged"]
    np.testing.assert_array_equal(volume.hu, made_up(oblique, 13))


def test_a_tilted_series_with_a_damaged_image_is_still_straightened(written: Writer):
    whole = read_volume(written("whole", tilt_deg=12.0, syntax="jpeg-2000"))
    volume = read_volume(spoilt(written(tilt_deg=12.0, syntax="jpeg-2000"), 9))
    assert [note.code for note in volume.notes] == ["tilt", "damaged"]
    assert volume.grid.matches(whole.grid)
    np.testing.assert_array_equal(volume.hu[:, :, [0, 8, 10, 21]], whole.hu[:, :, [0, 8, 10, 21]])


def test_slices_are_counted_as_a_person_counts_them():
    assert str(_runs([0])) == "1"
    assert str(_runs([0, 1, 2])) == "1 to 3"
    assert str(_runs([0, 2, 4, 5])) == "1, 3 and 5 to 6"
    assert str(_runs(range(0, 40, 2))) == "1, 3, 5, 7 and others"
