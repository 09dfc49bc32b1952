"""New names for vertebrae: what a person would write down."""

from __future__ import annotations

import pytest

from segmentation.core.labels import NUMBERS
from segmentation.vertebrae.renaming import BadRenaming, moved, renamed


def numbers(names: str) -> list[int]:
    return [NUMBERS[name] for name in names.split()]


@pytest.mark.parametrize(
    ("before", "by", "after"),
    [
        ("T11 T12 L1 L2", 1, "T12 L1 L2 L3"),
        ("T11 T12 L1 L2", -1, "T10 T11 T12 L1"),
        ("L4 L5 sacrum", 1, "L5 L6 sacrum"),
        ("C6 C7 T1", -1, "C5 C6 C7"),
        ("T12 T13 L1", 1, "T13 L1 L2"),
    ],
)
def test_all_move_by_a_level_and_the_sacrum_stays(before: str, by: int, after: str) -> None:
    found = moved(numbers(before), by)
    assert [found.get(number, number) for number in numbers(before)] == numbers(after)


@pytest.mark.parametrize(("names", "by"), [("C1 C2", -1), ("L5 L6", 1)])
def test_a_row_stays_within_the_spine(names: str, by: int) -> None:
    with pytest.raises(BadRenaming):
        moved(numbers(names), by)


def test_one_is_called_something_else_alone_or_with_all_others() -> None:
    row = numbers("T12 L1 L2 sacrum")
    assert renamed(row, NUMBERS["L2"], NUMBERS["L3"], follow=False) == {NUMBERS["L2"]: NUMBERS["L3"]}
    follows = renamed(row, NUMBERS["L2"], NUMBERS["L4"], follow=True)
    assert [follows.get(number, number) for number in row] == numbers("L2 L3 L4 sacrum")


def test_two_are_never_called_alike_and_a_sacrum_is_no_level() -> None:
    row = numbers("T12 L1 L2")
    for label, to in (("L1", "L2"), ("L5", "L4"), ("L1", "sacrum")):
        with pytest.raises(BadRenaming):
            renamed(row, NUMBERS[label], NUMBERS[to], follow=False)
