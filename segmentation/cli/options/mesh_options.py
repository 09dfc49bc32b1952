"""Options of ``spineview segment --meshes DIR``, and the surfaces that it writes."""

from __future__ import annotations

import argparse
from pathlib import Path

from segmentation.core.errors import BadConfiguration
from segmentation.core.volume import LabelMap
from segmentation.writers.mesh import AXES, SUFFIXES, write_surfaces

FORMATS = tuple(suffix.removeprefix(".") for suffix in SUFFIXES)
_WITH_OBJECTS = ("obj", "glb")  # these hold every label by its name; the others get a file a label
FEWEST_TRIANGLES = 100


def add_mesh_options(command: argparse.ArgumentParser) -> None:
    """Add ``--meshes`` and its like."""
    command.add_argument("--meshes", metavar="DIR", type=Path, help="write the surface, in mm in the patient")
    command.add_argument("--mesh-format", nargs="+", choices=FORMATS, default=["stl"], help="one or more formats (stl)")
    command.add_argument("--mesh-axes", choices=AXES, default="ras", help="where x, y, z point (ras)")
    command.add_argument("--mesh-triangles", metavar="N", type=int, help="decimate each label to about this many")


def check_mesh_options(options: argparse.Namespace) -> None:
    """Refuse a number of triangles that makes no surface."""
    if options.mesh_triangles is not None and options.mesh_triangles < FEWEST_TRIANGLES:
        raise BadConfiguration("cli.too_few_triangles", triangles=options.mesh_triangles, fewest=FEWEST_TRIANGLES)


def write_meshes(label_map: LabelMap, options: argparse.Namespace) -> list[Path]:
    """Write the surfaces as ``options`` ask, and return the files."""
    from segmentation.analysis.surface import MAX_TRIANGLES, surfaces  # VTK takes a second to import

    folder: Path = options.meshes
    folder.mkdir(parents=True, exist_ok=True)
    labels = label_map.present or ([1] if label_map.kind == "spine" else [])
    found = surfaces(label_map, labels, options.mesh_triangles or MAX_TRIANGLES)
    written = []
    for kind in options.mesh_format:
        parts = {"spine": found} if kind in _WITH_OBJECTS else {surface.name: [surface] for surface in found}
        for name, surface_list in parts.items():
            path = folder / f"{name}.{kind}"
            write_surfaces(surface_list, path, options.mesh_axes)
            written.append(path)
    return written
