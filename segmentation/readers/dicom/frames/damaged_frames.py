"""Plan a volume without its damaged images: one is interpolated like a missing slice, more are refused and named."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from segmentation.core.errors import InputError, UnreadableFile
from segmentation.core.messages import Message
from segmentation.core.notes import Note, note
from segmentation.readers.dicom.frames.frame import Frame
from segmentation.readers.dicom.layout import Layout, distances, lay_out

_MOST_RUNS = 5


def lay_out_without(
    damaged: Collection[Frame], frames: Sequence[Frame], name: Message
) -> tuple[Layout, tuple[Note, ...]]:
    """Plan a volume from ``frames`` whose ``damaged`` ones cannot be decoded, with notes on what was done about them.

    An image inside the series is interpolated from its neighbours; one at an end is left out, which makes the volume
    one slice shorter; one that has an undamaged copy at its place is replaced by that.

    Raises:
        UnreadableFile: more than one slice is lost, or one whose place cannot be filled.
    """
    whole = lay_out(frames, name)
    copied = {number for number, duplicate in whole.duplicates if duplicate not in damaged}
    lost = [number for number, frame in enumerate(whole.frames) if frame in damaged and number not in copied]
    if len(lost) > 1:
        raise UnreadableFile(
            "dicom.images_damaged", count=len(lost), name=name, slices=_runs(lost), total=len(whole.frames)
        )
    try:
        layout = lay_out([frame for frame in frames if frame not in damaged], name)
    except InputError as error:
        raise UnreadableFile(
            "dicom.image_irreplaceable", name=name, slices=_runs(lost), total=len(whole.frames)
        ) from error
    notes = [_remark(whole, number) for number in lost]
    if copies := len(damaged) - len(lost):
        notes.append(note("damaged_copy", count=copies))
    return layout, tuple(notes)


def _remark(layout: Layout, number: int) -> Note:
    at_an_end = number in (0, len(layout.frames) - 1)
    position = round(float(distances(layout.frames)[number]), 1)
    return note("damaged_end" if at_an_end else "damaged", position=position)


def _runs(numbers: Iterable[int]) -> Message:
    """Format slices from 0, ascending, as a person counts them: ``"3, 5 to 9 and 12"``."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    words = [
        Message.of("slices.one", number=a + 1) if a == b else Message.of("slices.range", first=a + 1, last=b + 1)
        for a, b in runs
    ]
    if len(words) > _MOST_RUNS:
        words[_MOST_RUNS - 1 :] = [Message("slices.others")]
    return words[0] if len(words) == 1 else Message.of("join.and", first=words[:-1], last=words[-1])
