"""Comparison pictures of a mask: CT, mask and outlines next to each other, in true proportion."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from segmentation.core.geometry import Voxel, to_canonical
from segmentation.core.hounsfield import windowed
from segmentation.core.volume import Volume
from segmentation.evaluation.metrics import Mask, surface

AMBER = (255, 176, 59)
TEAL = (45, 212, 191)
WHITE = (230, 236, 240)
BONE_WINDOW_HU = (-500.0, 1300.0)
PIXELS_PER_MM = 1.5
LONGEST_PIXELS = 640
GAP = 8
CAPTION = 22

# Plane: the axis (of R, A, S) looked along, and the letters on the left, right, top and bottom edge:
# the radiological convention, the patient's right on the viewer's left.
PLANES: dict[str, tuple[int, str]] = {
    "axial": (2, "RLAP"),
    "coronal": (1, "RLSI"),
    "sagittal": (0, "APSI"),
}

Pixels = NDArray[np.uint8]


def write_pictures(
    volume: Volume, prediction: Mask, reference: Mask | None, folder: Path, name: str = ""
) -> list[Path]:
    """Write ``axial.png``, ``coronal.png`` and ``sagittal.png`` through the middle of the mask.

    Each shows three panels, the third only where there is a reference: the CT in a bone window; the mask in
    amber over it; the mask's outline in amber and the reference's in teal.

    Args:
        volume: The CT.
        prediction: (I, J, K) mask on the CT's grid.
        reference: As ``prediction``, or None.
        folder: Where to write; made if it does not exist.
        name: Put before the file names.

    Returns:
        list[Path]: the files written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    hu, spacing_mm = to_canonical(np.asarray(volume.hu), volume.grid), volume.grid.canonical.spacing_mm
    ours = to_canonical(prediction, volume.grid)
    theirs = None if reference is None else to_canonical(reference, volume.grid)
    centre = _middle(ours if ours.any() or theirs is None else theirs)
    files = []
    for plane, (axis, letters) in PLANES.items():
        across_mm = [spacing_mm[a] for a in range(3) if a != axis]
        picture = _row(
            _slice(hu, axis, centre),
            _slice(ours, axis, centre),
            None if theirs is None else _slice(theirs, axis, centre),
            (across_mm[0], across_mm[1]),
            letters,
        )
        path = folder / f"{name}{plane}.png"
        picture.save(path)
        files.append(path)
    return files


def write_montage(maps: NDArray[np.float32], path: Path, most: int = 64) -> None:
    """Write the sagittal middle slice of the first ``most`` channels of (C, I, J, K) maps as one PNG.

    Every channel is scaled to its own 2nd and 98th percentile. The axes run towards R, A, S.
    """
    tiles = [_stretch(channel[channel.shape[0] // 2][::-1, ::-1].T) for channel in maps[:most]]
    enlarge = max(1, round(96 / max(tiles[0].shape)))
    tiles = [np.kron(tile, np.ones((enlarge, enlarge), dtype=np.uint8)) for tile in tiles]
    columns = int(np.ceil(np.sqrt(len(tiles))))
    height, width = tiles[0].shape[0] + 2, tiles[0].shape[1] + 2
    sheet = np.zeros((int(np.ceil(len(tiles) / columns)) * height, columns * width), dtype=np.uint8)
    for place, tile in enumerate(tiles):
        top, left = place // columns * height, place % columns * width
        sheet[top : top + height - 2, left : left + width - 2] = tile
    Image.fromarray(sheet).save(path)


def _row(
    hu: NDArray[np.generic], ours: Mask, theirs: Mask | None, pixel_mm: tuple[float, float], letters: str
) -> Image.Image:
    grey = _grey(hu)
    # mm to pixels, never distorted: a slice of 0.7 x 2.5 mm voxels is stretched by what its voxels are long.
    width_mm, height_mm = hu.shape[1] * pixel_mm[0], hu.shape[0] * pixel_mm[1]
    scale = min(PIXELS_PER_MM, LONGEST_PIXELS / max(width_mm, height_mm))
    size = (max(1, round(width_mm * scale)), max(1, round(height_mm * scale)))
    base = Image.fromarray(grey).resize(size, Image.Resampling.BILINEAR).convert("RGB")
    mask = _enlarge(ours, size)
    panels = [("CT", base), ("mask", _tint(base, mask, AMBER, 0.45))]
    if theirs is not None:
        outlined = _tint(base, surface(_enlarge(theirs, size)), TEAL, 1.0)
        panels.append(("mask (amber) and reference (teal)", _tint(outlined, surface(mask), AMBER, 1.0)))
    else:
        panels.append(("outline", _tint(base, surface(mask), AMBER, 1.0)))
    sheet = Image.new("RGB", (len(panels) * (size[0] + GAP) + GAP, size[1] + CAPTION + GAP), (11, 16, 21))
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(12)
    for place, (caption, panel) in enumerate(panels):
        left = GAP + place * (size[0] + GAP)
        sheet.paste(panel, (left, CAPTION))
        draw.text((left, 4), caption, fill=WHITE, font=font)
        _letters(draw, font, letters, (left, CAPTION, *size))
    return sheet


def _letters(
    draw: ImageDraw.ImageDraw,
    font: ImageFont.ImageFont | ImageFont.FreeTypeFont,
    letters: str,
    frame: tuple[int, int, int, int],
) -> None:
    """Draw the orientation letters at the left, right, top and bottom edge of a panel."""
    left, top, width, height = frame
    places = [
        (left + 3, top + height // 2, "lm"),
        (left + width - 3, top + height // 2, "rm"),
        (left + width // 2, top + 2, "mt"),
        (left + width // 2, top + height - 2, "mb"),
    ]
    for letter, (x, y, anchor) in zip(letters, places, strict=True):
        draw.text((x, y), letter, fill=TEAL, font=font, anchor=anchor)


def _tint(picture: Image.Image, where: Mask, colour: tuple[int, int, int], opacity: float) -> Image.Image:
    pixels = np.asarray(picture).astype(np.float32)
    pixels[where] = (1 - opacity) * pixels[where] + opacity * np.array(colour, dtype=np.float32)
    return Image.fromarray(pixels.astype(np.uint8))


def _enlarge(mask: Mask, size: tuple[int, int]) -> Mask:
    return np.asarray(Image.fromarray(mask).convert("L").resize(size, Image.Resampling.NEAREST)) > 0


def _grey(hu: NDArray[np.generic]) -> Pixels:
    return np.asarray(windowed(hu, BONE_WINDOW_HU) * 255, dtype=np.uint8)


def _stretch(values: NDArray[np.float32]) -> Pixels:
    low, high = np.percentile(values, (2, 98))
    return np.asarray(np.clip((values - low) / max(high - low, 1e-6), 0, 1) * 255, dtype=np.uint8)


def _slice(array: NDArray[Voxel], axis: int, centre: tuple[int, int, int]) -> NDArray[Voxel]:
    """Cut one slice as (rows, columns): head or front upwards, the patient's right or front to the left."""
    plane: NDArray[Voxel] = np.take(array, centre[axis], axis=axis)
    return plane[::-1, ::-1].T


def _middle(mask: Mask) -> tuple[int, int, int]:
    """Find the median voxel of a mask along each axis; the middle of the array if it is empty."""
    filled = np.nonzero(mask)
    if not filled[0].size:
        return (mask.shape[0] // 2, mask.shape[1] // 2, mask.shape[2] // 2)
    return (int(np.median(filled[0])), int(np.median(filled[1])), int(np.median(filled[2])))
