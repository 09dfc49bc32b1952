"""Whose turn it is: by priority, then owners in turn, then by age."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.webapp.storage.support import add
from webapp.enumerations import Priority
from webapp.storage.queue.order import Waiting, in_order
from webapp.storage.store import Store


def order(jobs: str, **turns: int) -> str:
    """Order of jobs written as owner and priority, such as ``"a1 a1 b1"``; they came in this order."""
    waiting = [Waiting(str(n), job[0], int(job[1]), n) for n, job in enumerate(jobs.split())]
    return " ".join(f"{job.owner}{job.id}" for job in in_order(reversed(waiting), turns))


@pytest.mark.parametrize(
    ("jobs", "turns", "expected"),
    [
        ("a1 a1 a1", {}, "a0 a1 a2"),
        ("a1 a1 a1 b1", {}, "a0 b3 a1 a2"),
        ("a1 a1 b1 b1 c1", {}, "a0 b2 c4 a1 b3"),
        ("a1 a1 b1", {"a": 7}, "b2 a0 a1"),  # b has had no turn yet
        ("a1 b1", {"a": 3, "b": 9}, "a0 b1"),
        ("b1 a1", {"a": 3, "b": 9}, "a1 b0"),
        ("a2 a1 b2 a0", {}, "a3 a1 b2 a0"),  # urgent, normal, then the batches; a has had two turns by then
    ],
)
def test_owners_take_turns_within_a_priority(jobs: str, turns: dict[str, int], expected: str):
    assert order(jobs, **turns) == expected


@pytest.fixture
def store(tmp_path: Path, database_url: str) -> Store:
    store = Store(tmp_path, database_url)
    yield store
    store.close()


def queue(store: Store, owner: str, priority: Priority = "normal") -> str:
    return store.jobs.add(add(store).id, owner=owner, priority=priority).id


def test_jobs_are_claimed_in_the_order_that_their_places_say(store: Store):
    jobs = [queue(store, "anna") for _ in range(3)]
    jobs += [queue(store, "bo"), queue(store, "bo", "batch"), queue(store, "anna", "urgent")]
    places = {job: store.jobs.get(job).place for job in jobs}
    assert sorted(places.values()) == [1, 2, 3, 4, 5, 6]
    claimed = []
    while (job := store.jobs.claim()) is not None:
        claimed.append(job.id)
        assert store.jobs.get(job.id).place is None
        store.jobs.finish(job.id, "cancelled")
    assert claimed == sorted(jobs, key=places.__getitem__)
    assert claimed == [jobs[5], jobs[3], jobs[0], jobs[1], jobs[2], jobs[4]]


def test_a_waiting_job_says_when_it_will_have_ended(store: Store):
    first, second = queue(store, "anna"), queue(store, "anna")
    assert store.jobs.get(second).eta_s is None  # nobody knows how long a job takes
    store.jobs.claim()
    store.jobs.update(first, started_at=1000.0)
    store.jobs.update(first, state="done", finished_at=1060.0)
    assert store.jobs.get(second).eta_s == pytest.approx(60.0)
    third = queue(store, "bo")
    store.jobs.claim()
    running = next(job for job in (second, third) if store.jobs.get(job).state == "running")
    store.jobs.update(running, eta_s=25.0)
    waiting = second if running == third else third
    assert store.jobs.get(waiting).eta_s == pytest.approx(85.0)
    [listed] = [each.latest_job for each in store.studies.page() if each.latest_job.id == waiting]
    assert (listed.place, listed.eta_s) == (1, pytest.approx(85.0))


def test_a_job_that_is_given_back_keeps_its_place(store: Store):
    first, second = queue(store, "anna"), queue(store, "bo")
    assert store.jobs.claim().id == first
    store.jobs.give_back_running()
    assert [store.jobs.get(job).place for job in (first, second)] == [1, 2]
    assert store.jobs.claim().id == first


def test_a_waiting_job_gets_another_priority_and_a_running_one_keeps_its_own(store: Store):
    running, _, last = (queue(store, "anna") for _ in range(3))
    store.jobs.claim()
    assert store.jobs.reprioritise(last, "urgent").place == 1
    assert store.jobs.reprioritise(running, "urgent").priority == "normal"
    assert store.jobs.claim().id == last


def test_with_workers_side_by_side_the_wait_is_shorter(store: Store):
    ended = queue(store, "anna")
    store.jobs.claim()
    store.jobs.update(ended, state="done", started_at=1000.0, finished_at=1060.0)
    running = [queue(store, "anna"), queue(store, "bert")]
    for left_s in (20.0, 40.0):
        store.jobs.update(store.jobs.claim().id, eta_s=left_s)
    waiting = [queue(store, "anna") for _ in range(3)]
    assert {store.jobs.get(job).state for job in running} == {"running"}
    assert [store.jobs.get(job).eta_s for job in waiting] == [pytest.approx(seconds) for seconds in (80.0, 80.0, 140.0)]
