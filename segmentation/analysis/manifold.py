"""Make the triangles of SurfaceNets a manifold: each edge in two triangles, each point with one fan around it.

SurfaceNets has one point a cell of 2 x 2 x 2 voxels. Where voxels of a mask touch along an edge or in a corner alone,
two sheets of the surface run through one cell and share its point, and four triangles meet in an edge. Here each sheet
has a point of its own, as in dual marching cubes (Nielson 2004, doi:10.1109/VISUAL.2004.28), and where two sheets would
still share an edge, it is divided in the middle, once for each. Voxels of the mask that touch along an edge are joined.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_CORNERS = np.array([[n & 1, n >> 1 & 1, n >> 2] for n in range(8)])  # of a cell; corner n has the bits of its place


def separate_sheets(points: Floats, triangles: Ints, mask: NDArray[np.uint8]) -> tuple[Floats, Ints]:
    """Give each sheet of the surface points of its own.

    Args:
        points: (N, 3), each the centre of a cell of ``mask``, in voxels: the cell from voxel 0 to 1 has 0.5.
        triangles: (M, 3) numbers of points, as SurfaceNets makes them without smoothing.
        mask: (I, J, K), not zero inside.

    Returns:
        Points, the given ones first, and triangles: ``triangles`` itself where nothing is to be done.
    """
    cells = np.floor(points).astype(np.int64)
    codes = _codes(cells, mask)
    sheets, centres, special = _tables()
    chosen = np.flatnonzero(special[codes][triangles].any(axis=1))
    if not len(chosen):
        return points, triangles
    triangles = _welded(cells, special[codes], mask.shape)[triangles]
    corners = triangles[chosen]
    crossing, axis = _crossed(cells[corners])
    local = crossing[:, None] - cells[corners]  # of the voxel before the crossing, in each cell
    sheet = sheets[codes[corners], (local @ (1, 2, 4)) * 3 + axis[:, None]]
    # A sheet after the first of its cell gets a new point.
    added, inverse = np.unique(corners[sheet > 0] * 8 + sheet[sheet > 0], return_inverse=True)
    own = corners.copy()
    own[sheet > 0] = len(points) + inverse
    triangles[chosen] = own
    cells = np.concatenate([cells, cells[added // 8]])
    points = np.concatenate([points, np.zeros((len(added), 3))])
    points[own] = cells[own] + centres[codes[corners], sheet]
    return _divided(points, triangles, chosen, cells, np.where(mask[tuple(crossing.T)] != 0, 1, 0), crossing, axis)


def moved_apart(points: Floats, triangles: Ints, most: float) -> Floats:
    """Move points that lie at one place a little inwards: readers make one of such points.

    Args:
        points: (N, 3).
        triangles: (M, 3) numbers of points.
        most: By about how much; a tenth of it tells places apart.
    """
    shared = np.zeros(len(points), dtype=bool)
    for shift in (0.0, 0.5):  # two points of one place may lie on either side of a whole number
        whole = np.floor(points * (10 / most) + shift)
        keys = whole @ (1.0, np.pi * 1e3, np.e * 1e6)
        ordered = np.sort(keys)
        if (ordered[1:] == ordered[:-1]).any():  # in few meshes: to sort alone is much faster
            _, which, counts = np.unique(keys, return_inverse=True, return_counts=True)
            shared |= counts[which] > 1
    if not shared.any():
        return points
    corners = triangles[shared[triangles].any(axis=1)]
    one, two, three = (points[corners[:, n]] for n in range(3))
    outwards = np.zeros_like(points)
    for n in range(3):  # twice the area of its triangles, along the normal
        np.add.at(outwards, corners[:, n], np.cross(two - one, three - one))
    moved = np.flatnonzero(shared)
    lengths = np.linalg.norm(outwards[moved], axis=1, keepdims=True)
    # Sheets that lie on each other have opposite normals; what is left is told apart by its number.
    inwards = -outwards[moved] / np.maximum(lengths, 1e-9)
    points = points.copy()
    points[moved] += (inwards + np.outer(np.arange(len(moved)) % 7, (0.05, 0.03, 0.02))) * most
    return points


def without_fins(triangles: Ints) -> Ints | None:
    """Leave out triangles that stand out from a surface, with an edge of their own and one in three triangles.

    Decimation may leave such. None if some edge is not in two triangles even then.
    """
    while len(triangles):
        others = np.roll(triangles, -1, axis=1)
        keys = np.minimum(triangles, others) * (triangles.max() + 1) + np.maximum(triangles, others)
        ordered = np.sort(keys, axis=None)
        if not keys.size % 2 and (ordered[::2] == ordered[1::2]).all() and (ordered[1:-1:2] != ordered[2::2]).all():
            return triangles
        _, inverse, counts = np.unique(keys.ravel(), return_inverse=True, return_counts=True)
        uses = counts[inverse].reshape(-1, 3)
        fins = (uses == 1).any(axis=1) & (uses > 2).any(axis=1)
        if not fins.any():
            return triangles if (uses == 2).all() else None
        triangles = triangles[~fins]
    return None


def _welded(cells: Ints, special: NDArray[np.bool_], shape: tuple[int, ...]) -> Ints:
    """Return for each point the first one of its cell: VTK divides some ``special`` cells, which leaves holes."""
    numbers = np.arange(len(cells))
    chosen = np.flatnonzero(special)
    _, first, inverse = np.unique(np.ravel_multi_index(tuple(cells[chosen].T), shape), True, True)
    numbers[chosen] = chosen[first[inverse]]
    return numbers


def _divided(
    points: Floats, triangles: Ints, chosen: Ints, cells: Ints, inside: Ints, crossing: Ints, axis: Ints
) -> tuple[Floats, Ints]:
    """Divide edges in which four triangles meet: those around one voxel outside the mask share a middle."""
    corners = triangles[chosen]
    ends = np.sort(np.stack([corners, np.roll(corners, -1, axis=1)], axis=2).reshape(-1, 2), axis=1)
    _, inverse, counts = np.unique(ends[:, 0] * len(points) + ends[:, 1], return_inverse=True, return_counts=True)
    found = np.flatnonzero(counts[inverse] > 2)
    if not len(found):
        return points, triangles
    owner, side = found // 3, found % 3
    outside = crossing[owner] + np.eye(3, dtype=np.int64)[axis[owner]] * inside[owner, None]
    middle = cells[ends[found]].mean(axis=1) + 0.5  # of the four voxels in the plane of which the sheets meet
    direction = (outside - middle) @ (2, 6, 18)
    _, first, which = np.unique(inverse[found] * 64 + direction.astype(np.int64) + 32, True, True)
    middle += (outside - middle) / 4
    return np.concatenate([points, middle[first]]), _split(triangles, chosen[owner], side, len(points) + which)


def _split(triangles: Ints, owner: Ints, side: Ints, middle: Ints) -> Ints:
    """Split triangles at the middles of some of their sides; those of one triangle one after the other."""
    middles: dict[int, dict[int, int]] = {}
    for number, at, new in zip(owner.tolist(), side.tolist(), middle.tolist(), strict=True):
        middles.setdefault(number, {})[at] = new
    kept = np.ones(len(triangles), dtype=bool)
    more = []
    for number, by_side in middles.items():
        kept[number] = False
        line = [
            point for at in range(3) for point in (int(triangles[number, at]), by_side.get(at)) if point is not None
        ]
        start = line.index(next(iter(by_side.values())))
        line = line[start:] + line[:start]
        more += [(line[0], line[n], line[n + 1]) for n in range(1, len(line) - 1)]
    return np.concatenate([triangles[kept], np.array(more, dtype=np.int64)])


def _crossed(cells: Ints) -> tuple[Ints, Ints]:
    """Find the pair of voxels between which each triangle passes, from its (M, 3, 3) cells: the first one and the axis.

    Three of the four cells around the line between two voxels have both in common.
    """
    low, high = cells.min(axis=1), cells.max(axis=1)
    axis = np.argmin(high - low, axis=1)
    return high, axis


def _codes(cells: Ints, mask: NDArray[np.uint8]) -> Ints:
    """Return for each cell which of its 8 voxels are in the mask, as bits."""
    inside = (mask != 0).astype(np.uint8)  # of all cells at once: to pick eight voxels for each takes longer
    for axis in range(3):  # the bit of a corner is 2 to the power of its number: 1, then 1 | 2, 1 | 2 | 4 | 8 are there
        shift = 1 << axis
        low = [slice(None)] * 3
        high = [slice(None)] * 3
        low[axis], high[axis] = slice(None, -1), slice(1, None)
        inside = inside[tuple(low)] | inside[tuple(high)] << shift
    codes: Ints = inside[tuple(cells.T)].astype(np.int64)
    return codes


@cache
def _tables() -> tuple[Ints, Floats, NDArray[np.bool_]]:
    """Sheets in each of the 256 kinds of cells.

    Returns:
        (256, 24): number of the sheet that crosses the line from corner n along axis d, at 3 n + d; -1 where none does.
        (256, 4, 3): where each sheet's point lies, in voxels from the first corner.
        (256,): whether there are several sheets, or a side has voxels in and out of the mask like a chessboard.
    """
    sheets = np.full((256, 24), -1, dtype=np.int64)
    centres = np.full((256, 4, 3), 0.5)
    for code in range(256):
        links = _links(code)
        for line in links:
            if sheets[code, line] >= 0:
                continue
            number, waiting, crossed = sheets[code].max() + 1, [line], []
            while waiting:
                each = waiting.pop()
                if sheets[code, each] < 0:
                    sheets[code, each] = number
                    crossed.append(_CORNERS[each // 3] + np.eye(3)[each % 3] / 2)
                    waiting += links[each]
            # Halfway from the cell's centre: over random masks the smoothed volume is then nearest to the voxels'.
            centres[code, number] = (np.mean(crossed, axis=0) + 0.5) / 2
    ambiguous = [any(_is_chessboard(code, face) for face in _faces()) for code in range(256)]
    several = sheets.max(axis=1) > 0
    centres[~several] = 0.5
    return sheets, centres, several | np.array(ambiguous)


def _links(code: int) -> dict[int, list[int]]:
    """Return which crossed lines of a cell follow each other on its six sides."""
    links: dict[int, list[int]] = {line: [] for line in range(24) if _is_crossed(code, line)}
    for face in _faces():
        lines = [line for line in links if set(_ends(line)) <= set(face)]
        groups = [lines]
        if _is_chessboard(code, face):
            outside = [corner for corner in face if not code >> corner & 1]
            groups = [[line for line in lines if corner in _ends(line)] for corner in outside]
        for one, other in filter(None, groups):
            links[one].append(other)
            links[other].append(one)
    return links


def _ends(line: int) -> tuple[int, int]:
    corner, axis = divmod(line, 3)
    return corner, corner | 1 << axis


def _is_crossed(code: int, line: int) -> bool:
    corner, axis = divmod(line, 3)
    return not corner >> axis & 1 and (code >> corner & 1) != (code >> (corner | 1 << axis) & 1)


def _faces() -> list[list[int]]:
    return [[corner for corner in range(8) if corner >> axis & 1 == side] for axis in range(3) for side in (0, 1)]


def _is_chessboard(code: int, face: list[int]) -> bool:
    bits = [code >> corner & 1 for corner in face]
    return bits in ([1, 0, 0, 1], [0, 1, 1, 0])
