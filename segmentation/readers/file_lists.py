"""Names of the files that a detached header of NRRD or MetaImage names: one, a list, or a numbered pattern.

Formats: https://teem.sourceforge.net/nrrd/format.html ("Detached headers") and MetaIO's ``ElementDataFile``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from segmentation.core.errors import UnreadableFile, UnsupportedFormat

_MOST_FILES = 50_000
_NUMBERED = re.compile(r"[^%]*%0?\d{0,2}(\.\d{1,2})?[diu][^%]*")  # as C's printf has it
_WHOLE = re.compile(r"-?\d{1,9}")


def nrrd_files(text: str, following: Sequence[str], sizes: Sequence[int], name: str) -> list[str]:
    """Return the names of ``data file: text``, in the order of their voxels.

    Args:
        text: One name; ``LIST [<dimensions>]``; or ``<pattern> <min> <max> <step> [<dimensions>]``, where each file has
            that many of the axes, by default all but the slowest one.
        following: Lines after it, which are the names of a list, up to an empty one.
        sizes: Of all axes, the fastest first.
        name: Of the header.

    Raises:
        UnsupportedFormat: a pattern that is none.
        UnreadableFile: more or fewer files than the sizes need.
    """
    words = text.split()
    if words[:1] == ["LIST"]:
        names = following[: list(following).index("")] if "" in following else list(following)
        numbers = words[1:]
    elif len(words) in (4, 5) and "%" in words[0]:
        names, numbers = _counted(words[0], words[1:4], text, name), words[4:]
    else:
        return [text]
    if len(numbers) > 1 or not all(_WHOLE.fullmatch(number) for number in numbers):
        raise UnsupportedFormat("header.file_pattern", name=name, pattern=text)
    dimensions = int(numbers[0]) if numbers else max(len(sizes) - 1, 1)
    if not 0 < dimensions <= len(sizes):
        raise UnreadableFile("header.contradicts_itself", name=name)
    if dimensions == len(sizes):  # slabs of equal thickness
        needed = len(names) if names and sizes[-1] % len(names) == 0 else sizes[-1]
    else:
        needed = math.prod(sizes[dimensions:])
    return _of_count(names, needed, name)


def metaimage_files(text: str, following: Sequence[str], sizes: Sequence[int], name: str) -> list[str]:
    """Return the names of ``ElementDataFile = text``, each of all axes but the slowest, in the order of their voxels.

    Args:
        text: One name; ``LIST``; or ``<pattern> [<min> [<max> [<step>]]]``, from 1 by 1 to as many as there are slices
            where it does not say.
        following: Lines after it, which are the names of a list.
        sizes: Of all axes, the fastest first.
        name: Of the header.

    Raises:
        UnsupportedFormat: a pattern that is none, or files of other axes.
        UnreadableFile: more or fewer files than the sizes need.
    """
    words = text.split()
    slices = sizes[-1] if sizes else 0
    if words[:1] == ["LIST"]:
        if words[1:] not in ([], [str(len(sizes) - 1)]):
            raise UnsupportedFormat("header.file_pattern", name=name, pattern=text)
        return _of_count([line for line in following if line], slices, name)
    if "%" not in text:
        return [text]
    if not 1 <= len(words) <= 4:
        raise UnsupportedFormat("header.file_pattern", name=name, pattern=text)
    first, last, step = (words[n] if len(words) > n else "" for n in (1, 2, 3))
    if not last and _WHOLE.fullmatch(first or "1"):
        last = str(int(first or "1") + slices - 1)
    return _of_count(_counted(words[0], (first or "1", last, step or "1"), text, name), slices, name)


def _counted(pattern: str, numbers: Sequence[str], text: str, name: str) -> list[str]:
    """Return the pattern with each number from the first of three up to the second, in steps of the third."""
    if not (_NUMBERED.fullmatch(pattern) and all(_WHOLE.fullmatch(number) for number in numbers)) or not int(
        numbers[2]
    ):
        raise UnsupportedFormat("header.file_pattern", name=name, pattern=text)
    first, last, step = map(int, numbers)
    counted = range(first, last + (1 if step > 0 else -1), step)
    return [pattern % number for number in counted[: _MOST_FILES + 1]]


def _of_count(names: Sequence[str], needed: int, name: str) -> list[str]:
    if not 0 < needed == len(names) <= _MOST_FILES:
        raise UnreadableFile("header.file_count", name=name, count=len(names), needed=needed)
    return list(names)
