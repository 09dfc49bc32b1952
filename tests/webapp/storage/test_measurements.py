from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.webapp.conftest import TestClient
from webapp.storage.measurements import MOST_PER_STUDY, value_of

DISTANCE = {"kind": "distance", "plane": "sagittal", "points_mm": [[0, 0, 0], [0, 3, 4]], "label": "disc"}


@pytest.fixture
def study(upload: Callable[..., dict], ct: Path) -> str:
    return str(upload(ct)["id"])


@pytest.mark.parametrize(
    ("kind", "points", "expected"),
    [
        ("distance", [[0, 0, 0], [1, 2, 2]], 3.0),
        ("angle", [[1, 0, 0], [0, 0, 0], [0, 5, 0]], 90.0),
        ("angle", [[1, 0, 0], [0, 0, 0], [-2, 0, 0]], 180.0),
        ("cobb", [[0, 0, 0], [1, 0, 0], [0, 9, 0], [-1, 8, 0]], 45.0),
        ("cobb", [[0, 0, 0], [1, 0, 0], [0, 9, 0], [-1, 9, 0]], 0.0),  # the same line drawn the other way
        ("ellipse", [[0, 0, 0], [2, 0, 0], [0, 3, 0]], 18.85),
        ("angle", [[0, 0, 0], [0, 0, 0], [1, 0, 0]], 0.0),
    ],
)
def test_what_points_amount_to(kind: str, points: list[list[float]], expected: float):
    assert value_of(kind, points) == pytest.approx(expected, abs=0.01)


def test_a_measurement_is_kept_changed_and_removed(client: TestClient, study: str):
    made = client.post(f"/api/v1/studies/{study}/measurements", json=DISTANCE)
    assert made.status_code == 201
    assert (made.json()["value"], made.json()["unit"]) == (5.0, "mm")
    address = f"/api/v1/measurements/{made.json()['id']}"
    longer = {**DISTANCE, "points_mm": [[0, 0, 0], [0, 6, 8]], "label": "two discs"}
    assert client.put(address, json=longer).json()["value"] == 10.0
    listed = client.get(f"/api/v1/studies/{study}/measurements").json()["measurements"]
    assert [(m["label"], m["value"]) for m in listed] == [("two discs", 10.0)]
    assert client.delete(address).status_code == 204
    assert client.get(f"/api/v1/studies/{study}/measurements").json()["measurements"] == []
    assert client.delete(address).json()["error"]["code"] == "not_found"
    assert client.put(address, json=longer).status_code == 404


def test_all_are_taken_home_as_a_table_that_no_spreadsheet_runs(client: TestClient, study: str):
    figures = {"mean_hu": 185.25, "sd_hu": 15.5, "voxels": 60}
    ellipse = {"kind": "ellipse", "plane": "axial", "points_mm": [[0, 0, 0], [2, 0, 0], [0, 3, 0]]}
    client.post(f"/api/v1/studies/{study}/measurements", json={**DISTANCE, "label": '=HYPERLINK("x")'})
    client.post(f"/api/v1/studies/{study}/measurements", json={**ellipse, "statistics": figures})
    answer = client.get(f"/api/v1/studies/{study}/measurements.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.content.startswith(b"\xef\xbb\xbf")
    first, second = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert first["label"] == '\'=HYPERLINK("x")'
    assert first["value"] == "5.000"
    assert first["points_ras_mm"] == "0.000 0.000 0.000; 0.000 3.000 4.000"
    assert [second[name] for name in ("value", "unit", "mean_hu", "sd_hu", "voxels")] == [
        "18.850",
        "mm2",
        "185.25",
        "15.5",
        "60",
    ]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"kind": "volume"}, "kind"),
        ({"plane": "oblique"}, "plane"),
        ({"points_mm": [[0, 0, 0]]}, "points_mm"),
        ({"points_mm": [[0, 0, 0], [0, 0, "a"]]}, "points_mm"),
        ({"points_mm": [[0, 0, 0], [0, 0, 1e300]]}, "points_mm"),
        ({"points_mm": [[0, 0, 0], [0, True, 0]]}, "points_mm"),
        ({"label": "x" * 121}, "label"),
        ({"statistics": {"mean_hu": None}}, "statistics"),
        ({"statistics": {"other": 1}}, "statistics"),
    ],
)
def test_what_is_no_measurement_is_refused_by_name(client: TestClient, study: str, change: dict, named: str):
    answer = client.post(f"/api/v1/studies/{study}/measurements", json={**DISTANCE, **change})
    assert answer.status_code == 400
    assert named in answer.json()["error"]["message"]


def test_neither_rubbish_nor_a_study_that_is_not_there_is_written_to(client: TestClient, study: str):
    assert client.post(f"/api/v1/studies/{study}/measurements", content=b"{").status_code == 400
    assert client.post("/api/v1/studies/none/measurements", json=DISTANCE).status_code == 404
    assert client.get("/api/v1/studies/none/measurements.csv").status_code == 404


def test_measurements_go_with_their_study_and_are_not_without_number(client: TestClient, study: str, monkeypatch):
    monkeypatch.setattr("webapp.storage.measurements.MOST_PER_STUDY", 1)
    assert MOST_PER_STUDY >= 100
    made = client.post(f"/api/v1/studies/{study}/measurements", json=DISTANCE).json()
    assert client.post(f"/api/v1/studies/{study}/measurements", json=DISTANCE).status_code == 400
    client.delete(f"/api/v1/studies/{study}")
    assert client.delete(f"/api/v1/measurements/{made['id']}").status_code == 404
