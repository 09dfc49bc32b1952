"""New names for vertebrae: a whole row moved by a level, or one vertebra called something else (pure)."""

from __future__ import annotations

from collections.abc import Iterable

from segmentation.core.errors import InputError
from segmentation.core.labels import COCCYX, HEAD_TO_FOOT, NUMBERS, SACRUM, label_of

_T13 = NUMBERS["T13"]


class BadRenaming(InputError):
    """Names that no row of vertebrae can have."""

    code = "bad_renaming"


def moved(labels: Iterable[int], by: int) -> dict[int, int]:
    """Number each vertebra of a row ``by`` levels farther down; sacrum and coccyx keep theirs.

    Args:
        labels: VerSe numbers that occur. T13 is a level of its own where it is among them.
        by: 1 makes L1 of T12, -1 T12 of L1.

    Returns:
        The new number of each vertebra, by its old one.

    Raises:
        BadRenaming: the row would begin above C1 or end below L6.
    """
    present = [label for label in labels if label not in (SACRUM, COCCYX)]
    order = _order(present)
    places = {label: order.index(label) + by for label in present}
    if not all(0 <= place < len(order) for place in places.values()):
        raise BadRenaming("levels.no_room")
    return {label: order[place] for label, place in places.items()}


def renamed(labels: Iterable[int], label: int, to: int, follow: bool) -> dict[int, int]:
    """Number one vertebra anew, and if the others ``follow``, all of them by as many levels.

    Args:
        labels: VerSe numbers that occur.
        label: One of them.
        to: Its new number, of a vertebra.
        follow: Whether the rest of the row moves with it.

    Returns:
        The new number of each vertebra that gets one, by its old one.

    Raises:
        BadRenaming: there is no such vertebra, another one is called so, or a row that follows has no room.
    """
    present = list(labels)
    order = _order([*present, to])
    if label not in present or label not in order or to not in order:
        raise BadRenaming("levels.unknown")
    if follow:
        return moved([*present, *([to] if to == _T13 else [])], order.index(to) - order.index(label))
    if to in present and to != label:
        raise BadRenaming("levels.taken", name=label_of(to).name)
    return {label: to}


def _order(labels: Iterable[int]) -> list[int]:
    """List the VerSe numbers of vertebrae from head to foot, T13 only where it occurs."""
    known = [NUMBERS[name] for name in HEAD_TO_FOOT]
    return [n for n in known if n not in (SACRUM, COCCYX) and (n != _T13 or _T13 in labels)]
