"""Lossless codec of voxels for the browser: each slice predicted from its neighbours, split into bytes, then gzip.

A voxel is predicted from the ones to its left and above it (the median edge detector of JPEG-LS: Weinberger et al.
2000, doi:10.1109/83.855427). What is left is small; it is folded to unsigned and written as all low bytes, then all
high bytes of a slice. gzip then makes a third less of it than of the plain voxels, and every browser undoes gzip by
itself, also over plain HTTP. zstd would take another twentieth off, but not every browser knows it.
``static/viewer/src/data/voxel-codec.js`` is the way back.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

CODING = "med16"
"""The name of this coding in ``display.json``; ``raw16`` is plain int16, little-endian, i fastest."""


_NARROW = 10_000  # HU: of values within it, left + above - corner fits into 16 bits


def encode_slice(plane: NDArray[np.int16]) -> bytes:
    """One slice (I, J) as 2·I·J bytes; j rows of i voxels, low bytes first."""
    values = np.ascontiguousarray(plane.T)  # rows j, columns i
    rest = np.empty_like(values)
    rest[0, 0] = values[0, 0]
    rest[0, 1:] = values[0, 1:] - values[0, :-1]  # modulo 2^16, as the way back adds
    rest[1:, 0] = values[1:, 0] - values[:-1, 0]
    is_narrow = values.min() >= -_NARROW and values.max() <= _NARROW
    known = values if is_narrow else values.astype(np.int32)
    left, above, corner = known[1:, :-1], known[:-1, 1:], known[:-1, :-1]
    guess = left + above
    guess -= corner
    low, high = np.minimum(left, above), np.maximum(left, above)
    np.clip(guess, low, high, out=guess)  # the median edge detector
    rest[1:, 1:] = known[1:, 1:] - guess
    folded = (rest << 1) ^ (rest >> 15)
    both = folded.astype("<i2", copy=False).view(np.uint8).reshape(*values.shape, 2)
    return both[..., 0].tobytes() + both[..., 1].tobytes()


def decode_slice(data: bytes, shape: tuple[int, int]) -> NDArray[np.int16]:
    """Decode the slice (I, J) that ``encode_slice`` wrote. For checks: voxel by voxel, and slow."""
    columns, rows = shape
    both = np.frombuffer(data, np.uint8).reshape(2, rows, columns).astype(np.int32)
    folded = both[0] | both[1] << 8
    rest = (folded >> 1) ^ -(folded & 1)
    values = np.zeros((rows, columns), np.int16)
    for y in range(rows):
        for x in range(columns):
            values[y, x] = _wrapped(_guess(values, y, x) + int(rest[y, x]))
    return values.T


def _guess(values: NDArray[np.int16], y: int, x: int) -> int:
    left = int(values[y, x - 1]) if x else 0
    above = int(values[y - 1, x]) if y else 0
    if not x or not y:
        return above if y else left
    corner = int(values[y - 1, x - 1])
    if corner >= max(left, above):
        return min(left, above)
    return max(left, above) if corner <= min(left, above) else left + above - corner


def _wrapped(value: int) -> int:
    return (value + 32768) % 65536 - 32768


def preview_factors(shape: tuple[int, int, int], spacing_mm: Any, most_voxels: int) -> tuple[int, int, int]:
    """How many voxels along i, j, k make one of a preview of at most ``most_voxels``, as cubic as may be."""
    factors = [1, 1, 1]
    while np.prod([-(-n // f) for n, f in zip(shape, factors, strict=True)]) > most_voxels:
        sizes = [mm * f for mm, f in zip(spacing_mm, factors, strict=True)]
        factors[int(np.argmin(sizes))] += 1
    return factors[0], factors[1], factors[2]


def shrink(array: NDArray[Any], factors: tuple[int, int, int]) -> NDArray[np.int16]:
    """Means of blocks of ``factors`` voxels of an (I, J, K) array; blocks at the far ends may be smaller.

    Works a block of slices at a time, so that no copy of the whole is held.
    """
    fi, fj, fk = factors
    planes = []
    for k in range(0, array.shape[2], fk):
        block = array[:, :, k : k + fk].mean(axis=2, dtype=np.float32)
        rows = np.add.reduceat(block, range(0, block.shape[0], fi), axis=0)
        sums = np.add.reduceat(rows, range(0, block.shape[1], fj), axis=1)
        counts = np.outer(_counts(block.shape[0], fi), _counts(block.shape[1], fj))
        planes.append(np.rint(sums / counts).astype(np.int16))
    return np.stack(planes, axis=2)


def _counts(length: int, factor: int) -> NDArray[np.int64]:
    return np.diff(np.append(np.arange(0, length, factor), length))
