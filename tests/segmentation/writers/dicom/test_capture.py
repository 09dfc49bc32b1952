from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
from PIL import Image

from segmentation.core.volume import Volume
from segmentation.writers.dicom import Maker, read_sources, write_capture
from tests.dicom_judges import complaints
from tests.dicom_series import scanner_grid, write_series


def test_pictures_become_frames_that_another_reader_shows_as_they_were(tmp_path: Path) -> None:
    grid = scanner_grid((8, 8, 3), (1.0, 1.0, 1.0))
    paths = write_series(Volume(np.zeros(grid.shape, np.int16), grid), tmp_path / "ct")
    rng = np.random.default_rng(0)
    pictures = {
        "axial": rng.integers(0, 256, (21, 33, 3), np.uint8),
        "sagittal": rng.integers(0, 256, (15, 11, 3), np.uint8),
    }
    images = {name: Image.fromarray(pixels) for name, pixels in pictures.items()}
    write_capture(images, read_sources(paths), tmp_path / "sc.dcm", Maker("1.2.3", "m-1"))
    assert complaints(tmp_path / "sc.dcm") == []
    dataset = pydicom.dcmread(tmp_path / "sc.dcm")
    frames = dataset.pixel_array
    assert frames.shape == (2, 21, 33, 3)
    assert np.array_equal(frames[0], pictures["axial"])
    assert np.array_equal(frames[1, 3:18, 11:22], pictures["sagittal"])
    assert not frames[1, :3].any()
    assert dataset.StudyInstanceUID == pydicom.dcmread(paths[0]).StudyInstanceUID
    assert list(dataset.FrameLabelVector) == ["axial", "sagittal"]
