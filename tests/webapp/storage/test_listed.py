from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.webapp.storage.support import add, complete
from webapp.storage.listed import ListedStudies
from webapp.storage.reviews import Fields
from webapp.storage.store import Store


@pytest.fixture
def store(tmp_path: Path, database_url: str) -> Iterator[Store]:
    store = Store(tmp_path / "data", database_url)
    yield store
    store.close()


def anew(store: Store) -> list:
    """The list as somebody reads it who remembers nothing."""
    return ListedStudies(store.studies._database).read()


def review(store: Store, study_id: str) -> None:
    store.reviews.add(study_id, Fields("needs_work", [0.0, 0.0, 0.0], "", "", None), "ann")


CHANGES: dict[str, Callable[[Store, str], object]] = {
    "renamed": lambda store, study: store.studies.rename(study, "spine 2"),
    "reviewed": review,
    "queued": lambda store, study: store.jobs.add(study),
    "segmented": lambda store, study: complete(store, store.studies.get(study)),
    "deleted": lambda store, study: store.studies.delete(study),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_changed_is_listed_anew_and_nothing_else(store: Store, change: str):
    first, second = (add(store, name) for name in ("a.nii", "b.nii"))
    complete(store, first)
    before = {each.study.id: each for each in store.studies.page()}
    CHANGES[change](store, first.id)
    after = store.studies.page()
    assert after == anew(store)
    listed = {each.study.id: each for each in after}
    assert listed[second.id] is before[second.id]
    assert listed.get(first.id) != before[first.id]


def test_a_job_that_waits_is_read_each_time_for_the_others_before_it_go(store: Store):
    first, second = (add(store, name) for name in ("a.nii", "b.nii"))
    job = store.jobs.add(first.id)
    store.jobs.add(second.id)
    assert [each.latest_job.place for each in store.studies.page()] == [2, 1]
    complete(store, first, job.id)
    assert [each.latest_job.place for each in store.studies.page()] == [1, None]


def test_of_more_studies_than_it_keeps_it_lists_all(store: Store, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("webapp.storage.listed.KEPT", 2)
    for n in range(5):
        add(store, f"{n}.nii")
    assert store.studies.page() == store.studies.page() == anew(store)
