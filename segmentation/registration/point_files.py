"""Files of touched points and of pairs of landmarks: CSV, PLY and XYZ; every value checked."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segmentation.core.errors import InputError, UnreadableFile
from segmentation.core.labels import label_of

Array = NDArray[np.float64]

FEWEST_POINTS, MOST_POINTS = 6, 20_000
FEWEST_LANDMARKS = 3
_LARGEST_FILE = 50_000_000
_NARROWEST_MM, _WIDEST_MM = 3.0, 500.0
_CENTIMETRES = 8.0  # a cloud smaller than this is a vertebra's in centimetres, or too small to hold one
_LINE_MM = 1.0  # standard deviation across a line, on which no vertebra is held
_MOST_ALIKE = 0.5  # of the points
_METRES = 0.5  # a cloud smaller than this in its own unit was surely not measured in mm
_PLY_TYPES = {
    "char": "i1", "uchar": "u1", "short": "i2", "ushort": "u2", "int": "i4", "uint": "u4", "float": "f4",
    "double": "f8", "int8": "i1", "uint8": "u1", "int16": "i2", "uint16": "u2", "int32": "i4", "uint32": "u4",
    "float32": "f4", "float64": "f8",
}  # fmt: skip


def read_points(path: Path) -> Array:
    """Read touched points.

    Args:
        path: ``.csv`` with a header that names x, y and z (more columns are let pass); ``.ply``, text or binary, with
            the vertex properties x, y, z; ``.xyz``, three numbers a line.

    Returns:
        (N, 3) in mm of the tracker.

    Raises:
        InputError: the file cannot be read, or its points cannot be a vertebra's in mm.
    """
    readers = {".csv": _csv_points, ".ply": _ply_points, ".xyz": _xyz_points}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise InputError("points.unknown_type", name=path.name)
    return checked_points(reader(path), path.name)


def read_points_by_label(path: Path, labels: Sequence[int]) -> dict[int, Array]:
    """Read touched points of several vertebrae from CSV with the header label,x,y,z.

    Args:
        path: The file; ``label`` holds names such as L3, or VerSe numbers.
        labels: VerSe numbers that there may be.

    Returns:
        (N, 3) in mm of the tracker, by VerSe number; none for a vertebra with too few to be looked at alone.

    Raises:
        InputError: the file cannot be read, a label is none of these, or the points cannot be vertebrae's in mm.
    """
    names, values = _table(path, ("x", "y", "z"), "label")
    checked_points(values, path.name)
    known = {str(number): number for number in labels} | {label_of(number).name.upper(): number for number in labels}
    unknown = next((name for name in names if name.strip().upper() not in known), None)
    if unknown is not None:
        raise InputError("points.unknown_label", name=path.name, label=unknown[:40])
    numbers = np.array([known[name.strip().upper()] for name in names])
    parts = {number: values[numbers == number] for number in labels}
    return {
        number: checked_points(part, f"{path.name}, {label_of(number).name}")
        for number, part in parts.items()
        if len(np.unique(part, axis=0)) >= FEWEST_POINTS
    }


def read_landmarks(path: Path) -> tuple[list[str], Array, Array]:
    """Read pairs of landmarks from CSV with the header name,x,y,z,r,a,s.

    Returns:
        Names, (L, 3) in mm of the tracker, (L, 3) RAS+ mm of the image.

    Raises:
        InputError: fewer than three pairs, pairs on one line, or values that are no numbers.
    """
    names, values = _table(path, ("x", "y", "z", "r", "a", "s"), "name")
    _check_finite(values, path.name)
    if len(values) < FEWEST_LANDMARKS:
        raise InputError("points.few_landmarks", name=path.name, count=len(values), least=FEWEST_LANDMARKS)
    for side in (values[:, :3], values[:, 3:]):
        spread = np.linalg.svd(side - side.mean(axis=0), compute_uv=False)
        if spread[1] < 1e-3 * max(spread[0], 1e-9) or spread[0] == 0:
            raise InputError("points.landmarks_on_a_line", name=path.name)
    return names, values[:, :3], values[:, 3:]


def checked_points(points: Array, name: str) -> Array:
    """Refuse points that cannot be the touched surface of a vertebra in mm.

    Raises:
        InputError: NaN, too few or too many, one place again and again, all in one place or on one line, in metres or
            centimetres, or spread too widely.
    """
    _check_finite(points, name)
    if len(np.unique(points, axis=0)) < FEWEST_POINTS:
        raise InputError("points.too_few", name=name, count=len(np.unique(points, axis=0)), least=FEWEST_POINTS)
    if len(points) > MOST_POINTS:
        raise InputError("points.too_many", name=name, count=len(points), most=MOST_POINTS)
    different = len(np.unique(points, axis=0))
    if different < (1 - _MOST_ALIKE) * len(points):
        raise InputError("points.repeated", name=name, count=len(points), different=different)
    extent = float(np.linalg.norm(np.quantile(points, 0.9, axis=0) - np.quantile(points, 0.1, axis=0)))
    if extent < _METRES:
        raise InputError("points.in_metres", name=name, extent=extent, millimetres=extent * 1000)
    if extent < _NARROWEST_MM:
        raise InputError("points.too_narrow", name=name, extent=extent)
    if extent < _CENTIMETRES:
        raise InputError("points.in_centimetres", name=name, extent=extent, millimetres=extent * 10)
    if extent > _WIDEST_MM:
        raise InputError("points.too_wide", name=name, extent=extent)
    across = np.linalg.svd(points - points.mean(axis=0), compute_uv=False)[1] / np.sqrt(len(points))
    if across < _LINE_MM:
        raise InputError("points.on_a_line", name=name, across=float(across))
    return points


def _check_finite(points: Array, name: str) -> None:
    bad = np.flatnonzero(~np.isfinite(points).all(axis=1)) if len(points) else np.empty(0, dtype=int)
    if len(bad):
        raise InputError("points.not_finite", name=name, row=int(bad[0]) + 1, count=len(bad))


def _content(path: Path) -> bytes:
    if not path.is_file():
        raise InputError("file.missing", name=path.name)
    if path.stat().st_size > _LARGEST_FILE:
        raise InputError("points.too_many", name=path.name, count="?", most=MOST_POINTS)
    return path.read_bytes()


def _text(path: Path) -> str:
    try:
        return _content(path).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableFile("points.not_text", name=path.name) from None


def _csv_points(path: Path) -> Array:
    return _table(path, ("x", "y", "z"))[1]


def _table(path: Path, columns: Sequence[str], label: str = "") -> tuple[list[str], Array]:
    """Read the named columns of a CSV file; commas or semicolons between, points as decimals."""
    text = _text(path)
    first = text.partition("\n")[0]
    rows = list(csv.reader(io.StringIO(text), delimiter=";" if ";" in first and "," not in first else ","))
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    header = [cell.strip().lower() for cell in rows[0]] if rows else []
    missing = [column for column in (*columns, *([label] if label else [])) if column not in header]
    if missing:
        raise UnreadableFile("points.no_columns", name=path.name, missing=missing, found=header or ["-"])
    places = [header.index(column) for column in columns]
    values = np.empty((len(rows) - 1, len(columns)))
    for number, row in enumerate(rows[1:]):
        try:
            values[number] = [float(row[place]) for place in places]
        except (IndexError, ValueError):
            raise UnreadableFile("points.not_a_number", name=path.name, row=number + 1) from None
    return ([row[header.index(label)] for row in rows[1:]] if label else []), values


def _xyz_points(path: Path) -> Array:
    lines = [line.split("#")[0].replace(",", " ").split() for line in _text(path).splitlines()]
    values = []
    for number, cells in enumerate(lines):
        if not cells:
            continue
        try:
            x, y, z = (float(cell) for cell in cells[:3])
        except ValueError:
            raise UnreadableFile("points.not_a_number", name=path.name, row=number + 1) from None
        values.append((x, y, z))
    return np.array(values, dtype=np.float64).reshape(-1, 3)


def _ply_points(path: Path) -> Array:
    content = _content(path)
    end = content.find(b"end_header")
    if not content.startswith(b"ply") or end < 0:
        raise UnreadableFile("points.not_ply", name=path.name)
    head = content[:end].decode("ascii", "replace").split("\n")
    body = content[content.index(b"\n", end) + 1 :] if b"\n" in content[end:] else b""
    try:
        return _ply_vertices(head, body)
    except (ValueError, KeyError, IndexError, TypeError):
        raise UnreadableFile("points.not_ply", name=path.name) from None


def _ply_vertices(head: list[str], body: bytes) -> Array:
    """Decode the vertices, which must be the first element, without lists."""
    words = [line.split() for line in head if line.strip()]
    form = next(line[1] for line in words if line[0] == "format")
    elements = [line for line in words if line[0] == "element"]
    if elements[0][1] != "vertex":
        raise ValueError("vertices are not first")
    count = int(elements[0][2])
    first = words.index(elements[0])
    last = words.index(elements[1]) if len(elements) > 1 else len(words)
    properties = [(line[2], _PLY_TYPES[line[1]]) for line in words[first + 1 : last] if line[0] == "property"]
    names = [name for name, _ in properties]
    if form == "ascii":
        lines = body.decode("ascii", "replace").splitlines()[:count]
        table = np.array([[float(cell) for cell in line.split()[: len(names)]] for line in lines])
        if len(table) != count:
            raise ValueError("too few vertices")
        return table[:, [names.index(axis) for axis in "xyz"]]
    order = "<" if form == "binary_little_endian" else ">"
    records = np.frombuffer(body, np.dtype([(name, order + kind) for name, kind in properties]), count)
    return np.column_stack([records[axis].astype(np.float64) for axis in "xyz"])
