"""Display windows, by hand."""

from __future__ import annotations

import numpy as np

from segmentation.core.hounsfield import windowed


def test_a_window_maps_its_ends_to_0_and_1_and_clips_beyond() -> None:
    hu = np.array([-3024, -100, 0, 100, 300, 500], dtype=np.int16)
    grey = windowed(hu, (-100, 300))
    assert grey.dtype == np.float32
    assert grey.tolist() == [0, 0, 0.25, 0.5, 1, 1]
