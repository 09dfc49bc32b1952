from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from segmentation.core.errors import BadConfiguration, Problem
from segmentation.core.messages import Message
from segmentation.inference.confidence import Confidence, Reason
from tests.webapp.storage.support import add, mask_of
from webapp.storage.jobs import LOG_LINES
from webapp.storage.store import Store


@pytest.fixture
def store(tmp_path: Path, database_url: str) -> Iterator[Store]:
    store = Store(tmp_path, database_url)
    yield store
    store.close()


def test_a_study_comes_back_as_it_went_in(store: Store):
    study = add(store)
    assert store.studies.get(study.id) == study
    assert (store.folder(study.id) / "original.nii").read_bytes() == b"x"
    assert store.studies.get("nothing") is None


def test_studies_are_listed_newest_first(store: Store):
    first, second = add(store), add(store)
    assert [study.id for study in store.studies.all()] == [second.id, first.id]


def test_deleting_removes_folder_rows_and_nothing_else(store: Store):
    study, other = add(store), add(store)
    job = store.jobs.add(study.id)
    staged = store.stage()
    assert store.jobs.complete(job.id, mask_of(study, staged.name), staged, "Done")
    assert store.studies.delete(study.id)
    assert not store.folder(study.id).exists()
    assert store.jobs.get(job.id) is None
    assert store.masks.get(staged.name) is None
    assert store.studies.all() == [other]
    assert not store.studies.delete(study.id)


def test_a_mask_of_a_deleted_study_is_not_kept(store: Store):
    study = add(store)
    job = store.jobs.add(study.id)
    store.studies.delete(study.id)
    staged = store.stage()
    assert not store.jobs.complete(job.id, mask_of(study, staged.name), staged, "Done")
    assert not store.folder(study.id).exists()


def test_jobs_are_claimed_in_order_and_once(store: Store):
    study = add(store)
    first, second = store.jobs.add(study.id), store.jobs.add(study.id)
    claimed = [store.jobs.claim(), store.jobs.claim(), store.jobs.claim()]
    assert [job.id for job in claimed if job] == [first.id, second.id]
    assert claimed[2] is None
    assert store.studies.get(study.id).state == "running"


def test_the_log_keeps_its_last_lines(store: Store):
    job = store.jobs.add(add(store).id)
    for line in range(LOG_LINES + 5):
        store.jobs.update(job.id, f"line {line}")
    log = store.jobs.get(job.id).log
    assert len(log) == LOG_LINES
    assert log[-1].endswith(f"line {LOG_LINES + 4}")


def test_a_cancelled_job_takes_no_more_words_and_no_mask(store: Store):
    study = add(store)
    job = store.jobs.add(study.id)
    store.jobs.claim()
    closed = store.jobs.cancel(job.id)
    assert closed.state == "cancelled"
    store.jobs.update(job.id, "too late", state="running", progress=0.9)
    staged = store.stage()
    assert not store.jobs.complete(job.id, mask_of(study, staged.name), staged, "Done")
    now = store.jobs.get(job.id)
    assert (now.state, now.progress, now.log) == ("cancelled", closed.progress, closed.log)
    assert store.masks.of_study(study.id) == []
    assert store.jobs.cancel(job.id).elapsed_s == closed.elapsed_s
    assert store.jobs.cancel("nothing") is None


def test_running_jobs_of_a_dead_server_are_queued_again(store: Store):
    job = store.jobs.add(add(store).id)
    store.jobs.claim()
    store.jobs.update(job.id, progress=0.5, stage="segmenting")
    [again] = store.jobs.requeue_running()
    assert (again.state, again.progress, again.started_at) == ("queued", 0.0, None)
    assert again.log[-1].endswith("The server was restarted; starting again")


def test_a_job_that_took_three_servers_down_fails(store: Store):
    job = store.jobs.add(add(store).id)
    for _ in range(3):
        store.jobs.claim()
        store.jobs.requeue_running()
    assert store.jobs.get(job.id).state == "failed"
    assert store.jobs.get(job.id).error.code == "server_stopped"


def test_a_late_attempt_writes_nothing(store: Store):
    study = add(store)
    job = store.jobs.add(study.id)
    first = store.jobs.claim()
    lost = Problem("worker_lost", Message.of("job.worker_lost", count=3))
    assert store.jobs.retry(job.id, first.attempts, "The worker was lost", lost).state == "queued"
    staged = store.stage()
    late = mask_of(study, staged.name)
    assert not store.jobs.complete(job.id, late, staged, "Done", attempt=first.attempts), "it waits"
    second = store.jobs.claim()
    assert (first.attempts, second.attempts) == (1, 2)
    assert not store.jobs.complete(job.id, late, staged, "Done", attempt=first.attempts), "another works on it"
    store.jobs.update(job.id, "late", first.attempts, progress=0.9)
    store.jobs.finish(job.id, "failed", "late", first.attempts)
    store.jobs.give_back(job.id, first.attempts, "late")
    assert store.jobs.retry(job.id, first.attempts, "late", lost) is None
    now = store.jobs.get(job.id)
    assert (now.state, now.progress, now.attempts) == ("running", 0.0, 2)
    assert not any("late" in line for line in now.log)
    assert store.jobs.complete(job.id, late, staged, "Done", attempt=second.attempts)
    assert [mask.id for mask in store.masks.of_study(study.id)] == [late.id]


def test_a_job_that_lost_three_workers_fails_and_one_that_was_given_back_does_not(store: Store):
    job = store.jobs.add(add(store).id)
    lost = Problem("worker_lost", Message.of("job.worker_lost", count=3))
    for _ in range(5):
        store.jobs.give_back(job.id, store.jobs.claim().attempts, "The worker is stopping")
    for _ in range(3):
        now = store.jobs.retry(job.id, store.jobs.claim().attempts, "The worker was lost", lost)
    assert (now.state, now.error.code, now.attempts) == ("failed", "worker_lost", 3)
    assert store.jobs.claim() is None


def test_the_audit_trail_outlives_the_study(store: Store):
    study = add(store)
    store.audit.record("10.0.0.7", "upload", study.id, "a.nii")
    store.studies.delete(study.id, "10.0.0.7")
    assert [(e.who, e.action, e.study_id) for e in store.audit.entries()] == [
        ("10.0.0.7", "upload", study.id),
        ("10.0.0.7", "delete", study.id),
    ]


def test_a_second_server_on_the_same_folder_is_refused(store: Store, tmp_path: Path, database_url: str):
    store.hold()
    second = Store(tmp_path, database_url)
    with pytest.raises(BadConfiguration, match="Another SpineView server"):
        second.hold(timeout_s=0)
    store.close()
    second.hold(timeout_s=0)
    second.close()


@pytest.mark.parametrize("confidence", [None, Confidence(0.93, "high"), Confidence(0.0, "low", (Reason("nothing"),))])
def test_a_mask_comes_back_as_it_went_in(store: Store, confidence: Confidence | None):
    study = add(store)
    staged = store.stage()
    mask = replace(mask_of(study, staged.name), confidence=confidence)
    assert store.jobs.complete(store.jobs.add(study.id).id, mask, staged, "Done")
    assert store.masks.get(mask.id) == mask


def test_studies_of_another_version_are_left_alone(tmp_path: Path):
    Store(tmp_path).close()
    with sqlite3.connect(tmp_path / "spineview.sqlite3") as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(BadConfiguration, match="another version"):
        Store(tmp_path)


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(BadConfiguration, match="cannot be used"):
        Store(tmp_path / "file")
