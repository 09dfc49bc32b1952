"""Files that the browser draws: voxels and meshes in the closest canonical RAS+ order, compressed once, on disk."""

from __future__ import annotations

import gzip
import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from isal.igzip import IGzipFile
from numpy.typing import NDArray

from segmentation.core.geometry import Grid, to_canonical
from segmentation.core.volume import LabelMap, Volume
from segmentation.writers import write_surfaces
from segmentation.writers.indexed_mesh import write_indexed_mesh
from webapp.display.voxel_codec import CODING, encode_slice, preview_factors, shrink
from webapp.http.errors import not_found

DISPLAY_JSON = "display.json"
VOLUME_FILE = "volume.bin.gz"
PREVIEW_FILE = "preview.bin.gz"
PREVIEW_VOXELS = 1_500_000  # about a megabyte on its way: what is drawn first, and all that software WebGL can turn
_LEVEL = 1  # of ISA-L, a tenth of zlib's time for the same size: beyond it CT noise takes time and gives nothing


@dataclass(frozen=True)
class Display:
    """Geometry and addresses of the displayed array.

    Attributes:
        shape: Voxels along i (towards the right), j (anterior), k (superior), each to the closest axis.
        spacing_mm: Voxel size along i, j, k.
        origin_mm: Centre of voxel (0, 0, 0) in RAS+ mm.
        direction: 3x3, rows R, A, S; its columns are the unit vectors of i, j, k (oblique scans kept).
        hu_range: Lowest and highest value of the volume.
        digest: Short hash of the voxels, for cacheable addresses.
        coding: How the voxels are written, see ``webapp.display.voxel_codec``; studies of older versions are plain.
        preview: ``shape``, ``spacing_mm``, ``origin_mm`` of the small copy that is drawn first, and the ``factors``
            by which it is smaller; None where the scan itself is as small.
    """

    shape: list[int]
    spacing_mm: list[float]
    origin_mm: list[float]
    direction: list[list[float]]
    hu_range: list[int]
    digest: str
    coding: str = "raw16"
    preview: dict[str, Any] | None = None


def as_hu16(values: NDArray[Any]) -> NDArray[np.int16]:
    """Round to int16 and clip to its range; what is not a number becomes air (-1024)."""
    if values.dtype == np.int16:
        return values
    finite = np.nan_to_num(values, nan=-1024.0, posinf=32767.0, neginf=-32768.0)
    rounded: NDArray[np.int16] = np.clip(np.rint(finite), -32768, 32767).astype(np.int16)
    return rounded


def write_display(volume: Volume, folder: Path) -> Display:
    """Write ``volume.bin.gz``, ``preview.bin.gz`` (HU, voxel_codec.py) and ``display.json`` into ``folder``.

    Works slice by slice, so that no second copy of the volume is held.
    """
    hu, grid = to_canonical(volume.hu, volume.grid), volume.grid.canonical
    lowest, highest = 32767, -32768
    digest = hashlib.sha256()
    with IGzipFile(folder / VOLUME_FILE, "wb", compresslevel=_LEVEL, mtime=0) as stream:
        for k in range(grid.shape[2]):
            plane = as_hu16(hu[:, :, k])
            lowest, highest = min(lowest, int(plane.min())), max(highest, int(plane.max()))
            _write(encode_slice(plane), stream, digest)
    spacing = grid.spacing_mm
    display = Display(
        shape=list(grid.shape),
        spacing_mm=list(spacing),
        origin_mm=[float(x) for x in grid.affine[:3, 3]],
        direction=[[float(x) for x in row] for row in grid.affine[:3, :3] / np.array(spacing)],
        hu_range=[lowest, highest],
        digest=digest.hexdigest()[:12],
        coding=CODING,
        preview=_write_preview(hu, grid, folder),
    )
    (folder / DISPLAY_JSON).write_text(json.dumps(asdict(display)), encoding="utf-8")
    return display


def _write_preview(hu: NDArray[Any], grid: Grid, folder: Path) -> dict[str, Any] | None:
    factors = preview_factors(grid.shape, grid.spacing_mm, PREVIEW_VOXELS)
    if max(factors) == 1:
        return None  # the scan itself is as small
    small = shrink(hu, factors)
    with IGzipFile(folder / PREVIEW_FILE, "wb", compresslevel=_LEVEL, mtime=0) as stream:
        for k in range(small.shape[2]):
            stream.write(encode_slice(as_hu16(small[:, :, k])))
    first = grid.to_mm((np.array(factors) - 1) / 2)  # the middle of the first block
    return {
        "shape": list(small.shape),
        "spacing_mm": [float(mm * f) for mm, f in zip(grid.spacing_mm, factors, strict=True)],
        "origin_mm": [float(x) for x in first],
        "factors": list(factors),
    }


def write_display_mask(label_map: LabelMap, folder: Path) -> str:
    """Write ``volume.bin.gz`` (uint8 labels, i fastest, on the displayed grid) and answer its digest."""
    labels, grid = to_canonical(label_map.labels, label_map.grid), label_map.grid.canonical
    digest = hashlib.sha256()
    with gzip.GzipFile(folder / VOLUME_FILE, "wb", compresslevel=6, mtime=0) as stream:
        for k in range(grid.shape[2]):
            _write(np.ascontiguousarray(labels[:, :, k].T).tobytes(), stream, digest)
    return digest.hexdigest()[:12]


def read_display(folder: Path) -> Display:
    """Read the display data of a study's folder. Raises WebError: 404, the file is lost."""
    try:
        text = (folder / DISPLAY_JSON).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise not_found("file") from error
    return Display(**json.loads(text))


def write_mesh(label_map: LabelMap, label: int, path: Path) -> None:
    """Write the surface of one label in RAS+ mm, whole or not at all: STL, or the viewer's form (``.bin``)."""
    from segmentation.analysis.surface import surfaces  # VTK takes a second to import

    [surface] = surfaces(label_map, [label])
    if path.suffix == ".bin":
        write_indexed_mesh(path, surface.points_mm, surface.triangles)
    else:
        write_surfaces([surface], path)


def _write(data: bytes, stream: gzip.GzipFile, digest: Any) -> None:
    stream.write(data)
    digest.update(data)
