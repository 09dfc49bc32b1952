"""Versions of masks: counted, deleted whole or not at all, and pruned by a setting."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.webapp.support import wait_for
from webapp.maintenance.housekeeping import Housekeeping
from webapp.maintenance.invariants import violations
from webapp.settings import Settings
from webapp.storage.folders import Folders
from webapp.storage.tables import Mask


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", min_free_bytes=0, masks_per_study=1)


@pytest.fixture
def study(client: TestClient, upload: Callable[..., dict], ct: Path, reference: Path) -> str:
    """A study with a reference and two results."""
    study = str(upload(ct, reference)["id"])
    for _ in range(2):
        job = client.post(f"/api/v1/studies/{study}/jobs").json()["id"]
        assert wait_for(lambda job=job: client.get(f"/api/v1/jobs/{job}").json()["state"] == "done")
    return study


def of_study(client: TestClient, study: str, kind: str = "model") -> list[dict]:
    masks = client.get(f"/api/v1/studies/{study}/masks").json()["masks"]
    return [mask for mask in masks if mask["kind"] == kind]


def test_results_have_versions_and_can_be_deleted_but_a_reference_cannot(
    client: TestClient, study: str, settings: Settings
):
    new, old = of_study(client, study)
    assert (new["version"], old["version"]) == (2, 1)
    assert client.delete(f"/api/v1/masks/{new['id']}").status_code == 204
    assert client.delete(f"/api/v1/masks/{new['id']}").status_code == 404
    assert not list((settings.data_dir / "studies" / study / "masks").glob(new["id"]))
    [reference] = of_study(client, study, "reference")
    refused = client.delete(f"/api/v1/masks/{reference['id']}")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "reference")
    entry = client.app.state.store.audit.entries()[-1]  # type: ignore[attr-defined]
    assert (entry.action, entry.study_id, entry.detail) == ("delete_mask", study, new["id"])
    assert wait_for(lambda: violations(settings.data_dir) == [])  # the list's picture is drawn after a job is done


def test_spare_results_are_pruned_by_the_setting_but_not_those_with_a_review(
    client: TestClient, study: str, settings: Settings
):
    new, old = of_study(client, study)
    verdict = {"verdict": "accepted", "at_mm": [1, 2, 3], "mask_id": old["id"]}
    assert client.post(f"/api/v1/studies/{study}/reviews", json=verdict).status_code == 201
    housekeeping = Housekeeping(client.app.state.services)  # type: ignore[attr-defined]
    housekeeping.round()
    assert len(of_study(client, study)) == 2
    review = client.get(f"/api/v1/studies/{study}/reviews").json()["reviews"][0]["id"]
    client.delete(f"/api/v1/reviews/{review}")
    housekeeping.round()
    assert [mask["id"] for mask in of_study(client, study)] == [new["id"]]
    assert len(of_study(client, study, "reference")) == 1
    assert wait_for(lambda: violations(settings.data_dir) == [])  # the list's picture is drawn after a job is done


@pytest.mark.parametrize("committed", [True, False])
def test_a_deletion_that_a_crash_cuts_off_is_finished_by_the_next_start(
    client: TestClient, study: str, settings: Settings, committed: bool
):
    store = client.app.state.store  # type: ignore[attr-defined]
    mask: Mask = store.masks.get(of_study(client, study)[0]["id"])
    Folders(settings.data_dir).discard(store.mask_folder(mask))
    if committed:
        store.masks.delete(mask.id)
    store.recover()
    assert store.masks.get(mask.id) is None
    assert wait_for(lambda: violations(settings.data_dir) == [])  # the list's picture is drawn after a job is done
