from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import event
from starlette.testclient import TestClient

from tests.webapp.support import wait_for
from webapp.http.errors import from_status

MISSING = [
    ("GET", "/studies/x"), ("DELETE", "/studies/x"), ("GET", "/studies/x/display.json"),
    ("POST", "/studies/x/jobs"), ("GET", "/studies/x/jobs"), ("GET", "/studies/x/masks"),
    ("GET", "/studies/x/volume.bin"), ("GET", "/studies/x/thumbnail.png"),
    ("GET", "/jobs/x"), ("DELETE", "/jobs/x"),
    ("GET", "/masks/x"), ("GET", "/masks/x.nii.gz"), ("GET", "/masks/x/volume.bin"),
    ("GET", "/masks/x/meshes/1.stl"), ("GET", "/nothing"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), MISSING)
def test_what_is_not_there_answers_404_with_the_one_error_body(client: TestClient, method: str, path: str):
    answer = client.request(method, f"/api/v1{path}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/json"
    assert set(answer.json()["error"]) == {"code", "message", "hint"}
    assert answer.json()["error"]["code"] == "not_found"


def test_a_wrong_method_answers_405_with_the_one_error_body(client: TestClient):
    answer = client.put("/api/v1/studies")
    assert answer.status_code == 405
    assert answer.json()["error"]["code"] == "method_not_allowed"
    assert "GET" in answer.headers["allow"]


def test_a_doubled_slash_leads_to_the_right_address(client: TestClient):
    answer = client.get("/api/v1//studies", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"][-15:]) == (308, "/api/v1/studies")


def test_other_statuses_have_the_body_too():
    error = from_status(418)
    assert (error.status, error.code, error.message) == (418, "i'm_a_teapot", "I'm a Teapot.")


def test_a_fault_answers_500_with_the_one_error_body(client: TestClient, monkeypatch: pytest.MonkeyPatch):
    def fault() -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(client.app.state.store.studies, "page", fault)
    answer = client.get("/api/v1/studies")
    assert answer.status_code == 500
    assert answer.json()["error"]["code"] == "internal"
    assert "secret" not in answer.text


def test_a_fault_of_a_native_route_answers_the_same(client: TestClient, monkeypatch: pytest.MonkeyPatch):
    def fault(_id: str) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(client.app.state.store.studies, "get", fault)
    answer = client.get("/api/v1/studies/x/volume.bin")
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal")


@pytest.mark.parametrize("body", [{"json": {"task": "dance"}}, {"json": [1]}, {"content": b"not json"}, {"json": {}}])
def test_an_unknown_task_is_refused(client: TestClient, upload: Callable[..., dict], ct: Path, body: dict):
    answer = client.post(f"/api/v1/studies/{upload(ct)['id']}/jobs", **body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_request")


def test_no_body_means_segment(client: TestClient, upload: Callable[..., dict], ct: Path):
    study = upload(ct)
    answer = client.post(f"/api/v1/studies/{study['id']}/jobs")
    assert (answer.status_code, answer.json()["task"]) == (202, "segment")
    jobs = client.get(f"/api/v1/studies/{study['id']}/jobs").json()["jobs"]
    assert [job["id"] for job in jobs] == [answer.json()["id"]]


def test_health(client: TestClient):
    health = client.get("/api/v1/health").json()
    assert health["status"] == "ok"
    assert health["engine"] == {"loaded": False, "model_id": "", "device": "", "notes": [], "running_job": None}
    assert health["disk_free_bytes"] > 0


def test_metrics_are_prometheus_text(client: TestClient, upload: Callable[..., dict], ct: Path):
    upload(ct)
    answer = client.get("/api/v1/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    lines = answer.text.splitlines()
    assert "spineview_studies 1" in lines
    assert 'spineview_jobs{state="queued"} 0' in lines
    names = [family.name for family in text_string_to_metric_families(answer.text)]
    assert len(names) == len(set(names)) > 10
    assert answer.text.endswith("\n")


def test_a_list_is_sent_again_only_after_a_change(client: TestClient, upload: Callable[..., dict], ct: Path):
    study = upload(ct)
    answer = client.get("/api/v1/studies")
    etag = answer.headers["etag"]
    assert answer.headers["cache-control"] == "private, no-cache"
    for known in (etag, f'"other", {etag}', "*"):
        unchanged = client.get("/api/v1/studies", headers={"If-None-Match": known})
        assert (unchanged.status_code, unchanged.content, unchanged.headers["etag"]) == (304, b"", etag)

    def changed() -> bool:
        nonlocal etag
        now = client.get("/api/v1/studies", headers={"If-None-Match": etag})
        before, etag = etag, now.headers["etag"]
        return now.status_code == 200 and etag != before

    review = {"verdict": "accepted", "at_mm": [0, 0, 0]}
    assert client.post(f"/api/v1/studies/{study['id']}/reviews", json=review).status_code == 201
    assert changed()
    job = client.post(f"/api/v1/studies/{study['id']}/jobs").json()
    assert wait_for(lambda: client.get(f"/api/v1/jobs/{job['id']}").json()["state"] == "done")
    assert wait_for(lambda: client.get("/api/v1/health").json()["engine"]["running_job"] is None)  # the picture, too
    assert changed()
    assert client.get("/api/v1/studies", headers={"If-None-Match": etag, "Accept-Language": "zh"}).status_code == 200
    client.delete(f"/api/v1/studies/{study['id']}")
    assert changed()
    assert not changed()


def test_a_list_comes_in_pages_if_asked_to(client: TestClient, upload: Callable[..., dict], ct: Path):
    ids = [upload(ct)["id"] for _ in range(5)][::-1]
    assert [study["id"] for study in client.get("/api/v1/studies").json()["studies"]] == ids
    assert "link" not in client.get("/api/v1/studies").headers
    pages, address = [], "/api/v1/studies?limit=2"
    while address:
        answer = client.get(address)
        pages.append([study["id"] for study in answer.json()["studies"]])
        if len(pages) == 1:  # what is deleted or added meanwhile makes no gap and no double
            client.delete(f"/api/v1/studies/{ids[1]}")
            upload(ct)
        address = answer.links["next"]["url"] if "next" in answer.links else ""
    assert pages == [ids[:2], ids[2:4], ids[4:]]
    for wrong in ("limit=0", "limit=1001", "limit=x", "after=-1", "after=1.5"):
        refused = client.get(f"/api/v1/studies?{wrong}")
        assert (refused.status_code, refused.json()["error"]["code"]) == (400, "bad_request")


def test_the_list_is_one_query_whatever_it_holds(client: TestClient, upload: Callable[..., dict], ct: Path):
    for _ in range(3):
        upload(ct)
    statements: list[str] = []
    reader = client.app.state.store._database._reader
    event.listen(reader, "before_cursor_execute", lambda *arguments: statements.append(arguments[2]))
    assert len(client.get("/api/v1/studies").json()["studies"]) == 3
    assert [statement.split()[0] for statement in statements] == ["BEGIN", "SELECT"]


def test_the_demo_study_has_a_reference(client: TestClient, monkeypatch: pytest.MonkeyPatch):
    small = __import__("segmentation.phantom", fromlist=["PhantomSpec"]).PhantomSpec
    spec = small(levels=("L3", "L4"), sacrum=False, ribs=False, organs=False, spacing_mm=(3.0, 3.0, 3.0))
    asked: list[dict[str, bool]] = []
    monkeypatch.setattr("segmentation.phantom.PhantomSpec", lambda **wishes: asked.append(wishes) or spec)
    answer = client.post("/api/v1/studies/demo")
    assert answer.status_code == 201
    assert answer.json()["has_reference"]
    [mask] = client.get(f"/api/v1/studies/{answer.json()['id']}/masks").json()["masks"]
    assert {22, 23} <= set(mask["labels"])
    assert asked == [{"lifelike": True}]  # the one that the network takes for a spine above a sacrum
    assert answer.json()["name"] == "Demo spine (synthetic)"
    chinese = client.post("/api/v1/studies/demo", headers={"Accept-Language": "zh-CN"}).json()
    assert chinese["name"] == "演示脊柱（合成数据）"


def test_a_demo_that_fails_leaves_nothing(client: TestClient, monkeypatch: pytest.MonkeyPatch):
    def broken(*_args: object) -> None:
        raise OSError("disk")

    monkeypatch.setattr("segmentation.phantom.write_phantom", broken)
    assert client.post("/api/v1/studies/demo").status_code == 500
    incoming = client.app.state.settings.data_dir / "incoming"
    assert list(incoming.iterdir()) == []
