"""What ``spineview segment --vertebrae FILE`` writes and prints."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from segmentation.core.labels import label_of
from segmentation.core.volume import LabelMap
from segmentation.writers.mask import write_mask

if TYPE_CHECKING:
    from segmentation.vertebrae.named_spine import NamedSpine


def write_vertebrae(spine: LabelMap, path: Path | None) -> LabelMap:
    """Write and describe the vertebra map, if asked for; return the map that meshes and objects are made of.

    That is the vertebra map, or the spine mask where no vertebrae were asked for.
    """
    named = named_of(spine)
    if path is None or named is None:
        return spine
    vertebra_map = LabelMap(named.labels, spine.grid, "vertebrae", spine.header)
    write_mask(vertebra_map, path)
    print(f"{path}: {describe(named)}")
    return vertebra_map


def named_of(spine: LabelMap) -> NamedSpine | None:
    """Return the vertebrae of a segmentation; None where nothing was to be named."""
    from segmentation.vertebrae.named_spine import SegmentedSpine

    return spine.vertebrae if isinstance(spine, SegmentedSpine) else None


def describe(named: NamedSpine) -> str:
    """Say in one line which vertebrae there are, how sure that is, and what else they may be."""
    from segmentation.vertebrae.named_spine import sequence_message

    if not named.vertebrae:
        return "no vertebra was found"
    names = f"{_ends([one.label for one in named.vertebrae])} ({len(named.vertebrae)} vertebrae)"
    sentence = sequence_message(named.reason).text()
    if named.sure:
        return f"{names}, names sure: {sentence}"
    others = ", ".join(f"{_ends(other.labels)} ({other.probability:.0%})" for other in named.alternatives[:2])
    return f"{names}, names unsure: {sentence}" + (f" Else {others}." if others else "")


def _ends(labels: list[int] | tuple[int, ...]) -> str:
    first, last = label_of(labels[0]).name, label_of(labels[-1]).name
    return first if len(labels) == 1 else f"{first}-{last}"
