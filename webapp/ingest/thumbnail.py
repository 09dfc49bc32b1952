"""Draw a small sagittal picture of a study: bone in a slab about the middle, the mask over it in amber."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segmentation.core.geometry import to_canonical
from segmentation.core.hounsfield import windowed
from segmentation.core.volume import LabelMap, Volume

HEIGHT_PX = 240
SLAB_MM = 24.0
WINDOW_HU = (-250.0, 900.0)
AMBER = np.array((245, 165, 36), dtype=np.float32)


def write_thumbnail(volume: Volume, path: Path, mask: LabelMap | None = None) -> None:
    """Write a PNG of the mid-sagittal slab, head up, face to the left of the picture.

    Half brightest value, half mean over the slab, so that bone stands out and its surroundings stay visible.
    The slab is centred on the mask where one is given, which a scan off centre or a curved spine needs.
    """
    hu, grid = to_canonical(volume.hu, volume.grid), volume.grid.canonical
    labels = to_canonical(mask.labels, mask.grid) if mask is not None else None
    centre = _centre(labels, grid.shape[0])
    half = max(1, round(SLAB_MM / 2 / grid.spacing_mm[0]))
    slab = slice(max(0, centre - half), centre + half + 1)
    step = max(1, grid.shape[1] // 512), max(1, grid.shape[2] // 512)
    bone = np.nan_to_num(hu[slab, :: step[0], :: step[1]].astype(np.float32), nan=-1024.0)
    grey = windowed(0.5 * bone.max(axis=0) + 0.5 * bone.mean(axis=0), WINDOW_HU) * np.float32(255)
    rgb = np.repeat(grey[:, :, None], 3, axis=2)
    if labels is not None:
        share = (labels[slab, :: step[0], :: step[1]] > 0).mean(axis=0)[:, :, None]
        rgb = rgb * (1 - 0.5 * share) + AMBER * (0.5 * share) * (0.35 + rgb / 255.0)
    # (J, K, 3) with j to anterior and k to superior: rows from the top down, anterior on the left.
    from PIL import Image

    picture = Image.fromarray(np.clip(rgb, 0, 255).astype(np.uint8)[::-1, ::-1].transpose(1, 0, 2).copy())
    height_mm, width_mm = grid.extent_mm[2], grid.extent_mm[1]
    width_px = max(24, min(3 * HEIGHT_PX, round(HEIGHT_PX * width_mm / height_mm)))
    # Not optimised: that takes ten times as long as all the rest here, for a tenth of the bytes.
    picture.resize((width_px, HEIGHT_PX), Image.Resampling.LANCZOS).save(path, "PNG")


def _centre(labels: NDArray[np.uint8] | None, width: int) -> int:
    """Index along i of the mask's middle, or of the volume's."""
    if labels is None or not labels.any():
        return width // 2
    counts = np.count_nonzero(labels, axis=(1, 2))
    return int(np.searchsorted(np.cumsum(counts), counts.sum() / 2))
