"""Tell apart images of different patients, studies and frames of reference that share a SeriesInstanceUID."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence

from segmentation.readers.dicom.frames.frame import Frame

_KEYS: tuple[Callable[[Frame], str], ...] = (
    lambda frame: frame.patient[0],
    lambda frame: frame.patient[1],
    lambda frame: frame.patient[2],
    lambda frame: frame.study_uid,
)


def by_identity(frames: Sequence[Frame]) -> list[list[Frame]]:
    """Split frames by patient and study, then by frame of reference; one of its own for each image is no difference.

    De-identifying programs give each image a new FrameOfReferenceUID; positions of such images still belong together.
    """
    groups = [list(frames)]
    for key in _KEYS:
        groups = [part for each in groups for part in _by(key, each)]
    return [part for each in groups for part in _by_frame_of_reference(each)]


def _by(key: Callable[[Frame], str], frames: list[Frame]) -> list[list[Frame]]:
    """Split by a text; where it names one thing at most, those without it belong to the others."""
    parts: dict[str, list[Frame]] = defaultdict(list)
    for frame in frames:
        parts[key(frame)].append(frame)
    return list(parts.values()) if len(parts.keys() - {""}) > 1 else [frames]


def _by_frame_of_reference(frames: list[Frame]) -> list[list[Frame]]:
    files = {frame.path: frame.frame_of_reference for frame in frames}
    uses = Counter(uid for uid in files.values() if uid)
    if uses and max(uses.values()) == 1 and all(frame.of == 1 for frame in frames):
        return [frames]
    return _by(lambda frame: frame.frame_of_reference, frames)
