"""The whole application on PostgreSQL, and what it does while PostgreSQL is away."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.webapp.conftest import TestClient
from tests.webapp.postgresql import Cluster
from tests.webapp.support import BoneEngine, start, wait_for
from webapp.settings import Settings


@pytest.fixture
def settings(tmp_path: Path, postgresql_url: str) -> Settings:
    return Settings(data_dir=tmp_path / "data", min_free_bytes=0, database_url=postgresql_url)


def test_from_upload_to_review(client: TestClient, segmented: dict):
    def unchanged() -> Any:
        found = client.get("/api/v1/studies")
        again = client.get("/api/v1/studies", headers={"If-None-Match": found.headers["ETag"]})
        return found if again.status_code == 304 else None

    first = wait_for(unchanged)  # the list's picture is drawn after a job is done
    [study] = first.json()["studies"]
    assert study["state"] == "done"
    assert [mask["kind"] for mask in segmented["masks"]] == ["model", "reference"]
    review = {"verdict": "needs_work", "comment": "L3\u0000", "at_mm": [1, 2, 3], "view": ""}
    assert client.post(f"/api/v1/studies/{study['id']}/reviews", json=review).status_code == 201
    changed = client.get("/api/v1/studies", headers={"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200
    assert changed.json()["studies"][0]["verdict"] == "needs_work"
    assert client.get(segmented["masks"][0]["download_url"]).status_code == 200
    store = client.app.state.store
    assert {"upload", "segment", "download"} <= {entry.action for entry in store.audit.entries()}
    assert client.delete(f"/api/v1/studies/{study['id']}").status_code == 204
    assert client.get("/api/v1/studies").json()["studies"] == []
    assert store.audit.verify() == []


def test_a_job_that_loses_the_database_begins_anew(
    client: TestClient, engine: BoneEngine, cluster: Cluster, upload: Callable[..., dict], ct: Path
):
    study = upload(ct)
    engine.gate.clear()
    job = start(client, study)
    assert engine.entered.wait(60)
    cluster.stop()
    try:
        assert client.get("/health/ready").json()["reasons"] == ["database"]
        refused = client.get(f"/api/v1/jobs/{job}")
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "database_unreachable")
        engine.gate.set()
        wait_for(lambda: client.app.state.jobs.status().running_job is None, 60)
    finally:
        cluster.start()
    assert wait_for(lambda: client.get(f"/api/v1/jobs/{job}").json()["state"] == "done", 60)
    assert client.app.state.store.jobs.get(job).attempts == 2
