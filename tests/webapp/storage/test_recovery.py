"""No study is lost, whatever happens to the database or in the middle of a write."""

from __future__ import annotations

import dataclasses
import errno
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete

from tests.webapp.storage import earlier
from tests.webapp.storage.support import add, complete, reopened
from webapp.http.errors import WebError
from webapp.storage import measurements, reviews
from webapp.storage.folders import Folders
from webapp.storage.store import Store
from webapp.storage.tables import ReviewRow

ROOT = Path(__file__).parents[3]
FILE = "spineview.sqlite3"


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def store(data_dir: Path) -> Iterator[Store]:
    store = Store(data_dir)
    yield store
    store.close()


def review(verdict: str, mask_id: str | None = None) -> reviews.Fields:
    return reviews.Fields(verdict=verdict, at_mm=[1.0, 2.0, 3.0], comment="fine", view="", mask_id=mask_id)


def remove_database(data_dir: Path) -> None:
    for path in data_dir.glob(f"{FILE}*"):
        path.unlink()


def empty_database(data_dir: Path) -> None:
    remove_database(data_dir)
    (data_dir / FILE).touch()


def overwrite_database(data_dir: Path) -> None:
    remove_database(data_dir)
    (data_dir / FILE).write_bytes(b"this is no database" * 1000)


def damage_database(data_dir: Path) -> None:
    """Overwrite all pages but the first: it still opens, but what it holds is gone."""
    with (data_dir / FILE).open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom((data_dir / FILE).stat().st_size - 4096))


def cut_database(data_dir: Path) -> None:
    with (data_dir / FILE).open("r+b") as file:
        file.truncate(6000)


WAYS = [remove_database, empty_database, overwrite_database, damage_database, cut_database]


@pytest.mark.parametrize("lose", WAYS)
def test_studies_of_a_lost_database_are_taken_up_from_their_folders(store: Store, data_dir: Path, lose: Any):
    first, second = add(store, "first"), add(store, "second")
    mask = complete(store, first)
    points = [[0.0, 0.0, 0.0], [0.0, 3.0, 4.0]]
    store.measurements.add(first.id, measurements.Fields("distance", "axial", points, "canal", {}))
    store.reviews.add(first.id, review("needs_work", mask.id), "me")
    store.reviews.add(first.id, review("accepted", mask.id), "me")
    listed = [(one.study, one.verdict) for one in store.studies.page()]
    annotations = store.measurements.of_study(first.id), store.reviews.of_study(first.id)
    store.close()
    lose(data_dir)
    again = Store(data_dir)
    again.recover()
    assert [(one.study, one.verdict) for one in again.studies.page()] == listed
    assert again.masks.of_study(first.id) == [mask]
    assert (again.measurements.of_study(first.id), again.reviews.of_study(first.id)) == annotations
    [job] = again.jobs.of_study(first.id)
    assert (job.state, job.mask_id, job.dice) == ("done", mask.id, 0.9)
    assert (again.folder(second.id) / "original.nii").read_bytes() == b"x"
    again.close()


@pytest.mark.parametrize("lose", [overwrite_database, damage_database, cut_database])
def test_a_damaged_database_is_kept_and_a_sentence_says_where(
    store: Store, data_dir: Path, lose: Any, caplog: pytest.LogCaptureFixture
):
    add(store)
    store.close()
    lose(data_dir)
    damaged = (data_dir / FILE).read_bytes()
    Store(data_dir).close()
    [aside] = (data_dir / "lost").glob("*.sqlite3")
    assert aside.read_bytes() == damaged
    [line] = [record.getMessage() for record in caplog.records]
    assert line.startswith(f"The database in {data_dir} was damaged. It was moved to {aside}, and the studies")


def test_an_older_database_gets_what_came_since(store: Store, data_dir: Path, tmp_path: Path):
    add(store, "before")
    with closing(sqlite3.connect(data_dir / FILE)) as source, closing(sqlite3.connect(tmp_path / "copy")) as copy:
        source.backup(copy)
    later = add(store, "later")
    mask = complete(store, later)
    store.close()
    remove_database(data_dir)
    shutil.copy(tmp_path / "copy", data_dir / FILE)
    again = Store(data_dir)
    again.recover()
    assert [study.name for study in again.studies.all()] == ["later", "before"]
    assert again.masks.of_study(later.id) == [mask]
    again.close()


def test_a_folder_of_the_build_before_without_its_database_opens(tmp_path: Path):
    earlier.write_files(tmp_path)
    store = Store(tmp_path)
    store.recover()
    studies = store.studies.all()
    assert {(s.id, s.name, s.shape, s.has_reference) for s in studies} == {
        (earlier.OLD, "Recovered study", (30, 28, 24), True),
        (earlier.NEW, "Recovered study", (30, 28, 24), False),
    }
    kinds = [mask.kind for mask in store.masks.of_study(earlier.OLD)]
    assert sorted(kinds) == ["model", "model", "reference"]
    again = reopened(store)
    assert again.studies.all() == studies
    again.close()


def test_what_is_foreign_is_left_alone(store: Store, data_dir: Path):
    study = add(store)
    foreign = data_dir / "studies" / "holiday pictures"
    foreign.mkdir()
    (foreign / "study.json").write_text("[1, 2")
    hostile = data_dir / "studies" / ("f" * 20)
    hostile.mkdir()
    record = json.loads((store.folder(study.id) / "study.json").read_text())
    (hostile / "study.json").write_text(json.dumps({**record, "id": hostile.name, "original": "../../secret"}))
    halved = data_dir / "studies" / ("9" * 20)
    halved.mkdir()
    (halved / "original.nii").touch()
    (halved / "study.json").write_text(json.dumps({"id": halved.name, "original": "original.nii"}))
    (data_dir / "studies" / "README").write_text("hello")
    unknown = store.folder(study.id) / "masks" / "what is this"
    unknown.mkdir(parents=True)
    again = reopened(store)
    assert again.studies.all() == [study]
    assert all(path.exists() for path in (foreign, hostile, halved, unknown, data_dir / "studies" / "README"))
    again.close()


def test_a_record_that_was_tampered_with_costs_only_what_is_wrong(store: Store, data_dir: Path):
    sound, wrong = add(store, "sound"), add(store, "wrong")
    mask, other = complete(store, sound), complete(store, sound)
    store.reviews.add(sound.id, review("accepted", mask.id), "me")
    for path, changes in (
        (store.folder(wrong.id) / "study.json", {"created_at": "yesterday"}),
        (store.mask_folder(other) / "mask.json", {"labels": None}),
    ):
        path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
    annotations = store.folder(sound.id) / "annotations.json"
    content = json.loads(annotations.read_text())
    [row] = content["reviews"]
    more = [{**row, "id": "r2", "study_id": "another"}, {**row, "id": "r3", "at_mm": {}}, {"id": "r4"}, 7]
    annotations.write_text(json.dumps({**content, "reviews": [*more, row, {**row, "who": {"a": 1}}]}))
    store.close()
    remove_database(data_dir)
    again = Store(data_dir)
    again.recover()
    assert again.studies.all() == [dataclasses.replace(sound, state="done")]
    assert again.masks.of_study(sound.id) == [mask]
    assert [one.verdict for one in again.reviews.of_study(sound.id)] == ["accepted"]
    assert store.folder(wrong.id).is_dir()
    assert store.mask_folder(other).is_dir()
    again.close()


def test_a_study_whose_files_are_missing_keeps_its_row(store: Store):
    study = add(store)
    shutil.move(store.folder(study.id), store.data_dir / "elsewhere")
    again = reopened(store)
    assert again.studies.get(study.id) == study
    again.close()


def test_unfinished_uploads_go(store: Store):
    study, staged = add(store), store.stage()
    again = reopened(store)
    assert not staged.exists()
    assert again.studies.all() == [study]
    again.close()


def test_a_deletion_that_cannot_be_committed_leaves_everything(store: Store, monkeypatch: pytest.MonkeyPatch):
    study = add(store)
    discard = Folders.discard

    def then_full(*arguments: Any) -> None:
        discard(*arguments)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Folders, "discard", then_full)
    with pytest.raises(WebError, match="no room left"):
        store.studies.delete(study.id, "me")
    assert store.studies.get(study.id) == study
    assert (store.folder(study.id) / "original.nii").read_bytes() == b"x"
    assert store.audit.entries() == []


def test_an_upload_that_cannot_be_written_down_leaves_nothing(store: Store, monkeypatch: pytest.MonkeyPatch):
    def full(*_arguments: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("webapp.storage.studies.write_study_record", full)
    with pytest.raises(WebError, match="no room left") as raised:
        add(store)
    assert (raised.value.status, raised.value.code) == (507, "disk_full")
    assert store.studies.all() == []
    assert list((store.data_dir / "studies").iterdir()) == []


# Each step after which a server is killed, and what the next one must find.
STEPS = [
    ("add", "rename_durably:before", "nothing"),
    ("add", "rename_durably:after", "study"),
    ("delete", "rename_durably:before", "study"),
    ("delete", "rename_durably:after", "nothing"),
    ("delete", "empty_trash:before", "nothing"),
    ("complete", "rename_durably:before", "job again"),
    ("complete", "rename_durably:after", "mask"),
]
SCRIPT = """
import os, signal, sys
from pathlib import Path
from tests.webapp.storage.support import add, complete
from webapp.storage import folders, jobs, studies
from webapp.storage.store import Store

data_dir, what, step, when = sys.argv[1:]
store = Store(Path(data_dir))
study = None if what == "add" else add(store)
job = store.jobs.add(study.id) if what == "complete" else None
if job:
    store.jobs.claim()

def dies(function):
    def wrapped(*arguments):
        if when == "after":
            function(*arguments)
        os.kill(os.getpid(), signal.SIGKILL)
    return wrapped

for place in (folders, jobs, studies, folders.Folders):
    if hasattr(place, step):
        setattr(place, step, dies(getattr(place, step)))
if what == "add":
    add(store)
elif what == "delete":
    store.studies.delete(study.id, "me")
else:
    complete(store, study, job.id)
"""


@pytest.mark.parametrize(("what", "step", "expected"), STEPS)
def test_a_server_killed_between_two_steps_leaves_all_or_nothing(data_dir: Path, what: str, step: str, expected: str):
    done = subprocess.run([sys.executable, "-c", SCRIPT, str(data_dir), what, *step.split(":")], cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGKILL
    store = Store(data_dir)
    store.recover()
    folders = [path.name for path in (data_dir / "studies").iterdir()]
    assert [study.id for study in store.studies.all()] == folders
    assert len(folders) == (0 if expected == "nothing" else 1)
    assert [path.name for path in (data_dir / "incoming").iterdir()] == []
    assert not (data_dir / "trash").exists() or list((data_dir / "trash").iterdir()) == []
    if what == "delete" and expected == "nothing":
        assert [entry.action for entry in store.audit.entries()] == ["delete"]
    if what == "complete":
        masks = [path.name for path in (store.folder(folders[0]) / "masks").glob("*")]
        assert [mask.id for mask in store.masks.of_study(folders[0])] == masks
        [job] = store.jobs.of_study(folders[0])
        assert (job.state, job.mask_id) == (("done", masks[0]) if expected == "mask" else ("running", None))
        store.jobs.requeue_running()
        assert [job.state for job in store.jobs.of_study(folders[0])] == ["done" if expected == "mask" else "queued"]
    store.close()


def test_latest_does_not_depend_on_the_clock(store: Store, monkeypatch: pytest.MonkeyPatch):
    study = add(store, "first")
    first_mask = complete(store, study)
    store.reviews.add(study.id, review("accepted"), "me")
    now = time.time()
    monkeypatch.setattr("time.time", lambda: now - 7 * 86400)
    store.reviews.add(study.id, review("needs_work"), "me")
    assert store.studies.listed(study.id).verdict == store.reviews.latest_verdict(study.id) == "needs_work"
    second_job = store.jobs.add(study.id)
    third_job = store.jobs.add(study.id)
    assert store.jobs.latest(study.id).id == third_job.id
    assert store.jobs.claim().id == second_job.id
    second_mask = complete(store, study, second_job.id)
    assert [mask.id for mask in store.masks.of_study(study.id)] == [second_mask.id, first_mask.id]
    assert store.studies.get(study.id).state == "queued"
    assert store.jobs.claim().id == third_job.id


def test_reviews_that_an_older_database_does_not_know_are_taken_up_from_the_studies_folders(store: Store):
    study = add(store)
    fields = reviews.Fields("accepted", [1.0, 2.0, 3.0], "", "", None)
    kept, gone = (store.reviews.add(study.id, fields, "somebody").id for _ in range(2))
    store.reviews.delete(gone)
    with store._database.transaction() as session:
        session.execute(delete(ReviewRow))
    store.recover()
    assert [review.id for review in store.reviews.of_study(study.id)] == [kept]
    store.recover()
    assert len(store.reviews.of_study(study.id)) == 1


def test_a_start_removes_what_an_interrupted_write_left_and_nothing_else(store: Store, data_dir: Path):
    study = add(store)
    store.reviews.add(study.id, review("accepted"), "anna")
    folder = data_dir / "studies" / study.id
    half = "0123456789abcdef0123456789abcdef"
    left = [folder / f".annotations.json.{half}.part", folder / "masks" / f".mask.nii.gz.{half}.gz"]
    others = [folder / ".directory", folder / f"note.{half}.part", data_dir / f".annotations.json.{half}.part"]
    (folder / "masks").mkdir(exist_ok=True)
    for path in (*left, *others):
        path.write_text("{")
    store = reopened(store)
    assert not any(path.exists() for path in left)
    assert all(path.exists() for path in others)
    assert len(store.reviews.of_study(study.id)) == 1
