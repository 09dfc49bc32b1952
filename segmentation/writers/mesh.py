"""Writers of surfaces for CAD, printing and planning programs: STL, OBJ, PLY and binary glTF (GLB).

Coordinates are millimetres in the patient, RAS+ or LPS+ as asked. Every file says which, as ``SPACE=RAS`` or
``SPACE=LPS`` in its header: 3D Slicer looks there, and takes a file that says nothing for LPS. glTF prescribes
metres with Y up; a mesh that must lie in the patient cannot follow that, so the file says what it holds instead.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from segmentation.core.atomic import write_atomically
from segmentation.core.geometry import RAS_TO_LPS

Axes = Literal["ras", "lps"]
AXES: tuple[Axes, ...] = ("ras", "lps")

_FLOAT, _UINT = 5126, 5125  # glTF's component types
_VERTICES, _INDICES = 34962, 34963  # and its buffer targets


@dataclass(frozen=True, eq=False)
class Surface:
    """The surface of one label: triangles with a name and a colour.

    Attributes:
        name: Of the label, for instance ``"L1"``.
        rgb: Its colour, three numbers 0..255.
        points_mm: (N, 3) float64 vertices, RAS+ mm.
        normals: (N, 3) float64 unit vectors that point outwards, RAS+.
        triangles: (M, 3) vertex numbers, counter-clockwise seen from outside.
    """

    name: str
    rgb: tuple[int, int, int]
    points_mm: NDArray[np.float64]
    normals: NDArray[np.float64]
    triangles: NDArray[np.int64]

    def along(self, axes: Axes) -> Surface:
        """Return the same surface in ``axes``: LPS is RAS turned by half a turn about S, so that no triangle flips."""
        if axes == "ras":
            return self
        points, normals = self.points_mm * RAS_TO_LPS, self.normals * RAS_TO_LPS
        return Surface(self.name, self.rgb, points, normals, self.triangles)


def write_surfaces(surfaces: Sequence[Surface], path: Path, axes: Axes = "ras") -> None:
    """Write surfaces into one file, whose suffix (one of ``SUFFIXES``) says in which format.

    OBJ and GLB keep each surface as an object of its own, PLY a colour a vertex; STL only the triangles.
    The file appears whole or not at all. Text is ASCII, numbers are binary but in OBJ.

    Raises:
        ValueError: an unknown suffix or convention of axes.
    """
    encode = _ENCODERS.get(path.suffix.lower())
    if encode is None or axes not in AXES:
        raise ValueError(f"cannot write {path.suffix} in {axes}")
    write_atomically(path, encode([surface.along(axes) for surface in surfaces], _statement(axes)))


def _statement(axes: Axes) -> str:
    return f"SpineView surface in mm. SPACE={axes.upper()}"


def _stl(surfaces: Sequence[Surface], statement: str) -> bytes:
    record = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attributes", "<u2")])
    corners = np.concatenate([np.empty((0, 3, 3)), *(s.points_mm[s.triangles] for s in surfaces)])
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    lengths = np.linalg.norm(across, axis=1, keepdims=True)
    facets = np.zeros(len(corners), record)
    facets["corners"] = corners
    facets["normal"] = np.divide(across, lengths, out=np.zeros_like(across), where=lengths > 0)
    return statement.encode("ascii").ljust(80) + struct.pack("<I", len(facets)) + facets.tobytes()


def _obj(surfaces: Sequence[Surface], statement: str) -> bytes:
    lines = [f"# {statement}"]
    first = 1  # OBJ counts from one, through all objects
    for surface in surfaces:
        lines.append(f"o {surface.name.replace(' ', '_')}")
        lines += [f"v {x:.4f} {y:.4f} {z:.4f}" for x, y, z in surface.points_mm.tolist()]
        lines += [f"vn {x:.4f} {y:.4f} {z:.4f}" for x, y, z in surface.normals.tolist()]
        lines += [f"f {a}//{a} {b}//{b} {c}//{c}" for a, b, c in (surface.triangles + first).tolist()]
        first += len(surface.points_mm)
    return ("\n".join(lines) + "\n").encode("ascii")


def _ply(surfaces: Sequence[Surface], statement: str) -> bytes:
    vertex = np.dtype([("place", "<f4", 3), ("normal", "<f4", 3), ("rgb", "u1", 3)])
    face = np.dtype([("corners", "u1"), ("vertices", "<i4", 3)])
    vertices = np.zeros(sum(len(s.points_mm) for s in surfaces), vertex)
    faces = np.zeros(sum(len(s.triangles) for s in surfaces), face)
    faces["corners"] = 3
    here, there = 0, 0
    for surface in surfaces:
        part = vertices[here : here + len(surface.points_mm)]
        part["place"], part["normal"], part["rgb"] = surface.points_mm, surface.normals, surface.rgb
        faces["vertices"][there : there + len(surface.triangles)] = surface.triangles + here
        here, there = here + len(surface.points_mm), there + len(surface.triangles)
    header = [
        "ply",
        "format binary_little_endian 1.0",
        f"comment {statement}",
        f"element vertex {len(vertices)}",
        *(f"property float {name}" for name in ("x", "y", "z", "nx", "ny", "nz")),
        *(f"property uchar {name}" for name in ("red", "green", "blue")),
        f"element face {len(faces)}",
        "property list uchar int vertex_indices",
        "end_header",
    ]
    return ("\n".join(header) + "\n").encode("ascii") + vertices.tobytes() + faces.tobytes()


def _glb(surfaces: Sequence[Surface], statement: str) -> bytes:
    """Encode as binary glTF 2.0 in one file, https://registry.khronos.org/glTF/specs/2.0/glTF-2.0.html, section 4.4."""
    surfaces = [surface for surface in surfaces if len(surface.triangles)]  # an accessor may not be empty
    binary = bytearray()
    views: list[dict[str, Any]] = []
    accessors: list[dict[str, Any]] = []

    def add(array: NDArray[Any], kind: str, component: int, target: int, **limits: Any) -> int:
        data = array.tobytes()
        views.append({"buffer": 0, "byteOffset": len(binary), "byteLength": len(data), "target": target})
        binary.extend(data)
        entry = {"bufferView": len(views) - 1, "componentType": component, "count": len(array), "type": kind}
        accessors.append({**entry, **limits})
        return len(accessors) - 1

    meshes = []
    for number, surface in enumerate(surfaces):
        points = surface.points_mm.astype("<f4")
        limits = {"min": points.min(axis=0).tolist(), "max": points.max(axis=0).tolist()}
        attributes = {
            "POSITION": add(points, "VEC3", _FLOAT, _VERTICES, **limits),
            "NORMAL": add(surface.normals.astype("<f4"), "VEC3", _FLOAT, _VERTICES),
        }
        indices = add(surface.triangles.astype("<u4").ravel(), "SCALAR", _UINT, _INDICES)
        meshes.append({"primitives": [{"attributes": attributes, "indices": indices, "material": number}]})
    content: dict[str, Any] = {
        "asset": {"version": "2.0", "generator": statement, "extras": {"statement": statement}},
        "scene": 0,
        "scenes": [{"nodes": list(range(len(surfaces)))} if surfaces else {}],
    }
    if surfaces:
        content |= {
            "nodes": [{"name": surface.name, "mesh": number} for number, surface in enumerate(surfaces)],
            "meshes": meshes,
            "materials": [_material(surface) for surface in surfaces],
            "accessors": accessors,
            "bufferViews": views,
            "buffers": [{"byteLength": len(binary)}],
        }
    text = json.dumps(content, separators=(",", ":")).encode("ascii")
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<I4s", len(text), b"JSON") + text
    if binary:
        chunks += struct.pack("<I4s", len(binary), b"BIN\0") + bytes(binary)
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


def _material(surface: Surface) -> dict[str, Any]:
    linear = [round(float((part / 255) ** 2.2), 4) for part in surface.rgb]  # glTF's factors are linear light
    factors = {"baseColorFactor": [*linear, 1.0], "metallicFactor": 0.0, "roughnessFactor": 0.7}
    return {"name": surface.name, "pbrMetallicRoughness": factors}


_ENCODERS: dict[str, Callable[[Sequence[Surface], str], bytes]] = {
    ".stl": _stl,
    ".obj": _obj,
    ".ply": _ply,
    ".glb": _glb,
}
SUFFIXES: tuple[str, ...] = tuple(_ENCODERS)
"""File name endings that ``write_surfaces`` knows."""
