"""Several images at one position: slabs that meet there are joined, phases become parts to choose from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest

from segmentation.core.errors import InputError
from segmentation.core.volume import Volume
from segmentation.phantom.dicom import DicomSpec, write_dicom
from segmentation.readers import read_volume
from tests.segmentation.readers.dicom.conftest import Writer, by_position, listed

pytestmark = pytest.mark.usefixtures("inline")
FRAMES = 22


def slab(folder: Path, volume: Volume, slices: range, number_from: int, **values: Any) -> None:
    """Write some slices of a volume, numbered in order, with these attributes, beside what the folder holds."""
    own = folder.parent / f"{folder.name}-{number_from}"
    missing = tuple(k for k in range(FRAMES) if k not in slices)
    spec = DicomSpec(
        series_uid="1.2.3", study_uid="1.2.4", frame_of_reference_uid="1.2.5", missing=missing, seed=number_from
    )
    write_dicom(volume, own, spec)
    folder.mkdir(exist_ok=True)
    for number, path in enumerate(by_position(own), number_from):
        dataset = pydicom.dcmread(path)
        dataset.InstanceNumber = number
        for name, value in values.items():
            setattr(dataset, name, value)
        dataset.save_as(folder / f"{number:04d}")


def noisy(volume: Volume) -> Volume:
    return Volume((volume.hu + 4).astype(np.int16), volume.grid)


@pytest.mark.parametrize(
    ("lower", "upper", "first", "second"),
    [
        (range(12), range(11, 22), {}, {}),
        (range(12), range(11, 22), {"AcquisitionNumber": 2}, {"AcquisitionNumber": 3}),
        (range(14), range(11, 22), {"AcquisitionTime": "120000"}, {"AcquisitionTime": "120130.5"}),
        (range(18), range(17, 22), {"AcquisitionNumber": 7}, {"AcquisitionNumber": 4}),
        (range(5), range(4, 22), {}, {}),
    ],
)
def test_slabs_that_share_positions_are_joined(
    tmp_path: Path, oblique: Volume, lower: range, upper: range, first: dict[str, Any], second: dict[str, Any]
):
    folder = tmp_path / "slabs"
    slab(folder, oblique, lower, 1, **first)
    slab(folder, noisy(oblique), upper, 101, **second)
    [entry] = listed(folder).series
    shared = len(lower) + len(upper) - FRAMES
    assert [(note.code, dict(note.values)) for note in entry.notes] == [("slabs", {"count": str(shared)})]
    volume = read_volume(folder)
    np.testing.assert_allclose(volume.grid.affine, oblique.grid.affine, atol=1e-3)
    np.testing.assert_array_equal(volume.hu[:, :, : lower.stop], oblique.hu[:, :, : lower.stop])
    np.testing.assert_array_equal(volume.hu[:, :, lower.stop :], oblique.hu[:, :, lower.stop :] + 4)


def test_three_slabs_are_joined(tmp_path: Path, oblique: Volume):
    folder = tmp_path / "slabs"
    for number, slices in enumerate((range(8), range(7, 16), range(15, 22)), 1):
        slab(folder, oblique if number == 2 else noisy(oblique), slices, number * 100)
    [entry] = listed(folder).series
    assert dict(entry.notes[0].values) == {"count": "2"}
    assert np.abs(read_volume(folder).hu - oblique.hu).max() == 4


def test_a_stray_image_in_the_middle_is_no_slab(written: Writer):
    folder = written(duplicated=(10,))
    last = max(folder.iterdir(), key=lambda path: path.stat().st_mtime_ns)
    dataset = pydicom.dcmread(last)
    dataset.PixelData = bytes(len(dataset.PixelData))
    dataset.InstanceNumber = 999
    dataset.save_as(last)
    with pytest.raises(InputError, match="two different images at one place"):
        read_volume(folder)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"TriggerTime": 320, "NominalPercentageOfCardiacPhase": 40}, {"TriggerTime": 600}),
        ({"NominalPercentageOfCardiacPhase": 40}, {"NominalPercentageOfCardiacPhase": 75}),
        ({"ScanOptions": "TP40%"}, {"ScanOptions": ["TP75%", "HELICAL"]}),
        ({"KVP": "80"}, {"KVP": "140"}),
        ({"AcquisitionTime": "115959.9"}, {"AcquisitionTime": "120131"}),
        ({"ContentTime": "120000"}, {"ContentTime": "120131"}),
        ({"AcquisitionDateTime": "20240229120000"}, {"AcquisitionDateTime": "20240229120100+0100"}),
        ({}, {}),
    ],
)
def test_phases_at_the_same_positions_are_parts(
    tmp_path: Path, oblique: Volume, first: dict[str, Any], second: dict[str, Any]
):
    folder = tmp_path / "phases"
    slab(folder, oblique, range(FRAMES), 1, **first)
    slab(folder, noisy(oblique), range(FRAMES), 101, **second)
    parts = listed(folder).series
    assert [part.images for part in parts] == [FRAMES, FRAMES]
    assert [[note.code for note in part.notes] for part in parts] == [["split", "part"]] * 2
    for part, extra in zip(parts, (0, 4), strict=True):
        volume = read_volume(folder, series=part.key)
        np.testing.assert_array_equal(volume.hu, oblique.hu + extra)
        np.testing.assert_allclose(volume.grid.affine, oblique.grid.affine, atol=1e-3)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"SliceThickness": "1.25"}, {"SliceThickness": "2.5"}),
        ({"SeriesDescription": "arterial"}, {"SeriesDescription": "venous"}),
        ({}, {"ContrastBolusAgent": "Iohexol"}),
        ({"FilterType": "WEDGE_2"}, {"FilterType": "BODY"}),
        ({"AcquisitionDate": "20240229"}, {"AcquisitionDate": "20240301"}),
        ({}, {}),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_phases_numbered_in_turns_are_told_apart_by_any_attribute_or_by_their_turn(
    tmp_path: Path, oblique: Volume, first: dict[str, Any], second: dict[str, Any], turned: bool
):
    """Numbers 1 and 2 lie at the first position, 3 and 4 at the next one."""
    folder = tmp_path / "phases"
    slab(folder, oblique, range(FRAMES), 1, **first)
    slab(folder, noisy(oblique), range(FRAMES), 101, **second)
    for path in folder.iterdir():
        dataset = pydicom.dcmread(path)
        phase, place = divmod(int(path.name), 100)
        dataset.InstanceNumber = 2 * place + (phase if not turned or first == second else 1 - phase)
        dataset.save_as(path)
    found = [read_volume(folder, series=part.key).hu - oblique.hu for part in listed(folder).series]
    assert sorted((int(each.min()), int(each.max())) for each in found) == [(0, 0), (4, 4)]


def test_phases_whose_images_have_each_a_time_of_its_own_are_parts(tmp_path: Path, oblique: Volume):
    folder = tmp_path / "phases"
    for number, volume in enumerate((oblique, noisy(oblique), noisy(noisy(oblique)))):
        slab(folder, volume, range(FRAMES), 100 * number + 1)
    for number, path in enumerate(sorted(folder.iterdir())):
        dataset = pydicom.dcmread(path)
        dataset.AcquisitionTime = f"12{number // 60:02d}{number % 60:02d}"
        dataset.InstanceNumber = FRAMES * 3 - number
        dataset.save_as(path)
    found = [read_volume(folder, series=part.key).hu - oblique.hu for part in listed(folder).series]
    assert sorted((int(each.min()), int(each.max())) for each in found) == [(0, 0), (4, 4), (8, 8)]


def test_two_kernels_in_two_phases_are_four_parts(tmp_path: Path, oblique: Volume):
    folder = tmp_path / "phases"
    for number, (kernel, trigger) in enumerate([("B30f", 30), ("B30f", 70), ("B70f", 30), ("B70f", 70)]):
        volume = Volume((oblique.hu + number).astype(np.int16), oblique.grid)
        slab(folder, volume, range(FRAMES), 1, ConvolutionKernel=kernel, TriggerTime=trigger)
        for path in list(folder.iterdir()):
            if len(path.name) == 4:
                path.rename(folder / f"{number}{path.name}")
    found = [read_volume(folder, series=part.key).hu - oblique.hu for part in listed(folder).series]
    assert sorted((int(each.min()), int(each.max())) for each in found) == [(n, n) for n in range(4)]


@pytest.mark.parametrize(
    ("missing", "slices", "absent", "gaps"),
    [
        ((9, 10, 11), slice(12, 22), 3, 1),
        ((15, 16), slice(0, 15), 2, 1),
        ((3, 4, 14, 15, 16), slice(5, 14), 5, 2),
        ((2, 19), slice(0, 19), 2, 2),
        (tuple(range(8, 15)), slice(0, 8), 7, 1),
    ],
)
def test_the_longest_regular_block_is_read_where_slices_are_missing(
    written: Writer, oblique: Volume, missing: tuple[int, ...], slices: slice, absent: int, gaps: int
):
    folder = written(missing=missing)
    longest, *_ = listed(folder).series
    note = next(note for note in longest.notes if note.code == "missing_slices")
    assert dict(note.values) == {"count": str(absent), "places": str(gaps)}
    assert longest.proposed
    volume = read_volume(folder)
    made_up = [k - slices.start for k in missing if slices.start <= k < slices.stop]
    expected = oblique.hu[:, :, slices]
    np.testing.assert_array_equal(np.delete(volume.hu, made_up, 2), np.delete(expected, made_up, 2))
    np.testing.assert_allclose(volume.grid.spacing_mm, oblique.grid.spacing_mm, atol=1e-3)
