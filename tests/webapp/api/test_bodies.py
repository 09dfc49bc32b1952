"""Bodies that no form sends: each gets one sentence, none a fault of the server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from webapp.api.bodies import read_query
from webapp.api.schemas import SurfaceQuery
from webapp.http.bounded_body import MOST_BYTES, BoundedBody
from webapp.http.errors import WebError

JSON = {"Content-Type": "application/json"}
REVIEW = '{"verdict": "accepted", "at_mm": [1, 2, %s]}'
MEASUREMENT = '{"kind": "distance", "plane": "axial", "points_mm": [[0, 0, 0], [0, 0, %s]]}'
HOSTILE = {
    "deep lists": "[" * 100_000,
    "deep objects": '{"a":' * 100_000,
    "an integer of 400 digits": REVIEW % ("9" * 400),
    "an integer of 5,000 digits": REVIEW % ("9" * 5000),
    "NaN": REVIEW % "NaN",
    "Infinity": REVIEW % "-Infinity",
    "beyond a float": REVIEW % "1e999",
    "a lone surrogate": '{"verdict": "accepted", "at_mm": [1, 2, 3], "comment": "\\ud800"}',
    "a list for a text": '{"verdict": ["accepted"], "at_mm": [1, 2, 3]}',
    "an object for a number": REVIEW % "{}",
    "a text for a number": REVIEW % '"3"',
    "null": "null",
    "two documents": "{}{}",
    "no UTF-8": b'{"verdict": "\xff"}',
    "nothing": "",
}


@pytest.fixture
def study(upload: Callable[..., dict], ct: Path) -> str:
    return str(upload(ct)["id"])


def test_what_nobody_can_mean_is_refused_in_a_sentence(client: TestClient, study: str):
    for name, body in HOSTILE.items():
        for path in ("reviews", "measurements"):
            answer = client.post(f"/api/v1/studies/{study}/{path}", content=body, headers=JSON)
            assert answer.status_code == 400, (name, path)
            assert set(answer.json()["error"]) == {"code", "message", "hint"}
            assert answer.json()["error"]["message"].endswith("."), name
    for number in ("9" * 400, "NaN", "1e999", "true", "null", "[]"):
        answer = client.post(f"/api/v1/studies/{study}/measurements", content=MEASUREMENT % number, headers=JSON)
        assert answer.status_code == 400, number
        assert answer.json()["error"]["message"].startswith("points_mm must be"), number
    assert client.get(f"/api/v1/studies/{study}/reviews").json() == {"reviews": []}
    assert client.get(f"/api/v1/studies/{study}/measurements").json() == {"measurements": []}


@pytest.mark.parametrize(
    "path", ["studies/x/jobs", "imports/x/studies", "pacs/x/search", "pacs/x/fetch", "masks/x/send"]
)
def test_every_route_reads_its_body_the_same_way(client: TestClient, path: str):
    for body in (HOSTILE["deep lists"], "null", HOSTILE["no UTF-8"], '["a"]', '"a"', "1"):
        answer = client.post(f"/api/v1/{path}", content=body, headers=JSON)
        assert answer.status_code == 400
        assert answer.json()["error"]["message"] == "The body must be a JSON object."


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"at_mm": [0, 0, 0]}, "verdict is missing."),
        ({"verdict": "fine", "at_mm": [0, 0, 0]}, "verdict must be one of accepted, needs_work."),
        ({"verdict": "accepted", "at_mm": [0, 0, 0], "comment": 7}, "comment must be a text."),
        (
            {"verdict": "accepted", "at_mm": [0, 0, 0], "comment": "x" * 2001},
            "comment must be a text of at most 2000 characters.",
        ),
    ],
)
def test_a_field_that_is_wrong_is_named(client: TestClient, study: str, body: dict, message: str):
    answer = client.post(f"/api/v1/studies/{study}/reviews", json=body)
    assert (answer.status_code, answer.json()["error"]["message"]) == (400, message)


def _screw(label: str) -> str:
    screw = '{"label": %s, "side": "left", "entry_ras_mm": [0, 0, 0], "tip_ras_mm": [0, 9, 0], "diameter_mm": 5}'
    return '{"screws": [%s]}' % (screw % label)


def test_a_whole_number_may_be_written_with_a_point(client: TestClient, study: str):
    """JSON has one kind of number: 20.0 is 20, and some programs write it so."""
    answer = client.post(f"/api/v1/studies/{study}/plans", content=_screw("20.0"), headers=JSON)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "no_vertebrae")
    for label, says in {"20.5": "a whole number.", "true": "a whole number.", "0.0": "at least 1."}.items():
        answer = client.post(f"/api/v1/studies/{study}/plans", content=_screw(label), headers=JSON)
        assert answer.status_code == 400
        assert answer.json()["error"]["message"] == f"screws[0].label must be {says}"


def test_a_body_over_the_limit_is_refused_before_it_is_parsed(client: TestClient, study: str):
    address = f"/api/v1/studies/{study}/reviews"
    fitting = json.dumps({"verdict": "accepted", "at_mm": [0, 0, 0]}).ljust(MOST_BYTES)
    assert client.post(address, content=fitting, headers=JSON).status_code == 201

    def in_chunks() -> Iterator[bytes]:
        for _ in range(3):
            yield b" " * (MOST_BYTES // 2)

    for body in (fitting + " ", in_chunks()):
        answer = client.post(address, content=body, headers=JSON)
        assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")
        assert "1,000,000 bytes" in answer.json()["error"]["message"]


def test_a_body_in_chunks_is_read_like_any_other(client: TestClient, study: str):
    body = iter([b'{"task": ', b'"dance"}'])
    answer = client.post(f"/api/v1/studies/{study}/jobs", content=body, headers=JSON)
    assert answer.json()["error"]["message"] == "task must be one of segment."


def test_a_body_that_does_not_come_holds_nobody_up():
    """The server's threads never see it: answered 408 after the time that is given to it."""
    sent: list[dict] = []

    async def never() -> dict:
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: dict) -> None:
        sent.append(message)

    async def app(*_arguments: object) -> None:
        raise AssertionError("an unfinished body was passed on")

    scope = {"type": "http", "method": "POST", "path": "/", "headers": [(b"content-length", b"9")]}
    asyncio.run(BoundedBody(app, within_s=0.01)(scope, never, send))
    assert sent[0]["status"] == 408


def test_a_client_that_left_is_not_answered():
    async def gone() -> dict:
        return {"type": "http.disconnect"}

    async def fail(*_arguments: object) -> None:
        raise AssertionError

    asyncio.run(BoundedBody(fail)({"type": "http", "headers": []}, gone, fail))


@pytest.mark.parametrize("number", ["9" * 5000, "-1", "1_0", " 5", "5.0", "٣"])
def test_numbers_in_an_address_are_digits(client: TestClient, number: str):
    with pytest.raises(WebError, match="label must be a whole number"):
        read_query({"label": number}, SurfaceQuery)


def test_a_number_of_thousands_of_digits_is_no_address(client: TestClient):
    for path in ("masks/x/meshes/{}.stl", "imports/x/thumbnails/{}.png"):
        answer = client.get("/api/v1/" + path.format("9" * 5000))
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


def test_a_file_answers_405_to_other_methods(client: TestClient):
    answer = client.post("/api/v1/masks/x/volume.bin")
    assert (answer.status_code, answer.json()["error"]["code"]) == (405, "method_not_allowed")
    assert {"GET", "HEAD"} <= set(answer.headers["allow"].split(", ")) <= {"GET", "HEAD", "OPTIONS"}
