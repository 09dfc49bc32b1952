"""Changed blocks of a mask as bytes: boxes of labels on the displayed grid, deflated (zlib, RFC 1950)."""

from __future__ import annotations

import zlib
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segmentation.core.geometry import Shape3
from webapp.http.errors import WebError

MOST_BYTES = 16 << 20  # of the boxes of one body, inflated
_HEAD = np.dtype("<u2"), 6


@dataclass(frozen=True, eq=False)
class Block:
    """One box of labels.

    Attributes:
        first: Its lowest voxel (i, j, k) on the displayed grid.
        labels: (I, J, K) uint8.
    """

    first: Shape3
    labels: NDArray[np.uint8]


def encode_blocks(blocks: list[Block]) -> bytes:
    """Write blocks as ``decode_blocks`` reads them."""
    parts = []
    for block in blocks:
        parts.append(np.array([*block.first, *block.labels.shape], dtype=_HEAD[0]).tobytes())
        parts.append(block.labels.astype(np.uint8).tobytes(order="F"))
    return zlib.compress(b"".join(parts))


def decode_blocks(data: bytes, shape: Shape3, known: Collection[int]) -> list[Block]:
    """Read blocks, and check them.

    Args:
        data: Deflated; of each block six little-endian uint16, its first voxel and its size along i, j, k, and then
            its labels, uint8, i fastest. The blocks follow each other.
        shape: Of the displayed grid.
        known: Labels that the mask may hold, beside 0.

    Raises:
        WebError: 400, the bytes are no blocks, a block reaches out of the grid or holds another label; 413, they are
            more than 16 MiB.
    """
    content = _inflated(data)
    blocks, at = [], 0
    while at < len(content):
        block, at = _read(content, at)
        if any(low + size > end for low, size, end in zip(block.first, block.labels.shape, shape, strict=True)):
            raise WebError(400, "bad_blocks", "edits.outside")
        blocks.append(block)
    allowed = np.zeros(256, dtype=bool)
    allowed[[0, *known]] = True
    for block in blocks:
        if not allowed[block.labels].all():
            wrong = int(block.labels[~allowed[block.labels]][0])
            raise WebError(400, "bad_blocks", "edits.unknown_label", label=wrong)
    if not blocks:
        raise WebError(400, "bad_blocks", "edits.no_blocks")
    return blocks


def apply_blocks(blocks: list[Block], displayed: NDArray[np.uint8]) -> None:
    """Write blocks into (I, J, K) labels on the displayed grid."""
    for block in blocks:
        box = tuple(slice(low, low + size) for low, size in zip(block.first, block.labels.shape, strict=True))
        displayed[box] = block.labels


def _inflated(data: bytes) -> bytes:
    stream = zlib.decompressobj()
    try:
        content = stream.decompress(data, MOST_BYTES)
    except zlib.error:
        raise WebError(400, "bad_blocks", "edits.no_blocks") from None
    if stream.unconsumed_tail:
        raise WebError(413, "too_large", "edits.too_large", limit=MOST_BYTES >> 20)
    if not stream.eof or stream.unused_data:
        raise WebError(400, "bad_blocks", "edits.no_blocks")
    return content


def _read(content: bytes, at: int) -> tuple[Block, int]:
    kind, count = _HEAD
    begin = at + kind.itemsize * count
    if begin > len(content):
        raise WebError(400, "bad_blocks", "edits.no_blocks")
    i, j, k, *size = (int(n) for n in np.frombuffer(content, kind, count, at))
    end = begin + size[0] * size[1] * size[2]
    if end > len(content) or end == begin:
        raise WebError(400, "bad_blocks", "edits.no_blocks")
    labels = np.frombuffer(content, np.uint8, end - begin, begin).reshape(size, order="F")
    return Block((i, j, k), labels), end
