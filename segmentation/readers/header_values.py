"""Numbers, sizes, types, axes and units of the text headers of NRRD and MetaImage."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmentation.core.errors import BadGeometry, UnreadableFile, UnsupportedFormat
from segmentation.core.notes import Note, note
from segmentation.readers.imagefile import check_spacing

MAX_HEADER = 1 << 20
"""Bytes that a text header may have."""

_LARGEST = 1e100  # its square is still a number
_LARGEST_WHOLE = 1e15

_MM = {
    "mm": 1.0, "millimeter": 1.0, "millimetre": 1.0, "cm": 10.0, "centimeter": 10.0, "centimetre": 10.0,
    "m": 1000.0, "meter": 1000.0, "metre": 1000.0, "um": 1e-3, "µm": 1e-3, "μm": 1e-3, "micron": 1e-3,
    "micrometer": 1e-3, "micrometre": 1e-3,
}  # fmt: skip


@dataclass(frozen=True)
class TextHeader:
    """Text header of an image.

    Attributes:
        fields: As text, by their names in lower case.
        named: Names of the files of the voxels, in their order; empty where the voxels follow the header.
        end: Bytes of the header.
        lines: Those that name no file of voxels.
    """

    fields: dict[str, str]
    named: tuple[str, ...]
    end: int
    lines: tuple[bytes, ...]


def numbers(text: str, name: str) -> list[float]:
    """Parse numbers between blanks; beyond 1e100 as infinite. Raises UnreadableFile if there is anything else."""
    try:
        found = [float(word) for word in text.split()]
    except ValueError as error:
        raise UnreadableFile("header.numbers_expected", name=name, text=text) from error
    return [math.copysign(math.inf, n) if abs(n) > _LARGEST else n for n in found]


def whole_numbers(text: str, name: str) -> list[int]:
    """Parse whole numbers between blanks. Raises UnreadableFile if there is anything else."""
    found = numbers(text, name)
    if not all(n.is_integer() and abs(n) < _LARGEST_WHOLE for n in found):
        raise UnreadableFile("header.sizes_expected", name=name, text=text)
    return [int(n) for n in found]


def voxel_type(code: str | None, big_endian: bool, name: str) -> np.dtype[Any]:
    """Return NumPy's type of a code such as ``"i2"``. Raises UnreadableFile for None."""
    if code is None:
        raise UnreadableFile("header.no_voxel_type", name=name)
    return np.dtype((">" if big_endian else "<") + code)


def check_axes(axes: NDArray[np.float64], name: str) -> None:
    """Refuse (3, 3) axes, one a column, of no length or in one plane.

    Raises:
        BadGeometry: they place no voxel anywhere.
    """
    if not np.isfinite(axes).all():
        raise BadGeometry("axes.not_finite", name=name)
    lengths = np.linalg.norm(axes, axis=0)
    check_spacing([float(length) for length in lengths], name)
    if abs(np.linalg.det(axes / lengths)) < 1e-3:
        raise BadGeometry("axes.singular", name=name)


def mm_per_unit(units: Sequence[str], name: str) -> tuple[NDArray[np.float64], tuple[Note, ...]]:
    """Return the length in mm of each of three named units, with notes of those that are not the millimetre.

    A unit without a name is the millimetre; one with a name that is no unit of length is taken for it, with a note.

    Raises:
        UnreadableFile: there are not three.
    """
    if len(units) != 3:
        raise UnreadableFile("header.contradicts_itself", name=name)
    factors, notes = [], []
    for unit in units:
        word = unit.strip().lower()
        factor = _MM.get(word, _MM.get(word.removesuffix("s")))
        factors.append(1.0 if factor is None else factor)
        if factor is None and word not in ("", "?"):
            notes.append(note("unknown_unit", unit=unit))
        elif factors[-1] != 1:
            notes.append(note("units", unit=unit))
    return np.array(factors), tuple(dict.fromkeys(notes))


def plain_name(text: str, header: str) -> str:
    """Return the name of a file that a detached header names: plain, or after ``./`` as Teem's tools write it.

    Raises:
        UnsupportedFormat: a path.
    """
    name = text.strip().removeprefix("./")
    if not name or name in (".", "..") or any(char in name for char in "/\\\0"):
        raise UnsupportedFormat("header.data_elsewhere", name=header)
    return name


def data_file(header: Path, text: str) -> Path:
    """Return the file that a detached header names, of the header's own folder.

    Raises:
        UnsupportedFormat: a path, or a link.
        UnreadableFile: it is not there.
    """
    path = header.parent / plain_name(text, header.name)
    if path.is_symlink():
        raise UnsupportedFormat("header.data_elsewhere", name=header.name)
    if not path.is_file():
        raise UnreadableFile("header.data_missing", name=header.name, data=text)
    return path
