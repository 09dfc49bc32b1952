"""Place of an NRRD image: its affine from the fields of its header, with notes of what was assumed."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segmentation.core.errors import UnreadableFile
from segmentation.core.geometry import RAS_TO_LPS
from segmentation.core.notes import Note, note
from segmentation.readers.header_values import check_axes, mm_per_unit, numbers
from segmentation.readers.imagefile import check_spacing

_ANATOMICAL = re.compile("(right|left)-(anterior|posterior)-(superior|inferior)(-time)?")
_SHORT = {"ras": "right-anterior-superior", "las": "left-anterior-superior", "lps": "left-posterior-superior"}
_TO_RAS = {"right": 1, "left": -1, "anterior": 1, "posterior": -1, "superior": 1, "inferior": -1}


@dataclass(frozen=True)
class Axes:
    """The axes of the voxels that are a volume's, without list axes of length one.

    Attributes:
        dimension: Number of all axes.
        kept: Which of them these are.
        sizes: Their lengths.
        directions: Their ``space directions`` as in the header; empty where it has none.
    """

    dimension: int
    kept: tuple[int, ...]
    sizes: tuple[int, ...]
    directions: tuple[str, ...]


def place(fields: dict[str, str], axes: Axes, name: str) -> tuple[NDArray[np.float64], tuple[Note, ...]]:
    """Compute the (4, 4) affine from voxel index to RAS+ mm, and what was assumed or converted.

    Raises:
        BadGeometry, UnreadableFile: see the package's documentation.
    """
    affine = np.eye(4)
    if axes.directions:
        columns = [_vector(direction, name) for direction in axes.directions[:3]]
        affine[:3, :3] = np.stack(columns, axis=1)
        affine[:3, 3] = _vector(fields.get("space origin", "(0,0,0)"), name)
        units = re.findall(r'"([^"]*)"', fields.get("space units", '"" "" ""'))
        factors, notes = mm_per_unit(units[:3], name)
        affine[:3] *= factors[:, None]
    else:
        spacing, origin, notes = _scalars(fields, axes, name)
        affine[:3, :3] = np.diag(spacing)
        affine[:3, 3] = _vector(fields["space origin"], name) if "space origin" in fields else origin
    check_axes(affine[:3, :3], name)
    signs, assumed = _space(fields.get("space", ""))
    affine[:3] *= signs[:, None]
    return affine + 0.0, (*notes, *assumed)  # no minus zero


def _space(space: str) -> tuple[NDArray[np.float64], tuple[Note, ...]]:
    """Return the factors of x, y, z to RAS+, and a note where the space names no anatomy."""
    word = space.lower().strip()
    named = _ANATOMICAL.fullmatch(_SHORT.get(word.removesuffix("t") if len(word) == 4 else word, word))
    if named:
        return np.array([_TO_RAS[named[n]] for n in (1, 2, 3)], dtype=np.float64), ()
    if "left-handed" in word:  # or the image would be mirrored
        return np.array([-1.0, 1.0, 1.0]), (note("no_anatomy", assumed="LAS"),)
    return RAS_TO_LPS, (note("no_anatomy", assumed="LPS"),)


def _scalars(
    fields: dict[str, str], axes: Axes, name: str
) -> tuple[NDArray[np.float64], NDArray[np.float64], tuple[Note, ...]]:
    """Return spacing and origin of axes without directions, in mm, each from the first field that gives it."""
    given, thick, low, high = (
        _per_axis(fields, field, axes, name) for field in ("spacings", "thicknesses", "axis mins", "axis maxs")
    )
    words = fields.get("centers", "").lower().split()
    centers = [words[n] if len(words) == axes.dimension else "cell" for n in axes.kept[:3]]
    at_nodes = np.array([center == "node" for center in centers])
    between = (high - low) / (np.array(axes.sizes[:3]) - at_nodes)
    spacing = np.where(np.isnan(given), between, given)
    notes = []
    if np.isnan(spacing).any() and not np.isnan(thick).all():
        notes.append(note("thickness_as_spacing"))
        spacing = np.where(np.isnan(spacing), thick, spacing)
    if np.isnan(spacing).any():
        notes.append(note("no_spacing"))
        spacing = np.where(np.isnan(spacing), 1.0, spacing)
    check_spacing(spacing.tolist(), name)
    origin = np.where(np.isnan(low), 0.0, low + np.where(at_nodes, 0.0, spacing / 2))
    quoted = re.findall(r'"([^"]*)"', fields.get("units", ""))
    units = [quoted[n] if len(quoted) == axes.dimension else "" for n in axes.kept[:3]]
    factors, of_units = mm_per_unit(units, name)
    return spacing * factors, origin * factors, (*notes, *of_units)


def _per_axis(fields: dict[str, str], field: str, axes: Axes, name: str) -> NDArray[np.float64]:
    """Return the numbers of a field for the three axes of space, NaN where it gives none."""
    if field not in fields:
        return np.full(3, np.nan)
    values = numbers(fields[field], name)
    if len(values) != axes.dimension:
        raise UnreadableFile("header.contradicts_itself", name=name)
    return np.array([values[n] for n in axes.kept[:3]])


def _vector(text: str, name: str) -> NDArray[np.float64]:
    """Parse a vector such as ``(1,0,0)``; of more than three components the first three."""
    values = numbers(text.strip("()").replace(",", " "), name) if text.startswith("(") else []
    if len(values) < 3:
        raise UnreadableFile("header.contradicts_itself", name=name)
    return np.array(values[:3])
