"""Batches, priorities and results that are used again, through the API of the whole application."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from starlette.testclient import TestClient

from segmentation.core.geometry import Grid
from segmentation.core.volume import Volume
from segmentation.writers import write_volume
from tests.webapp.accounts.support import Hospital, add_study, hospital
from tests.webapp.support import BoneEngine, small_volume, wait_for
from webapp.storage.queue.reuse import inputs_of

API = "/api/v1"


@pytest.fixture
def scans(client: TestClient, upload: Callable[..., dict], tmp_path: Path) -> list[str]:
    """Three studies whose scans differ in one voxel."""
    found = []
    for number in range(3):
        volume = small_volume()
        volume.hu[number, 0, 0] = 33
        write_volume(volume, tmp_path / f"{number}.nii.gz")
        found.append(upload(tmp_path / f"{number}.nii.gz")["id"])
    return found


def job_of(client: TestClient, study: str, **body: object) -> dict:
    job = client.post(f"{API}/studies/{study}/jobs", json={"task": "segment", **body}).json()
    return wait_for(lambda: (now := client.get(f"{API}/jobs/{job['id']}").json())["state"] == "done" and now)


def test_a_batch_has_one_progress(client: TestClient, scans: list[str], engine: BoneEngine):
    engine.gate.clear()
    answer = client.post(f"{API}/batches", json={"studies": [*scans, scans[0]]})
    assert answer.status_code == 201
    batch = answer.json()
    assert engine.entered.wait(20)
    now = client.get(batch["url"]).json()
    assert (now["studies"], now["counts"]["running"], now["counts"]["queued"]) == (3, 1, 2)
    assert [job["study_id"] for job in now["jobs"]] == scans
    assert [(job["priority"], job["place"]) for job in now["jobs"]] == [("batch", None), ("batch", 1), ("batch", 2)]
    assert 0 < now["progress"] < 1 / 3
    assert not now["finished"]
    engine.gate.set()
    done = wait_for(lambda: (now := client.get(batch["url"]).json())["finished"] and now)
    assert (done["progress"], done["counts"]["done"], done["eta_s"]) == (1, 3, None)
    [listed] = client.get(f"{API}/batches").json()["batches"]
    assert (listed["id"], listed["counts"]) == (batch["id"], done["counts"])


def test_a_batch_is_cancelled_but_not_what_was_open_before_it(client: TestClient, scans: list[str], engine: BoneEngine):
    engine.gate.clear()
    before = client.post(f"{API}/studies/{scans[0]}/jobs").json()
    batch = client.post(f"{API}/batches", json={"studies": scans}).json()
    cancelled = client.delete(batch["url"])
    assert cancelled.status_code == 202
    assert cancelled.json()["counts"] == {"queued": 0, "running": 1, "done": 0, "failed": 0, "cancelled": 2}
    engine.gate.set()
    assert wait_for(lambda: client.get(f"{API}/jobs/{before['id']}").json()["state"] == "done")


def test_a_batch_goes_on_where_a_study_is_deleted(client: TestClient, scans: list[str], engine: BoneEngine):
    engine.gate.clear()
    batch = client.post(f"{API}/batches", json={"studies": scans}).json()
    assert client.delete(f"{API}/studies/{scans[1]}").status_code == 204
    engine.gate.set()
    done = wait_for(lambda: (now := client.get(batch["url"]).json())["finished"] and now)
    assert (done["studies"], done["counts"]["done"], done["progress"]) == (3, 2, 1)


@pytest.mark.parametrize("body", [{"studies": []}, {"studies": [""]}, {"studies": "x"}, {}, {"studies": ["x"] * 1001}])
def test_a_batch_of_nothing_is_refused(client: TestClient, body: dict):
    assert client.post(f"{API}/batches", json=body).status_code == 400


def test_the_result_of_the_same_scan_is_used_again(
    client: TestClient, upload: Callable[..., dict], ct: Path, reference: Path
):
    first, second = upload(ct)["id"], upload(ct, reference)["id"]
    computed, reused = job_of(client, first), job_of(client, second)
    assert (computed["reused"], reused["reused"]) == (None, computed["mask_id"])
    assert reused["dice"] == 1.0  # against the second study's own reference
    assert any("same scan" in line for line in reused["log"])
    files = [client.get(f"{API}/masks/{job['mask_id']}.nii.gz").content for job in (computed, reused)]
    assert files[0] == files[1]
    confidences = [client.get(f"{API}/masks/{job['mask_id']}").json()["confidence"] for job in (computed, reused)]
    assert confidences[0] == confidences[1] is not None
    assert client.delete(f"{API}/studies/{first}").status_code == 204  # the copy needs nothing of it
    assert client.get(f"{API}/masks/{reused['mask_id']}/meshes/1.bin").status_code == 200
    assert job_of(client, second, anew=True)["reused"] is None


def test_another_scan_or_model_is_computed(
    client: TestClient, scans: list[str], engine: BoneEngine, monkeypatch: pytest.MonkeyPatch
):
    assert [job_of(client, study)["reused"] for study in scans] == [None] * 3
    for which in ("model_id", "naming_model_id"):
        assert job_of(client, scans[0])["reused"] is not None
        monkeypatch.setattr(engine, which, f"{which}-201")
        assert job_of(client, scans[0])["reused"] is None, which


def test_inputs_differ_with_voxels_geometry_type_header_and_engine():
    volume = small_volume()
    affine = volume.grid.affine.copy()
    affine[0, 3] += 1
    moved = Volume(volume.hu, Grid(volume.grid.shape, affine))
    other = volume.hu.copy()
    other[0, 0, 0] += 1
    header = type("Header", (), {"binaryblock": b"x"})()
    found = {
        inputs_of(volume, "a"), inputs_of(volume, "b"), inputs_of(moved, "a"),
        inputs_of(Volume(other, volume.grid), "a"),
        inputs_of(Volume(volume.hu.astype(np.float32), volume.grid), "a"),
        inputs_of(Volume(volume.hu, volume.grid, header), "a"),
    }  # fmt: skip
    assert len(found) == 6
    assert inputs_of(Volume(np.asfortranarray(volume.hu), volume.grid), "a") in found


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hospital]:
    with hospital(tmp_path_factory.mktemp("house")) as house:
        yield house


def test_who_may_set_which_priority(house: Hospital):
    study = house.study
    clinician, program = house.signed_in("clinician"), house.with_token("clinician", "write")
    for client, priority, expected in [
        (program, "urgent", 403), (program, "batch", 202), (clinician, "urgent", 202), (clinician, "soon", 400),
    ]:  # fmt: skip
        body = {"task": "segment", "priority": priority, "anew": True}
        answer = client.post(f"{API}/studies/{study}/jobs", json=body)
        assert answer.status_code == expected, (priority, answer.text)
        if expected == 202:
            house.app.state.jobs.cancel(answer.json()["id"])
    assert program.post(f"{API}/batches", json={"studies": [study], "priority": "urgent"}).status_code == 403


def test_a_batch_holds_only_studies_that_its_owner_sees_and_is_seen_by_its_owner(house: Hospital):
    theirs = add_study(house.store, house.app.state.services, "knee")["study"]
    clinician, outsider = house.signed_in("clinician"), house.signed_in("outsider")
    refused = clinician.post(f"{API}/batches", json={"studies": [house.study, theirs]})
    assert (refused.status_code, refused.json()["error"]["code"]) == (404, "not_found")
    batch = clinician.post(f"{API}/batches", json={"studies": [house.study]}).json()
    assert clinician.get(batch["url"]).status_code == 200
    assert outsider.get(batch["url"]).status_code == 404
    assert outsider.get(f"{API}/batches").json() == {"batches": []}


def test_a_result_of_another_group_is_not_used(house: Hospital):
    study = add_study(house.store, house.app.state.services, "spine")["study"]
    other = add_study(house.store, house.app.state.services, "knee")["study"]
    clinician, outsider = house.signed_in("clinician"), house.signed_in("outsider")
    assert job_of(clinician, study)["state"] == "done"
    assert job_of(outsider, other)["reused"] is None
