"""Recognise slabs: parts of a scan that continue each other and share the positions where they meet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from itertools import pairwise

import numpy as np

from segmentation.readers.dicom.frames.frame import Frame
from segmentation.readers.dicom.layout import SAME_PLACE_MM, distances


def are_slabs(frames: Sequence[Frame]) -> bool:
    """Tell whether frames that lie partly at one place are slabs of one scan, each going on where another ends.

    Slabs are told apart by acquisition, stack, times or the order of their numbers. Two neighbours share fewer than
    half of the positions of the smaller one, and are of one kernel and kind: pictures of two phases or
    reconstructions share all of them.
    """
    if len({(frame.kernel, frame.image_type, frame.kvp) for frame in frames}) > 1:
        return False
    keys: tuple[Callable[[Frame], Hashable], ...] = (
        lambda frame: frame.acquisition,
        lambda frame: frame.stack,
        lambda frame: frame.acquired,
        lambda frame: frame.made,
    )
    splits = [_by(key, frames) for key in keys]
    return any(map(_continue_each_other, [*splits, _runs(frames)]))


def _by(key: Callable[[Frame], Hashable], frames: Sequence[Frame]) -> list[list[Frame]]:
    parts: dict[Hashable, list[Frame]] = defaultdict(list)
    for frame in frames:
        parts[key(frame)].append(frame)
    return list(parts.values())


def _runs(frames: Sequence[Frame]) -> list[list[Frame]]:
    """Cut frames in the order of their numbers wherever the table stops or turns back."""
    ordered = sorted(frames, key=lambda frame: frame.instance_number)
    along = distances(ordered)
    runs, direction = [[ordered[0]]], 0.0
    for number, step in enumerate(np.diff(along), 1):
        turned = abs(step) < SAME_PLACE_MM or direction * step < 0
        if turned:
            runs.append([])
        direction = 0.0 if turned else float(np.sign(step))
        runs[-1].append(ordered[number])
    return runs


def _continue_each_other(parts: Sequence[Sequence[Frame]]) -> bool:
    if len(parts) < 2:
        return False
    normal_of = parts[0][0]
    heights = [np.sort(distances([normal_of, *part])[1:]) for part in parts]
    if any((np.diff(height) < SAME_PLACE_MM).any() for height in heights):
        return False
    heights.sort(key=lambda height: (float(height[0]), float(height[-1])))
    for lower, upper in pairwise(heights):
        inside = int(np.count_nonzero(upper <= lower[-1] + SAME_PLACE_MM))
        shared = int(np.count_nonzero(lower >= upper[0] - SAME_PLACE_MM))
        if 2 * max(inside, shared) >= min(len(lower), len(upper)):
            return False
    return all(two[0] > zero[-1] for zero, two in zip(heights, heights[2:], strict=False))
