"""A real scheduler and workers in processes of their own: the same masks, and nothing lost or doubled."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from starlette.testclient import TestClient

from segmentation.core.geometry import Grid
from segmentation.core.volume import Volume
from segmentation.readers import read_label_map
from segmentation.writers import write_volume
from tests.webapp.engine.remote.machines import PATIENCE_S, Machines
from tests.webapp.support import CLOSED, BoneEngine, finished, small_volume, start, wait_for
from webapp.asgi import create_asgi
from webapp.engine.remote.names import read_names
from webapp.engine.remote.probe import ask_workers
from webapp.maintenance.doctor import examine_installation
from webapp.maintenance.invariants import violations
from webapp.settings import Settings
from webapp.storage.store import Store

pytest.importorskip("distributed", reason="the extra `dask` is not installed")

SHIFTS = count(1)


@dataclass
class Site:
    """A server, and the machines that work for it."""

    machines: Machines
    client: TestClient = field(init=False)

    def open(self) -> None:
        self.client = TestClient(create_asgi(self.machines.settings, no_engine), raise_server_exceptions=False)
        self.client.__enter__()

    def close(self) -> None:
        self.client.__exit__(None, None, None)

    def ask(self, job_id: str) -> dict:
        return self.client.get(f"/api/v1/jobs/{job_id}").json()

    def lines(self, job_id: str) -> list[str]:
        return [line.split(" ", 1)[1] for line in self.ask(job_id)["log"]]

    def in_the_middle(self, shift: int | None = None) -> tuple[str, str]:
        """Ids of a new study and of its job, on which a worker works and is held back."""
        self.machines.gate.unlink(missing_ok=True)
        study = upload(self.client, self.machines.folder, next(SHIFTS) if shift is None else shift)
        job_id = start(self.client, study)
        wait_for(lambda: self.ask(job_id)["stage"] == "locating", PATIENCE_S)
        return study["id"], job_id

    def done(self, job_id: str) -> dict:
        self.machines.gate.touch()
        wait_for(lambda: self.ask(job_id)["state"] in CLOSED, PATIENCE_S)
        job = self.ask(job_id)
        assert (job["state"], job["error"]) == ("done", None), (job["log"], self.machines.log())
        assert self.lines(job_id)[-1] == "Done: 2 ml of spine"
        return job

    @property
    def store(self) -> Store:
        return self.client.app.state.store

    def check(self, study_id: str, job_id: str, attempts: int) -> None:
        """One result, of that attempt, and nothing left behind."""
        assert self.store.jobs.get(job_id).attempts == attempts
        assert len(self.client.get(f"/api/v1/studies/{study_id}/masks").json()["masks"]) == 1
        data = self.machines.folder / "data"
        wait_for(lambda: not list((data / "incoming").iterdir()))
        assert violations(data, deep=True) == []


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    machines = Machines(tmp_path_factory.mktemp("site"))
    made = Site(machines)
    patched = pytest.MonkeyPatch()
    patched.setattr("webapp.engine.remote.cluster.CONNECT_S", 2.0)
    try:
        machines.start_scheduler()
        made.open()
        machines.have_workers(2)
        yield made
        made.close()
    finally:
        patched.undo()
        machines.end_all()


def no_engine() -> BoneEngine:
    raise AssertionError("the server loads no engine")


def upload(client: TestClient, folder: Path, shift: int) -> dict:
    """Upload a scan; another ``shift`` is another scan."""
    volume = small_volume()
    path = folder / f"scan-{shift}.nii.gz"
    write_volume(Volume(np.roll(volume.hu, shift, 2), Grid(volume.hu.shape, volume.grid.affine)), path)
    answer = client.post("/api/v1/studies", files={"file": (path.name, path.read_bytes())})
    assert answer.status_code == 201, answer.text
    return answer.json()


def voxels(client: TestClient, mask_id: str, path: Path) -> np.ndarray:
    path.write_bytes(client.get(f"/api/v1/masks/{mask_id}.nii.gz").content)
    return read_label_map(path).labels


def test_a_worker_makes_the_mask_that_a_server_alone_makes_and_makes_it_once(site: Site, tmp_path: Path):
    site.machines.have_workers(2)
    study_id, job_id = site.in_the_middle(shift=0)
    assert site.client.get("/api/v1/health").json()["engine"]["model_id"] == "bone-200"
    job = site.done(job_id)
    assert [line for line in site.lines(job_id) if not line.startswith("On worker ")] == [
        "Loading", "Reading", "Locating", "Segmenting", "Saving", "Done: 2 ml of spine",
    ]  # fmt: skip
    site.check(study_id, job_id, attempts=1)
    remote = voxels(site.client, job["mask_id"], tmp_path / "remote.nii.gz")
    with TestClient(create_asgi(Settings(data_dir=tmp_path / "local", min_free_bytes=0), BoneEngine)) as local:
        own = finished(local, start(local, upload(local, tmp_path, 0)))
        assert np.array_equal(voxels(local, own["mask_id"], tmp_path / "local.nii.gz"), remote)
    assert remote.any()

    again = start(site.client, upload(site.client, tmp_path, 0))
    site.done(again)
    assert "Taken over from the same scan, segmented by the same model" in site.lines(again)


def test_the_doctor_asks_the_scheduler_and_every_worker(site: Site):
    site.machines.have_workers(2)
    wait_for(lambda: len(ask_workers(site.machines.settings, read_names(site.machines.settings.data_dir))) == 2)
    findings = list(examine_installation(site.machines.settings))
    assert [finding.message.text() for finding in findings if finding.is_wrong] == []
    assert len([finding for finding in findings if finding.message.key == "doctor.worker"]) == 2


def test_a_killed_worker_s_job_is_done_by_another(site: Site):
    site.machines.have_workers(2)
    study_id, job_id = site.in_the_middle()
    site.machines.end(site.machines.at_work(site.lines(job_id)))
    site.done(job_id)
    assert "The worker was lost; starting again" in site.lines(job_id)
    site.check(study_id, job_id, attempts=2)


def test_a_cancelled_job_is_let_go_within_two_seconds(site: Site):
    site.machines.have_workers(1)
    took = []
    for _ in range(3):  # the quickest one counts: the machine may be busy
        _, job_id = site.in_the_middle()
        site.machines.let_go.unlink(missing_ok=True)
        begin = time.monotonic()
        assert site.client.delete(f"/api/v1/jobs/{job_id}").json()["state"] == "cancelled"
        wait_for(site.machines.let_go.exists, PATIENCE_S)
        took.append(time.monotonic() - begin)
        assert site.ask(job_id)["mask_id"] is None
    assert min(took) < 2


def test_a_frozen_worker_that_comes_back_late_overwrites_nothing(site: Site, monkeypatch: pytest.MonkeyPatch):
    site.machines.have_workers(2)
    study_id, job_id = site.in_the_middle()
    frozen = site.machines.at_work(site.lines(job_id))
    frozen.send_signal(signal.SIGSTOP)
    monkeypatch.setattr(site.client.app.state.jobs.executor._cluster, "silent_s", 6.0)
    job = site.done(job_id)
    assert "The worker was silent; starting again" in site.lines(job_id)
    frozen.send_signal(signal.SIGCONT)  # the gate is open: it goes on to the end of its job
    assert site.done(start(site.client, upload(site.client, site.machines.folder, next(SHIFTS))))
    assert site.ask(job_id)["mask_id"] == job["mask_id"]
    site.check(study_id, job_id, attempts=2)


def test_a_worker_that_is_stopped_gives_its_job_back_which_is_no_attempt(site: Site):
    site.machines.have_workers(2)
    study_id, job_id = site.in_the_middle()
    assert site.machines.end(site.machines.at_work(site.lines(job_id)), signal.SIGTERM) == 0
    wait_for(lambda: "The worker is stopping" in site.lines(job_id), PATIENCE_S)
    site.done(job_id)
    site.check(study_id, job_id, attempts=1)


def test_a_server_that_is_started_again_takes_nothing_from_the_one_before(site: Site):
    site.machines.have_workers(1)
    study_id, job_id = site.in_the_middle()
    site.close()
    site.open()
    site.done(job_id)
    assert "The server is stopping" in site.lines(job_id)
    site.check(study_id, job_id, attempts=1)


def test_a_scheduler_that_is_killed_loses_nothing(site: Site):
    site.machines.have_workers(1)
    study_id, job_id = site.in_the_middle()
    site.machines.end_scheduler()
    wait_for(lambda: site.ask(job_id)["state"] == "queued", PATIENCE_S)
    site.machines.start_scheduler()
    site.done(job_id)
    site.check(study_id, job_id, attempts=2)
