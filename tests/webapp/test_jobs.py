from __future__ import annotations

import errno
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError
from starlette.testclient import TestClient

from segmentation.core.errors import BadWeights
from segmentation.core.progress import CancelCheck, Progress
from segmentation.core.volume import LabelMap, Volume
from tests.webapp.support import BONE_HU, BoneEngine, finished, start, wait_for
from webapp.http.errors import WebError
from webapp.jobs import JobQueue, packaged_engine
from webapp.settings import Settings
from webapp.storage.store import Store
from webapp.storage.tables import Job


def test_a_job_ends_with_a_mask_on_the_original_grid(
    client: TestClient, upload: Callable[..., dict], ct: Path, tmp_path: Path
):
    study = upload(ct)
    job = finished(client, start(client, study))
    assert (job["state"], job["progress"], job["stage"], job["error"]) == ("done", 1.0, "done", None)
    assert [line.split(" ", 1)[1] for line in job["log"]] == [
        "Loading", "Reading", "Locating", "Segmenting", "Saving", "Done: 2 ml of spine",
    ]  # fmt: skip
    path = tmp_path / "mask.nii.gz"
    path.write_bytes(client.get(f"/api/v1/masks/{job['mask_id']}.nii.gz").content)
    image, mask = nib.load(ct), nib.load(path)
    assert (mask.affine == image.affine).all()
    assert (np.asarray(mask.dataobj) == (np.asarray(image.dataobj) > BONE_HU)).all()
    assert client.get(f"/api/v1/studies/{study['id']}").json()["state"] == "done"


def test_dice_is_measured_against_the_reference(
    client: TestClient, upload: Callable[..., dict], ct: Path, reference: Path
):
    study = upload(ct, reference)
    job = finished(client, start(client, study))
    assert job["dice"] == 1.0
    masks = client.get(f"/api/v1/studies/{study['id']}/masks").json()["masks"]
    assert [(mask["kind"], mask["dice"]) for mask in masks] == [("model", 1.0), ("reference", None)]


def test_a_mask_says_how_far_it_may_be_trusted_and_why_not_further(
    client: TestClient, upload: Callable[..., dict], ct: Path, reference: Path
):
    study = upload(ct, reference)
    job = finished(client, start(client, study))
    expected = {
        "value": 0.61,
        "level": "low",
        "reasons": [
            {"code": "gap", "message": "A stretch of the spine that was located holds no marked vertebra."},
            {"code": "thick_slices", "message": "The slices are thicker than 4 mm."},
        ],
    }
    assert client.get(f"/api/v1/masks/{job['mask_id']}").json()["confidence"] == expected
    masks = client.get(f"/api/v1/studies/{study['id']}/masks").json()["masks"]
    assert [mask["confidence"] for mask in masks] == [expected, None]


def test_a_second_submit_answers_with_the_open_job(
    client: TestClient, upload: Callable[..., dict], ct: Path, engine: BoneEngine
):
    engine.gate.clear()
    study = upload(ct)
    assert start(client, study) == start(client, study)


def test_progress_is_seen_while_it_runs(client: TestClient, upload: Callable[..., dict], ct: Path, engine: BoneEngine):
    engine.gate.clear()
    job_id = start(client, upload(ct))
    assert engine.entered.wait(20)
    job = client.get(f"/api/v1/jobs/{job_id}").json()
    assert (job["state"], job["stage"]) == ("running", "locating")
    assert 0 < job["progress"] < 1
    assert job["elapsed_s"] >= 0
    assert client.get("/api/v1/health").json()["engine"]["running_job"] == job_id


def test_a_running_job_is_cancelled_and_leaves_no_mask(
    client: TestClient, upload: Callable[..., dict], ct: Path, engine: BoneEngine, settings: Settings
):
    engine.gate.clear()
    study = upload(ct)
    job_id = start(client, study)
    assert engine.entered.wait(20)
    assert client.delete(f"/api/v1/jobs/{job_id}").status_code == 202
    job = finished(client, job_id)
    assert (job["state"], job["mask_id"]) == ("cancelled", None)
    assert client.get(f"/api/v1/studies/{study['id']}/masks").json() == {"masks": []}
    wait_for(lambda: client.get("/api/v1/health").json()["engine"]["running_job"] is None)
    assert list((settings.data_dir / "incoming").iterdir()) == []
    assert client.delete(f"/api/v1/jobs/{job_id}").json()["state"] == "cancelled"


def test_a_waiting_job_is_cancelled_at_once(
    client: TestClient, upload: Callable[..., dict], ct: Path, engine: BoneEngine
):
    engine.gate.clear()
    first, second = start(client, upload(ct)), start(client, upload(ct))
    assert engine.entered.wait(20)
    assert client.delete(f"/api/v1/jobs/{second}").json()["state"] == "cancelled"
    engine.gate.set()
    assert finished(client, first)["state"] == "done"


def test_deleting_a_study_ends_its_job(
    client: TestClient, upload: Callable[..., dict], ct: Path, engine: BoneEngine, settings: Settings
):
    engine.gate.clear()
    study, other = upload(ct), upload(ct)
    start(client, study)
    assert engine.entered.wait(20)
    assert client.delete(f"/api/v1/studies/{study['id']}").status_code == 204
    wait_for(lambda: client.get("/api/v1/health").json()["engine"]["running_job"] is None)
    assert [folder.name for folder in (settings.data_dir / "studies").iterdir()] == [other["id"]]
    engine.gate.set()
    assert finished(client, start(client, other))["state"] == "done"


class Broken(BoneEngine):
    """Fails as an engine may: with a reason, or with a fault."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def segment(self, volume: Volume, progress: Progress, cancelled: CancelCheck, mode: str) -> LabelMap:
        raise self.error


@pytest.mark.parametrize(
    ("error", "code"),
    [(BadWeights("model.damaged", name="spineview.safetensors"), "bad_weights"), (MemoryError(), "internal")],
)
def test_a_failed_job_says_why_and_the_next_one_runs(
    client: TestClient, upload: Callable[..., dict], ct: Path, error: Exception, code: str
):
    jobs = client.app.state.jobs
    jobs.executor.engine = Broken(error)
    study = upload(ct)
    job = finished(client, start(client, study))
    assert (job["state"], job["error"]["code"]) == ("failed", code)
    jobs.executor.engine = BoneEngine()
    assert finished(client, start(client, study))["state"] == "done"


def test_the_engine_is_made_once_and_its_notes_are_in_the_log(
    client: TestClient, upload: Callable[..., dict], ct: Path, engine: BoneEngine
):
    engine.notes.append("The GPU's memory ran out.")
    study = upload(ct)
    for _ in range(2):
        job = finished(client, start(client, study))
        assert any("GPU" in line for line in job["log"])
    status = client.app.state.jobs.status()
    assert (status.loaded, status.model_id, status.device) == (True, "bone-200", "cpu")


def test_a_stopped_queue_gives_its_job_back_and_a_new_one_finishes_it(
    client: TestClient, upload: Callable[..., dict], ct: Path, engine: BoneEngine
):
    engine.gate.clear()
    job_id = start(client, upload(ct))
    assert engine.entered.wait(20)
    client.app.state.jobs.stop()
    store: Store = client.app.state.store
    assert store.jobs.get(job_id).state == "queued"
    again = JobQueue(store, BoneEngine)
    again.start()
    assert finished(client, job_id)["state"] == "done"
    again.stop()


def test_a_job_on_a_full_disk_fails_in_words_and_can_be_started_again(
    client: TestClient, upload: Callable[..., dict], ct: Path, monkeypatch: pytest.MonkeyPatch
):
    def full(*_arguments: object, **_more: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    study = upload(ct)
    with monkeypatch.context() as patched:
        patched.setattr("webapp.engine.segmenting.write_mask", full)
        job = finished(client, start(client, study))
    assert (job["state"], job["error"]["code"]) == ("failed", "disk_full")
    assert finished(client, start(client, study))["state"] == "done"


def test_a_job_whose_failure_does_not_fit_on_the_disk_is_not_running_for_ever(
    client: TestClient, upload: Callable[..., dict], ct: Path, engine: BoneEngine
):
    """The database itself is full, as SQLite says it: no page can be added, so that nothing can be written."""
    study = upload(ct)
    engine.gate.clear()
    job_id = start(client, study)
    assert engine.entered.wait(20)
    store: Store = client.app.state.store
    full = threading.Event()
    full.set()

    def no_room(connection: sqlite3.Connection, *_: object) -> None:
        if full.is_set():
            raise OperationalError("UPDATE", {}, sqlite_error("database or disk is full", sqlite3.SQLITE_FULL))

    event.listen(store._database._writer, "begin", no_room)
    engine.gate.set()
    wait_for(lambda: client.get("/api/v1/health").json()["engine"]["running_job"] is None)
    refused = client.post(f"/api/v1/studies/{study['id']}/jobs")
    assert (refused.status_code, refused.json()["error"]["code"]) == (507, "disk_full")
    full.clear()
    job = finished(client, job_id)
    assert (job["state"], job["error"]["code"]) == ("failed", "disk_full")
    again = start(client, study)
    assert again != job_id
    assert finished(client, again)["state"] == "done"


def sqlite_error(message: str, code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError(message)
    error.sqlite_errorcode = code
    return error


def test_the_engine_thread_outlives_a_fault_of_the_database(
    client: TestClient, upload: Callable[..., dict], ct: Path, monkeypatch: pytest.MonkeyPatch
):
    store: Store = client.app.state.store
    claim, faults = store.jobs.claim, [OSError("disk full")]

    def faulty() -> Job | None:
        if faults:
            raise faults.pop()
        return claim()

    study = upload(ct)
    monkeypatch.setattr(store.jobs, "claim", faulty)
    assert finished(client, start(client, study))["state"] == "done"
    assert faults == []


def test_the_packaged_engine_is_made_from_the_settings(settings: Settings, tmp_path: Path):
    broken = settings.model_copy(update={"model": tmp_path / "nothing.safetensors"})
    with pytest.raises(BadWeights):
        packaged_engine(broken)()


def test_what_is_not_there_cannot_be_submitted_or_cancelled(client: TestClient):
    jobs: JobQueue = client.app.state.jobs
    with pytest.raises(WebError, match="no such study"):
        jobs.submit("nothing")
    with pytest.raises(WebError, match="no such job"):
        jobs.cancel("nothing")


def test_who_did_what_is_noted(client: TestClient, upload: Callable[..., dict], ct: Path, engine: BoneEngine):
    engine.gate.clear()
    study = upload(ct)
    job_id = start(client, study)
    client.delete(f"/api/v1/jobs/{job_id}")
    finished(client, job_id)
    client.delete(f"/api/v1/studies/{study['id']}")
    trail = client.app.state.store.audit.entries()
    assert [entry.action for entry in trail] == ["upload", "segment", "cancel", "delete"]
    assert {entry.who for entry in trail} == {"testclient"}
