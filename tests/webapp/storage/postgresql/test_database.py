"""PostgreSQL under several processes: each is a store of its own here, that shares database and folder alone."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from tests.webapp.postgresql import Cluster
from tests.webapp.storage.support import add, complete, mask_of
from webapp.http.errors import WebError
from webapp.storage.audit import append
from webapp.storage.database import is_full
from webapp.storage.reviews import Fields
from webapp.storage.store import Store
from webapp.storage.tables import Study


@pytest.fixture
def stores(tmp_path: Path, postgresql_url: str) -> Iterator[tuple[Store, Store]]:
    pair = Store(tmp_path, postgresql_url), Store(tmp_path, postgresql_url)
    yield pair
    for store in pair:
        store.close()


def both_at_once(stores: tuple[Store, Store], act: object, times: int) -> list:
    with ThreadPoolExecutor(4) as threads:
        return [done for store in stores for done in threads.map(act, [store] * times)]


def test_the_tag_is_the_same_for_all_and_another_after_each_write(stores: tuple[Store, Store]):
    one, other = stores
    seen = set()
    for write in (
        lambda: add(one),
        lambda: other.audit.record("ann", "open", "x"),
        lambda: one.jobs.add(other.studies.all()[0].id),
        other.jobs.claim,
    ):
        before = one.studies.version
        assert before == other.studies.version
        write()
        seen.add(before)
    assert len(seen) == 4
    assert one.studies.version not in seen


def test_the_tag_of_a_list_never_holds_for_rows_that_come_later(stores: tuple[Store, Store]):
    """While a transaction is open, and when it has ended: whoever read the tag before has an old one."""
    one, other = stores
    study = add(one)
    with one._database.transaction() as session:
        session.execute(text("UPDATE studies SET name = 'new'"))
        during, name = other.studies.version, other.studies.get(study.id).name
    assert name == "a.nii"
    assert other.studies.version != during
    assert other.studies.get(study.id).name == "new"


def test_each_job_is_claimed_once(stores: tuple[Store, Store]):
    study = add(stores[0])
    jobs = [stores[0].jobs.add(study.id, owner=f"owner{n % 3}").id for n in range(12)]
    claimed = both_at_once(stores, lambda store: store.jobs.claim(), 8)
    assert Counter(job.id for job in claimed if job) == Counter(jobs)
    assert claimed.count(None) == 4


def test_who_claims_does_not_wait_for_whoever_writes(stores: tuple[Store, Store]):
    one, other = stores
    job = one.jobs.add(add(one).id)
    with one._database.transaction() as session:
        session.execute(text("UPDATE studies SET name = 'new'"))
        claimed: list = []
        thread = threading.Thread(target=lambda: claimed.append(other.jobs.claim()))
        thread.start()
        thread.join(30)
        assert [each.id for each in claimed] == [job.id]


def finished(store: Store, study: Study, job_id: str) -> bool:
    staged = store.stage()
    return store.jobs.complete(job_id, mask_of(study, staged.name), staged, "Done")


def test_cancel_and_complete_at_once_leave_one_end(stores: tuple[Store, Store]):
    one, other = stores
    study = add(one)
    for _ in range(10):
        job = one.jobs.add(study.id)
        one.jobs.claim()
        with ThreadPoolExecutor(2) as threads:
            done = threads.submit(finished, one, study, job.id)
            cancelled = threads.submit(other.jobs.cancel, job.id).result()
        now = one.jobs.get(job.id)
        assert (now.state, now.mask_id is not None) == (("done", True) if done.result() else ("cancelled", False))
        assert cancelled.state == now.state


def test_the_chain_of_the_audit_trail_does_not_fork(stores: tuple[Store, Store]):
    both_at_once(stores, lambda store: store.audit.record("ann", "open", "study"), 20)
    assert [entry.number for entry in stores[0].audit.entries()] == list(range(1, 41))
    assert stores[1].audit.verify() == []


def test_an_entry_whose_transaction_failed_leaves_no_gap(stores: tuple[Store, Store]):
    def fails() -> None:
        with stores[0]._database.transaction() as session:
            append(session, "ann", "open", "study")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails()
    stores[1].audit.record("bo", "open", "study")
    assert [(entry.number, entry.who) for entry in stores[0].audit.entries()] == [(1, "bo")]
    assert stores[0].audit.verify() == []


@pytest.mark.parametrize(
    "statement", ["UPDATE audit SET who = 'x'", "DELETE FROM audit WHERE id = 1", "TRUNCATE audit"]
)
def test_the_audit_trail_is_neither_changed_nor_removed(stores: tuple[Store, Store], statement: str):
    stores[0].audit.record("ann", "open", "study")
    with pytest.raises(IntegrityError, match="only added to"), stores[0]._database.transaction() as session:
        session.execute(text(statement))
    assert stores[0].audit.verify() == []


@pytest.mark.parametrize(
    ("statement", "number"), [("UPDATE audit SET who = 'x' WHERE id = 2", "2"), ("DELETE FROM audit WHERE id = 3", "3")]
)
def test_what_somebody_with_more_rights_did_to_it_is_found(stores: tuple[Store, Store], statement: str, number: str):
    for _ in range(3):
        stores[0].audit.record("ann", "open", "study")
    with stores[0]._database.transaction() as session:
        session.execute(text("ALTER TABLE audit DISABLE TRIGGER USER"))
        session.execute(text(statement))
    [fault] = stores[0].audit.verify()
    assert fault.startswith(number)


def test_hostile_texts_and_large_numbers_are_kept(stores: tuple[Store, Store]):
    one, other = stores
    staged = one.stage()
    (staged / "original.nii").write_bytes(b"x")
    name = "a\0b'; DROP TABLE studies; -- \u202e\U0001f9b4%s%(x)s"
    study = Study(
        staged.name, name, datetime.now(UTC), (4, 5, 6), (1.0, 2.0, 3.0), "LPS", 5 << 30, original="original.nii"
    )
    one.studies.add(study, staged)
    [found] = other.studies.page(search="drop table")
    assert found.study.name == name.replace("\0", "\ufffd")
    assert found.study.size_bytes == 5 << 30
    other.reviews.add(study.id, Fields("needs_work", [0.0, 0.0, 0.0], "a\0b", "", None), "ann")
    assert one.studies.get("a\0b") is None


def test_a_full_disk_is_told_from_other_faults(stores: tuple[Store, Store]):
    def fails(code: str) -> Exception:
        with stores[0]._database.transaction() as session:
            session.execute(text(f"DO $$ BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = '{code}'; END $$"))
        raise AssertionError

    with pytest.raises(WebError) as full:
        fails("53100")
    assert (full.value.status, full.value.code) == (507, "disk_full")
    with pytest.raises(Exception, match="no room") as other:
        fails("22000")
    assert not is_full(other.value)


def test_a_database_that_goes_away_is_said_to_be_gone_and_used_again_once_it_is_back(
    cluster: Cluster, stores: tuple[Store, Store]
):
    store = stores[0]
    study = add(store)
    mask = complete(store, study)
    cluster.stop()
    try:
        for act in (
            store.studies.all,
            lambda: store.studies.get(study.id),
            store.jobs.claim,
            lambda: store.studies.version,
        ):
            with pytest.raises(WebError) as gone:
                act()
            assert (gone.value.status, gone.value.code) == (503, "database_unreachable")
    finally:
        cluster.start()
    assert store.masks.of_study(study.id) == [mask]
    assert add(store) in store.studies.all()
