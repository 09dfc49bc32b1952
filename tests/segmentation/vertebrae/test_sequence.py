"""Names of a row of vertebrae: the likeliest path, what it costs to leave the usual order, and what stays open."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from segmentation.core.labels import NUMBERS
from segmentation.vertebrae.sequence import STATES, Path, name_row, shared, shifted


def seen(names: str, certainty: float = 0.6) -> NDArray[np.float64]:
    """Log-probabilities of vertebrae that look like ``names``, and a little like their neighbours."""
    rows = []
    for name in names.split():
        number = NUMBERS[name]
        p = np.full(25, 0.002)
        p[max(0, number - 2) : number + 1] = (1 - certainty) / 2
        p[number - 1] = certainty
        rows.append(np.log(p / p.sum()))
    return np.array(rows)


def names_of(numbers: tuple[int, ...]) -> str:
    by_number = {number: name for name, number in NUMBERS.items()}
    return " ".join(by_number[n] for n in numbers)


def test_a_row_is_named_in_order_even_if_one_vertebra_looks_like_another():
    looks = seen("T10 T11 T11 L1 L2")
    best = name_row(looks, [1, 1, 1, 1], sacrum_below=False)[0]
    assert names_of(best.numbers) == "T10 T11 T12 L1 L2"


def test_the_sacrum_decides_between_two_namings():
    looks = seen("L1 L2 L3 L4", 0.45)
    assert names_of(name_row(looks, [1, 1, 1], sacrum_below=False)[0].numbers) == "L1 L2 L3 L4"
    looks = np.logaddexp(looks, seen("L2 L3 L4 L5", 0.45))
    best = name_row(looks, [1, 1, 1], sacrum_below=True)[0]
    assert names_of(best.numbers) == "L2 L3 L4 L5"


def test_below_the_skull_base_a_row_begins_with_the_first_cervical_vertebra():
    looks = np.logaddexp(seen("C1 C2 C3 C4", 0.45), seen("C2 C3 C4 C5", 0.55))
    assert names_of(name_row(looks, [1, 1, 1], sacrum_below=False)[0].numbers) == "C2 C3 C4 C5"
    best = name_row(looks, [1, 1, 1], sacrum_below=False, skull_above=True)[0]
    assert names_of(best.numbers) == "C1 C2 C3 C4"


def test_a_sixth_lumbar_vertebra_is_allowed_where_all_say_so():
    assert names_of(name_row(seen("L3 L4 L5 L6", 0.9), [1, 1, 1], sacrum_below=True)[0].numbers) == "L3 L4 L5 L6"


def test_a_missing_twelfth_thoracic_vertebra_is_allowed_where_all_say_so():
    looks = seen("T9 T10 T11 L1 L2 L3 L4 L5", 0.9)
    best = name_row(looks, [1.0] * 7, sacrum_below=True)[0]
    assert names_of(best.numbers) == "T9 T10 T11 L1 L2 L3 L4 L5"


def test_a_long_step_leaves_out_a_vertebra_that_the_mask_lacks():
    best = name_row(seen("T5 T6 T8 T9"), [1, 2.0, 1], sacrum_below=False)[0]
    assert names_of(best.numbers) == "T5 T6 T8 T9"


def test_namings_are_ordered_and_differ_in_their_first_vertebra():
    paths = name_row(seen("T5 T6 T7", 0.4), [1, 1], sacrum_below=False)
    assert len({path.numbers[0] for path in paths}) == len(paths) == 3
    assert [path.probability for path in paths] == sorted((path.probability for path in paths), reverse=True)
    assert paths[0].probability < 0.9  # neighbours look alike


@pytest.mark.parametrize("seed", range(5))
def test_every_path_only_goes_down(seed: int):
    rng = np.random.default_rng(seed)
    looks = np.log(rng.dirichlet(np.ones(25), size=9))
    for path in name_row(looks, list(rng.uniform(0.6, 2.2, 8)), sacrum_below=bool(seed % 2), top=20):
        rows = [STATES.index(number) for number in path.numbers]
        assert all(below > above for above, below in itertools.pairwise(rows))


def test_no_vertebra_makes_no_naming():
    assert name_row(np.empty((0, 25)), [], sacrum_below=False) == []


def test_a_row_is_shifted_by_one_level_or_not_at_all():
    row = (NUMBERS["T11"], NUMBERS["T12"], NUMBERS["L1"])
    assert shifted(row, 1) == (NUMBERS["T12"], NUMBERS["L1"], NUMBERS["L2"])
    assert shifted(row, -1) == (NUMBERS["T10"], NUMBERS["T11"], NUMBERS["T12"])
    assert shifted((1, 2), -1) is None


def test_what_is_seen_above_the_first_vertebra_speaks_for_the_atlas():
    looks = np.logaddexp(seen("C1 C2 C3"), seen("C2 C3 C4"))
    assert names_of(name_row(looks, [1, 1], sacrum_below=False, goes_on_above=True)[0].numbers) == "C1 C2 C3"
    thoracic = name_row(seen("T1 T2 T3"), [1, 1], sacrum_below=False, goes_on_above=True)[0]
    assert names_of(thoracic.numbers) == "T1 T2 T3"


def test_ribs_seen_beside_some_say_where_the_chest_ends():
    looks = np.logaddexp(seen("T10 T11 T12 L1", 0.5), seen("T9 T10 T11 T12", 0.5))
    as_seen = [True, False, False, False]
    assert names_of(name_row(looks, [1, 1, 1], False, ribs=as_seen)[0].numbers) == "T10 T11 T12 L1"
    as_seen = [True, True, False, False]
    assert names_of(name_row(looks, [1, 1, 1], False, ribs=as_seen)[0].numbers) == "T9 T10 T11 T12"
    nothing = [False] * 4
    assert name_row(looks, [1, 1, 1], False, ribs=nothing) == name_row(looks, [1, 1, 1], False)


def test_namings_of_different_rows_share_their_probability():
    paths = shared([Path((20, 21), 0.0, -1.0), Path((20, 21, 22), 0.0, np.log(3) - 1.0)])
    assert [path.numbers for path in paths] == [(20, 21, 22), (20, 21)]
    assert [path.probability for path in paths] == pytest.approx([0.75, 0.25])
