"""What watches the server sees: alive, ready, figures, and log lines with the ids of requests and jobs."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from tests.webapp.support import wait_for
from webapp.http.request_log import shown
from webapp.log_setup import JOB_ID, REQUEST_ID, JsonFormatter, LineFormatter
from webapp.maintenance import health


def figures(client: TestClient) -> dict[tuple[str, tuple], float]:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_a_server_is_live_and_ready(client: TestClient):
    assert client.get("/health/live").json() == {"status": "live"}
    assert client.get("/health/ready").json() == {"status": "ready"}


def test_it_is_not_ready_on_a_full_disk_or_without_its_engine_thread_and_says_so(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(health.shutil, "disk_usage", lambda _path: SimpleNamespace(free=0))
    client.app.state.jobs.stop()  # type: ignore[attr-defined]
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()["reasons"]) == (503, ["disk_full", "engine"])
    assert client.get("/health/live").status_code == 200


def test_jobs_stages_requests_and_refusals_are_counted(client: TestClient, upload: Callable[..., dict], ct: Path):
    before = figures(client)
    study = upload(ct)
    job = client.post(f"/api/v1/studies/{study['id']}/jobs").json()
    assert wait_for(lambda: client.get(f"/api/v1/jobs/{job['id']}").json()["state"] == "done")
    assert client.get("/api/v1/studies/nothing").status_code == 404
    done = ("spineview_job_seconds_count", (("state", "done"),))
    wait_for(lambda: figures(client).get(done, 0) == before.get(done, 0) + 1)
    after = figures(client)
    for name, labels in (
        ("spineview_job_stage_seconds_count", (("stage", "segmenting"),)),
        ("spineview_job_wait_seconds_count", ()),
        ("spineview_refusals_total", (("code", "not_found"),)),
        ("spineview_request_seconds_count", (("method", "GET"), ("status", "4xx"))),
    ):
        assert after[name, labels] >= before.get((name, labels), 0) + 1, name
    assert after["spineview_jobs", (("state", "done"),)] == 1
    assert after["spineview_queue_length", ()] == 0
    assert after["process_resident_memory_bytes", ()] > 1e6
    assert ("spineview_viewer_sessions", ()) in after


def test_every_answer_has_the_id_that_stands_in_the_log(
    client: TestClient, upload: Callable[..., dict], ct: Path, caplog: pytest.LogCaptureFixture
):
    study = upload(ct)
    lines: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(LineFormatter().format(record))  # type: ignore[method-assign]
    logger = logging.getLogger("webapp")
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        answer = client.post(f"/api/v1/studies/{study['id']}/jobs")
        identity = answer.headers["x-request-id"]
        job = answer.json()["id"]
        assert wait_for(lambda: any(f"job {job} is done" in line for line in lines))
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)
    assert any(
        f"POST /api/v1/studies/{study['id']}/jobs 202" in line and f"request={identity}" in line for line in lines
    )
    assert any(line.endswith(f"[job={job}]") for line in lines)
    assert client.get("/").headers["x-request-id"] != identity


def test_a_record_as_json_is_one_line_with_its_ids():
    request, job = REQUEST_ID.set("r1"), JOB_ID.set("j1")
    try:
        record = logging.LogRecord("webapp.x", logging.WARNING, __file__, 1, "read %s", ("a\nb\u2028",), None)
        line = JsonFormatter().format(record)
    finally:
        REQUEST_ID.reset(request)
        JOB_ID.reset(job)
    assert line.isprintable()
    fields = json.loads(line)
    assert (fields["level"], fields["message"], fields["request"], fields["job"]) == (
        "warning", "read a\nb\u2028", "r1", "j1",
    )  # fmt: skip
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+\+00:00", fields["time"])


def test_tokens_do_not_reach_the_log():
    assert shown("/studies/0123/ws/" + "ab" * 16) == "/studies/0123/ws/…"
    assert shown("/api/v1/studies/0123456789abcdef0123") == "/api/v1/studies/0123456789abcdef0123"
