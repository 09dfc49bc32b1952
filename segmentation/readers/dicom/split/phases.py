"""Tell apart several volumes at the same positions by whatever the header says of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from itertools import combinations, pairwise

from segmentation.readers.dicom.frames.frame import Frame
from segmentation.readers.dicom.layout import SAME_PLACE_MM, distances
from segmentation.readers.dicom.split.copies import same_pixels

Key = Callable[[Frame], Hashable]
Accept = Callable[[Sequence[Frame]], bool]
# What may tell apart pictures that are no volume together, in the order in which it is tried.
_KEYS: tuple[Key, ...] = (
    lambda frame: frame.acquisition,
    lambda frame: frame.temporal,
    lambda frame: frame.stack,
    lambda frame: frame.kernel,
    lambda frame: frame.image_type,
    lambda frame: frame.trigger,
    lambda frame: frame.scan_options,
    lambda frame: frame.kvp,
    lambda frame: frame.acquired,
    lambda frame: frame.made,
)
# Where each image has a time or number of its own, later volumes are those that come later at each position.
_ORDERS: tuple[Callable[[Frame], float], ...] = (
    lambda frame: frame.acquired,
    lambda frame: frame.made,
    lambda frame: float(frame.instance_number),
)


def by_header(frames: Sequence[Frame], accept: Accept) -> list[list[Frame]] | None:
    """Split by the first attribute, or pair of attributes, each of whose values has images that ``accept`` takes."""
    pairs = [_pair(one, other) for one, other in combinations(_KEYS, 2)]
    for key in (*_KEYS, *pairs):
        parts: dict[Hashable, list[Frame]] = defaultdict(list)
        for frame in frames:
            parts[key(frame)].append(frame)
        if len(parts) > 1 and all(len(part) > 1 and accept(part) for part in parts.values()):
            return list(parts.values())
    return None


def by_order(frames: Sequence[Frame], accept: Accept) -> list[list[Frame]] | None:
    """Split different pictures at the same positions into rounds, each later than the one before.

    Copies are no rounds: nothing is split if all pictures at one place are the same.
    """
    places = _places(frames)
    if all(same_pixels(place[0], other) for place in places for other in place[1:]):
        return None
    for order in _ORDERS:
        rounds: dict[int, list[Frame]] = defaultdict(list)
        for place in places:
            for number, frame in enumerate(sorted(place, key=order)):
                rounds[number].append(frame)
        parts = list(rounds.values())
        later = all(max(map(order, one)) < min(map(order, other)) for one, other in pairwise(parts))
        if len(parts) > 1 and later and all(len(part) > 1 and accept(part) for part in parts):
            return parts
    return None


def by_any_attribute(frames: Sequence[Frame], accept: Accept) -> list[list[Frame]] | None:
    """Split single images by the first attribute of their headers, private ones too, that tells all volumes apart.

    What each image has for itself, such as a UID or a number, tells none apart.
    """
    from segmentation.readers.dicom.headers import texts_of  # with pydicom, which a listing alone does not need

    most = max(map(len, _places(frames)))
    if any(frame.of > 1 for frame in frames):
        return None
    texts = [texts_of(frame.path) for frame in frames]
    for tag in sorted(set().union(*texts)):
        parts: dict[str, list[Frame]] = defaultdict(list)
        for frame, own in zip(frames, texts, strict=True):
            parts[own.get(tag, "")].append(frame)
        if len(parts) == most and all(len(part) > 1 and accept(part) for part in parts.values()):
            return list(parts.values())
    return None


def by_turn(frames: Sequence[Frame], accept: Accept) -> list[list[Frame]] | None:
    """Split different pictures at the same positions by their turn there, where their numbers follow each other."""
    places = [sorted(place, key=lambda frame: frame.instance_number) for place in _places(frames)]
    count = len(places[0])
    for place in places:
        numbers = [frame.instance_number for frame in place]
        if len(place) != count or numbers != list(range(numbers[0], numbers[0] + count)):
            return None
    if count < 2 or all(same_pixels(place[0], other) for place in places for other in place[1:]):
        return None
    parts = [list(part) for part in zip(*places, strict=True)]
    return parts if all(len(part) > 1 and accept(part) for part in parts) else None


def _pair(one: Key, other: Key) -> Key:
    return lambda frame: (one(frame), other(frame))


def _places(frames: Sequence[Frame]) -> list[list[Frame]]:
    """Gather the frames that lie at one position, by position."""
    along = distances(frames)
    places: list[list[Frame]] = []
    last = float("-inf")
    for number in sorted(range(len(frames)), key=lambda n: float(along[n])):
        if along[number] - last < SAME_PLACE_MM:
            places[-1].append(frames[number])
        else:
            places.append([frames[number]])
            last = float(along[number])
    return places
