"""A client that knows the description alone finds no answer that contradicts it, and no fault of the server."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from schemathesis.config import GenerationConfig
from schemathesis.core.parameters import ParameterLocation
from schemathesis.engine import events, from_schema
from schemathesis.python.asgi import shutdown_lifespans
from starlette.testclient import TestClient

from segmentation.phantom import PhantomSpec
from tests.webapp.api.api_objects import ARCHIVE, Objects
from tests.webapp.api.archive_stub import running_archive
from tests.webapp.support import BoneEngine
from webapp.asgi import create_asgi
from webapp.dicomweb.config import PacsServer
from webapp.settings import Settings

EXAMPLES = 5  # of each operation, beside those at the edges of its schema
PATIENCE_S = 120  # of one request, on a machine that does other work
MEASURED = ("measures.csv", "measures.json", "report.pdf", "report.dcm", "structured-report.zip")
ACCEPTED = {
    # No schema says which bytes are a scan.
    ("POST /studies", "positive_data_acceptance"),
    ("POST /imports", "positive_data_acceptance"),
    # Only a mask whose vertebrae have names can be renamed: that is no matter of the body.
    ("POST /masks/{mask_id}/levels", "positive_data_acceptance"),
    # Only a mask of vertebrae can be measured: that is no matter of the request.
    *((f"GET /masks/{{mask_id}}/{file}", "positive_data_acceptance") for file in MEASURED),
    # No schema says which bytes are changed blocks.
    ("PATCH /masks/{mask_id}/drafts/{draft_id}", "positive_data_acceptance"),
    # A body beyond what these read is refused by its size (413) before anything of it is read.
    ("POST /invitation", "negative_data_rejection"),
    ("POST /session", "negative_data_rejection"),
    ("POST /share-session", "negative_data_rejection"),
    # Starlette takes the upload, Flask lists the studies: either names its own methods.
    ("POST /studies", "allow_header_conformance"),
    ("GET /studies", "allow_header_conformance"),
    # "demo" may also be the id of a study.
    ("POST /studies/demo", "allow_header_conformance"),
}


@pytest.fixture
def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The API of an application with a small engine, an archive, and one of each object."""
    small = PhantomSpec(levels=("L4",), sacrum=False, ribs=False, organs=False, spacing_mm=(4.0, 4.0, 4.0))
    monkeypatch.setattr("segmentation.phantom.PhantomSpec", lambda **_: small)
    for table in ("reviews", "measurements"):
        monkeypatch.setattr(f"webapp.storage.{table}.MOST_PER_STUDY", 1_000_000)
    data_dir = tmp_path / "data"
    with running_archive() as url:
        archive = PacsServer(name=ARCHIVE, url=url)
        app = create_asgi(Settings(data_dir=data_dir, min_free_bytes=0, pacs=(archive,)), BoneEngine)
        schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", app)  # starts the application
        schema.config.generation = GenerationConfig(max_examples=EXAMPLES, deterministic=True, no_shrink=True)
        schema.config.request_timeout = PATIENCE_S
        # Nothing is learnt from answers: ids in them are random, and a run shall be like the one before.
        phases = schema.config.phases
        phases.stateful.enabled = False
        phases.coverage.extra_data_sources.responses = phases.fuzzing.extra_data_sources.responses = False
        phases.fuzzing.error_feedback.is_enabled = False
        objects = Objects(TestClient(app), data_dir, tmp_path)

        def before_call(_context: Any, case: Any, _kwargs: Any) -> None:
            place(case, objects)

        schemathesis.hook(before_call)
        try:
            yield schema
        finally:
            schemathesis.hooks.unregister(before_call)
            shutdown_lifespans()


def place(case: Any, objects: Objects) -> None:
    """Let three of four valid addresses lead to something, and bodies name a mask or series that is there."""
    components = case.meta.components if case.meta else {}
    path = components.get(ParameterLocation.PATH)
    if path is None or path.mode.is_positive:
        for name, value in case.path_parameters.items():
            found = objects.value(name, case.method) if zlib.crc32(str(value).encode()) % 4 else None
            if found is not None:
                case.path_parameters[name] = found
    body = components.get(ParameterLocation.BODY)
    if body is not None and body.mode.is_positive and isinstance(case.body, dict):
        of_study = case.path_parameters.get("study_id") == objects.study_id
        there = {"mask_id": objects.mask_id if of_study else None, "series": ""}
        case.body.update({name: value for name, value in there.items() if name in case.body})


def contradictions(finished: events.ScenarioFinished) -> Iterator[tuple[str, str, str]]:
    """Operation, check, and what it found, with the request that shows it and its answer."""
    for case_id, checks in finished.recorder.checks.items():
        for check in checks:
            if check.failure_info is not None:
                failure = check.failure_info.failure
                response = finished.recorder.interactions[case_id].response
                answer = f"{response.status_code} {response.content[:300]!r}" if response else "no answer"
                yield (
                    failure.operation,
                    check.name,
                    f"{failure.title}: {failure.message}\n{check.failure_info.code_sample}\n{answer}",
                )


@pytest.mark.timeout(1500)
def test_no_answer_contradicts_the_description(api: Any) -> None:
    found: dict[tuple[str, str], str] = {}
    passed: Counter[str] = Counter()
    for event in from_schema(api).execute():
        if isinstance(event, events.ScenarioFinished):
            passed.update(check.name for checks in event.recorder.checks.values() for check in checks)
            for operation, check, words in contradictions(event):
                found.setdefault((operation, check), words)
        elif isinstance(event, events.NonFatalError):
            found[event.label, "error"] = repr(event.value)
        assert not isinstance(event, events.FatalError), event.exception
    unknown = [f"{place}: {words}" for place, words in found.items() if place not in ACCEPTED]
    assert not unknown, "\n\n".join(unknown)
    for check in ("not_a_server_error", "status_code_conformance", "response_schema_conformance"):
        assert passed[check] > 400, check
