"""The model is loaded ahead, once, and nobody waits for it who need not."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.webapp.storage.support import add
from tests.webapp.support import BoneEngine, finished, start, wait_for
from webapp.asgi import create_asgi
from webapp.jobs import JobQueue
from webapp.settings import Settings
from webapp.storage.store import Store


class SlowToLoad:
    """A factory of an engine whose loading takes as long as a test wants."""

    def __init__(self) -> None:
        self.entered, self.gate = threading.Event(), threading.Event()

    def __call__(self) -> BoneEngine:
        self.entered.set()
        assert self.gate.wait(60)
        return BoneEngine()


def test_clean_restarts_while_the_model_loads_are_no_attempts(tmp_path: Path):
    store = Store(tmp_path)
    job = store.jobs.add(add(store).id)
    for _ in range(5):
        factory = SlowToLoad()
        queue = JobQueue(store, factory)
        queue.start()
        assert factory.entered.wait(20)
        queue.stop(timeout_s=0)
        now = store.jobs.get(job.id)
        assert (now.state, now.attempts, now.error) == ("queued", 0, None)
        factory.gate.set()
        wait_for(lambda queue=queue: not queue.is_alive)
        assert (store.jobs.get(job.id).state, store.jobs.get(job.id).attempts) == ("queued", 0)
    store.close()


def test_a_job_that_is_cancelled_while_the_model_loads_ends_at_once_and_the_next_one_takes_the_model(
    settings: Settings, ct: Path
):
    factory = SlowToLoad()
    with TestClient(create_asgi(settings, factory)) as client:
        study = client.post("/api/v1/studies", files={"file": (ct.name, ct.read_bytes())}).json()
        job_id = start(client, study)
        assert factory.entered.wait(20)
        assert client.get(f"/api/v1/jobs/{job_id}").json()["stage"] == "loading"
        assert client.delete(f"/api/v1/jobs/{job_id}").json()["state"] == "cancelled"
        following = start(client, study)
        assert following != job_id
        assert client.get(f"/api/v1/jobs/{following}").json()["state"] == "queued"
        factory.entered.clear()
        factory.gate.set()
        assert finished(client, following)["state"] == "done"
        cancelled = client.get(f"/api/v1/jobs/{job_id}").json()
    assert (cancelled["state"], cancelled["mask_id"]) == ("cancelled", None)
    assert not factory.entered.is_set(), "the model is loaded once"


def test_the_engine_is_loaded_ahead_and_the_first_job_takes_it(
    settings: Settings, ct: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("webapp.asgi.PRELOAD_AFTER_S", 0.0)
    made: list[BoneEngine] = []

    def engine() -> BoneEngine:
        made.append(BoneEngine())
        return made[-1]

    caplog.set_level("INFO", logger="webapp")
    with TestClient(create_asgi(settings.model_copy(update={"preload_model": True}), engine)) as client:
        status = wait_for(lambda: client.get("/api/v1/health").json()["engine"])
        wait_for(lambda: client.get("/api/v1/health").json()["engine"]["loaded"])
        assert status["running_job"] is None
        study = client.post("/api/v1/studies", files={"file": (ct.name, ct.read_bytes())}).json()
        assert finished(client, start(client, study))["state"] == "done"
    assert len(made) == 1
    assert "loaded the model bone-200 on cpu" in caplog.text


def test_a_damaged_model_is_reported_at_the_start_and_by_the_job(
    settings: Settings, ct: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("webapp.asgi.PRELOAD_AFTER_S", 0.0)
    weights = tmp_path / "damaged.safetensors"
    weights.write_bytes(b"not a model")
    damaged = settings.model_copy(update={"preload_model": True, "model": weights})
    with TestClient(create_asgi(damaged)) as client:
        wait_for(lambda: "the model cannot be loaded: The file damaged.safetensors" in caplog.text, 120)
        assert "Traceback" not in caplog.text
        study = client.post("/api/v1/studies", files={"file": (ct.name, ct.read_bytes())}).json()
        job = finished(client, start(client, study))
    assert (job["state"], job["error"]["code"]) == ("failed", "bad_weights")
    assert "damaged.safetensors" in job["error"]["message"]


def test_a_stop_does_not_wait_for_a_model_that_is_loading(tmp_path: Path):
    entered, go_on = threading.Event(), threading.Event()

    def slow() -> BoneEngine:
        entered.set()
        assert go_on.wait(60)
        return BoneEngine()

    store = Store(tmp_path / "data")
    jobs = JobQueue(store, slow)
    jobs.start()
    jobs.load_engine()
    assert entered.wait(20)
    start = time.monotonic()
    jobs.stop(timeout_s=0.1)
    assert time.monotonic() - start < 20
    go_on.set()
    wait_for(lambda: jobs.status().loaded)
    store.close()
