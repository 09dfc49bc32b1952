"""Plans and registrations of a study over HTTP, on a phantom of three vertebrae."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest

from segmentation.phantom import Phantom, PhantomSpec, make_phantom
from segmentation.phantom.dicom import DicomSpec, write_dicom
from segmentation.planning.plan import read_plan
from segmentation.registration import rigid
from segmentation.registration.search import Level, prepare_level
from segmentation.tracking.simulate import random_motion, touched_landmarks, touched_points
from segmentation.writers import write_nifti, write_volume
from tests.webapp.conftest import TestClient
from tests.webapp.support import BoneEngine
from webapp.asgi import create_asgi
from webapp.settings import Settings
from webapp.storage.mask_files import write_mask

L4 = 23


@pytest.fixture(scope="module")
def phantom() -> Phantom:
    levels = ("L3", "L4", "L5")
    return make_phantom(PhantomSpec(levels, sacrum=False, ribs=False, organs=False, spacing_mm=(1.25,) * 3))


@pytest.fixture(scope="module")
def level(phantom: Phantom) -> Level:
    return prepare_level(phantom.labels, L4)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    settings = Settings(data_dir=tmp_path_factory.mktemp("data"), min_free_bytes=0, preload_model=False)
    with TestClient(create_asgi(settings, BoneEngine), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture(scope="module")
def study(client: TestClient, phantom: Phantom, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("files")
    write_volume(phantom.volume, folder / "ct.nii.gz")
    write_nifti(phantom.labels, folder / "vert.nii.gz")
    files = {name: (path, (folder / path).read_bytes()) for name, path in
             (("file", "ct.nii.gz"), ("reference", "vert.nii.gz"))}  # fmt: skip
    answer = client.post("/api/v1/studies", files=files)
    assert answer.status_code == 201, answer.text
    return f"/api/v1/studies/{answer.json()['id']}"


def csv(points: np.ndarray) -> dict[str, str]:
    text = "x,y,z\n" + "".join(",".join(f"{value:.4f}" for value in point) + "\n" for point in points)
    return {"name": "points.csv", "content": base64.b64encode(text.encode()).decode()}


def pairs(names: list[str], tracker: np.ndarray, image: np.ndarray) -> dict[str, str]:
    rows = [",".join([n, *map(str, a), *map(str, b)]) for n, a, b in zip(names, tracker, image, strict=True)]
    text = "\n".join(["name,x,y,z,r,a,s", *rows])
    return {"name": "landmarks.csv", "content": base64.b64encode(text.encode()).decode()}


@pytest.fixture(scope="module")
def touched(level: Level) -> tuple[np.ndarray, dict[str, Any]]:
    """image_from_tracker, and the body of a request: 120 points and four landmarks."""
    random = np.random.default_rng(1)
    motion = random_motion(random)
    points = rigid.apply(motion, touched_points(level, 120, 0.3, random))
    names, found, image = touched_landmarks(level, 1.0, random)
    landmarks = pairs(names, rigid.apply(motion, found), image)
    return rigid.inverse(motion), {"label": L4, "points": csv(points), "landmarks": landmarks}


def test_screws_are_proposed_checked_and_kept(client: TestClient, study: str):
    made = client.post(f"{study}/plans", json={"levels": ["L4"]})
    assert made.status_code == 201, made.text
    plan = made.json()
    assert [(screw["name"], screw["grade"]) for screw in plan["screws"]] == [("L4 right", "A"), ("L4 left", "A")]
    assert all(screw["hu_mean"] is not None and screw["least_clearance_mm"] > 0 for screw in plan["screws"])
    assert "Research use only" in plan["notice"]
    moved = [dict(screw) for screw in plan["screws"]]
    for end in ("entry_ras_mm", "tip_ras_mm"):
        moved[0][end] = [moved[0][end][0] - 12, *moved[0][end][1:]]  # the right pedicle's screw, towards the canal
    checked = client.post(f"{study}/plans", json={"screws": moved}).json()
    assert checked["number"] == plan["number"] + 1
    assert checked["screws"][0]["grade"] in "CDE"
    assert checked["screws"][0]["direction"] == "medial"
    assert checked["screws"][1]["grade"] == "A"
    listed = client.get(f"{study}/plans").json()["plans"]
    assert [each["number"] for each in listed][:2] == [checked["number"], plan["number"]]
    assert listed[1] == plan


def test_a_cervical_level_gets_its_reason_in_the_readers_language(client: TestClient, study: str):
    answer = client.post(f"{study}/plans", json={"levels": ["C3"]}, headers={"Accept-Language": "zh"})
    assert answer.status_code == 400
    assert "C3" in answer.json()["error"]["message"]
    assert "节段" in answer.json()["error"]["message"]


def test_points_are_registered_and_kept_whatever_the_verdict(
    client: TestClient, study: str, touched: Any, level: Level
):
    truth, body = touched
    made = client.post(f"{study}/registrations", json=body)
    assert made.status_code == 201, made.text
    found = made.json()
    assert (found["level"], found["verdict"], found["reasons"]) == ("L4", "accepted", [])
    tips = rigid.apply(np.array(found["image_from_tracker"]) @ rigid.inverse(truth), level.targets_mm)
    assert np.linalg.norm(tips - level.targets_mm, axis=1).max() < 1.0
    assert len(found["points_ras_mm"]) == len(found["residuals_mm"]) == 120
    wrong = client.post(f"{study}/registrations", json={**body, "label": 22}, headers={"Accept-Language": "zh"}).json()
    assert wrong["verdict"] != "accepted"
    assert wrong["reasons"]
    assert any("\u4e00" <= c <= "\u9fff" for c in wrong["reasons"][0]["message"])
    listed = client.get(f"{study}/registrations?limit=2").json()["registrations"]
    assert [each["number"] for each in listed] == [wrong["number"], found["number"]]
    begun = client.post(
        f"{study}/registrations", json={**body, "landmarks": None, "from_number": found["number"]}
    ).json()
    again = rigid.apply(np.array(begun["image_from_tracker"]) @ rigid.inverse(truth), level.targets_mm)
    assert np.linalg.norm(again - level.targets_mm, axis=1).max() < 1.0


def _decoded(body: dict[str, Any]) -> np.ndarray:
    rows = base64.b64decode(body["points"]["content"]).decode().splitlines()[1:]
    return np.array([[float(value) for value in row.split(",")] for row in rows])


def test_what_cannot_be_the_vertebras_points_is_refused_with_a_sentence(client: TestClient, study: str, touched: Any):
    """In metres, NaN, two points: refused, and nothing is kept."""
    _, body = touched
    points = _decoded(body)
    before = client.get(f"{study}/registrations").json()["registrations"]
    broken = points.copy()
    broken[7] = np.nan
    for bad, word in ((points / 1000, "metres"), (broken, "finite"), (points[:2], "2 different points")):
        answer = client.post(f"{study}/registrations", json={"label": L4, "points": csv(bad)})
        assert answer.status_code in (400, 422)
        assert word in answer.json()["error"]["message"]
        assert answer.json()["error"]["hint"]
    assert client.get(f"{study}/registrations").json()["registrations"] == before


def test_mirrored_points_are_never_accepted(client: TestClient, study: str, touched: Any):
    _, body = touched
    mirrored = client.post(f"{study}/registrations", json={**body, "points": csv(_decoded(body) * [-1, 1, 1])}).json()
    assert mirrored["verdict"] != "accepted"
    assert mirrored["reasons"]


def test_a_registration_is_checked_by_touching_a_known_place_again(
    client: TestClient, study: str, touched: Any, level: Level
):
    """The tracker's reference slips by 3 mm after the second touch: the third says so."""
    truth, body = touched
    registration = client.post(f"{study}/registrations", json=body).json()
    assert registration["verdict"] == "accepted"
    place = level.surface_mm[level.reachable][0]

    def touch(slip: float = 0.0, **more: Any) -> dict[str, Any]:
        tip = rigid.apply(rigid.inverse(truth), place[None]) + np.array([slip, 0, 0])
        samples = (tip + np.random.default_rng(0).normal(0, 0.1, (20, 3))).tolist()
        made = client.post(f"{study}/checks", json={"place": "tip", "samples_mm": samples, **more})
        assert made.status_code == 201, made.text
        return dict(made.json())

    first = touch(landmark_ras_mm=place.tolist())
    assert (first["state"], first["registration"], first["reasons"]) == ("good", registration["number"], [])
    assert first["error_mm"] < 1.5
    assert first["moved_mm"] is None
    second = touch(0.5)
    assert (second["state"], second["error_mm"]) == ("good", None)
    assert second["moved_mm"] == pytest.approx(0.5, abs=0.02)
    third = touch(3.0, place="tip")
    assert third["state"] == "drifted"
    assert third["reasons"][0]["code"] == "moved"
    assert third["reasons"][0]["hint"]
    assert touch(3.0, place="elsewhere")["moved_mm"] is None
    listed = client.get(f"{study}/checks?limit=3").json()["checks"]
    assert [each["place"] for each in listed] == ["elsewhere", "tip", "tip"]
    again = client.post(f"{study}/registrations", json={**body, "from_number": registration["number"]}).json()
    assert again["previous"] == registration["number"]
    assert again["change_mm"] < 1.0
    assert touch(3.0)["moved_mm"] is None  # of this registration it is the first touch
    assert client.post(f"{study}/checks", json={"place": "tip", "samples_mm": []}).status_code == 400
    missing = {"place": "tip", "samples_mm": [[0, 0, 0]], "registration": 998}
    assert client.post(f"{study}/checks", json=missing).status_code == 404


def test_screws_are_checked_while_they_are_dragged_and_nothing_is_kept(client: TestClient, study: str):
    plan = client.post(f"{study}/plans", json={"levels": ["L4"]}).json()
    moved = dict(plan["screws"][0])
    moved["tip_ras_mm"] = [moved["tip_ras_mm"][0], moved["tip_ras_mm"][1], moved["tip_ras_mm"][2] + 25]
    answer = client.post(f"{study}/screw-checks", json={"screws": [plan["screws"][0], moved]})
    assert answer.status_code == 200, answer.text
    good, bad = answer.json()["screws"]
    assert (good["grade"], good["breach_mm"]) == ("A", 0)
    assert bad["grade"] in "BCDE"
    assert bad["direction"] == "superior"
    assert len(bad["position_mm"]) == len(bad["clearance_mm"]) > 20
    assert min(bad["clearance_mm"]) < 0
    assert client.get(f"{study}/plans").json()["plans"][0]["number"] == plan["number"]


def test_a_plan_is_downloaded_for_other_programs(client: TestClient, study: str, tmp_path: Path):
    plan = client.post(f"{study}/plans", json={"levels": ["L4", "L5"]}).json()
    number = plan["number"]
    content = client.get(f"{study}/plans/{number}.json")
    assert "attachment" in content.headers["content-disposition"]
    (tmp_path / "plan.json").write_bytes(content.content)
    read = read_plan(tmp_path / "plan.json")
    assert [screw.name for screw in read.screws] == [screw["name"] for screw in plan["screws"]]
    rows = client.get(f"{study}/plans/{number}.csv").content.decode("utf-8-sig").splitlines()
    assert len(rows) == 1 + len(plan["screws"])
    assert all("Research use only" in row for row in rows[1:])
    names = {node["name"] for node in _glb(client.get(f"{study}/plans/{number}.glb").content)["nodes"]}
    assert {"L4", "L5", "L4 right screw", "L5 left screw", "right rod"} <= names
    stl = client.get(f"{study}/plans/{number}.stl?axes=lps").content
    assert b"SPACE=LPS" in stl[:80]
    assert len(stl) == 84 + 50 * int.from_bytes(stl[80:84], "little")
    refused = client.get(f"{study}/plans/{number}.dcm")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "not_dicom")
    assert client.get(f"{study}/plans/998.csv").status_code == 404
    assert client.get(f"{study}/plans/{number}.doc").status_code == 404


def test_a_plan_of_a_dicom_study_is_downloaded_as_a_structured_report(client: TestClient, tmp_path: Path):
    spec = PhantomSpec(
        ("L3", "L4"), sacrum=False, organs=False, ribs=False, spacing_mm=(2,) * 3, fov_mm=(110, 140, 110)
    )
    phantom = make_phantom(spec)
    write_dicom(phantom.volume, tmp_path / "ct", DicomSpec())
    files = [("file", (path.name, path.read_bytes())) for path in sorted((tmp_path / "ct").iterdir())]
    waiting = client.post("/api/v1/imports", files=files).json()
    made = client.post(f"/api/v1/imports/{waiting['id']}/studies", json={"series": waiting["series"][0]["key"]}).json()
    store = client.app.state.store  # type: ignore[attr-defined]
    staged = store.stage()
    mask = write_mask(phantom.labels, phantom.volume, staged, made["id"], "vertebrae", "net 1")
    assert store.jobs.complete(store.jobs.add(made["id"]).id, mask, staged, "")
    study = f"/api/v1/studies/{made['id']}"
    plan = client.post(f"{study}/plans", json={"levels": ["L3"]}).json()
    found = client.get(f"{study}/plans/{plan['number']}.dcm")
    assert found.headers["content-type"] == "application/dicom"
    report = pydicom.dcmread(io.BytesIO(found.content))
    assert report.SOPClassUID.name == "Comprehensive 3D SR Storage"
    assert str(report).count("POLYLINE") == len(plan["screws"]) == 2
    empty = client.post(f"{study}/plans", json={"screws": []}).json()
    refused = client.get(f"{study}/plans/{empty['number']}.dcm")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "empty_plan")


def _glb(data: bytes) -> dict[str, Any]:
    length = int.from_bytes(data[12:16], "little")
    return dict(json.loads(data[20 : 20 + length]))


@pytest.mark.parametrize("content", ["no base64!", base64.b64encode(b"\x00\xff\xfe").decode()])
def test_a_damaged_file_is_refused(client: TestClient, study: str, content: str):
    answer = client.post(f"{study}/registrations", json={"label": L4, "points": {"name": "a.csv", "content": content}})
    assert answer.status_code in (400, 422)


def test_they_lie_in_the_studys_folder(client: TestClient, study: str):
    folder: Path = client.app.state.store.folder(study.rsplit("/", 1)[1]) / "navigation"
    names = sorted(path.name for path in folder.iterdir())
    assert {"plan-000001.json", "registration-000001.json"} <= set(names)
    assert all(name.endswith(".json") and "new" not in name for name in names)
    assert json.loads((folder / "registration-000001.json").read_text())["number"] == 1
    actions = [entry.action for entry in client.app.state.store.audit.entries()]
    assert {"plan", "register"} <= set(actions)


def test_a_study_without_vertebrae_says_so(client: TestClient, phantom: Phantom, tmp_path: Path):
    write_volume(phantom.volume, tmp_path / "ct.nii.gz")
    bare = client.post("/api/v1/studies", files={"file": ("ct.nii.gz", (tmp_path / "ct.nii.gz").read_bytes())}).json()
    answer = client.post(f"/api/v1/studies/{bare['id']}/plans", json={})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "no_vertebrae")


def test_without_a_tracker_the_page_is_told(client: TestClient, study: str):
    assert client.get(f"{study}/tracker").json() == {"configured": False, "live_url": ""}
