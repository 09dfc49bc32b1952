"""Scans of a header and its voxels, or in a zip, over HTTP: they become studies like one file."""

from __future__ import annotations

import json
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from starlette.testclient import TestClient

from segmentation.readers import read_volume
from tests.webapp.support import small_volume
from webapp.settings import Settings

Files = dict[str, bytes]
TUS = {"tus-resumable": "1.0.0"}


@pytest.fixture(params=[".nhdr", ".mhd", ".hdr"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> Files:
    """A header and its voxels, as SimpleITK writes them, the voxels first."""
    volume = small_volume()
    image = sitk.GetImageFromArray(np.ascontiguousarray(volume.hu.T))
    image.SetSpacing([float(mm) for mm in volume.grid.spacing_mm])
    (tmp_path / "scan").mkdir()
    sitk.WriteImage(image, str(tmp_path / "scan" / f"DOE JANE{request.param}"), useCompression=True)
    found = sorted((tmp_path / "scan").iterdir(), key=lambda path: path.suffix == request.param)
    assert len(found) == 2
    return {path.name: path.read_bytes() for path in found}


def zipped(files: Files) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            archive.writestr(f"a folder/{name}", data)
    return buffer.getvalue()


def assert_study(study: dict[str, Any], settings: Settings) -> None:
    volume = small_volume()
    assert study["shape"] == list(volume.grid.shape)
    folder = settings.data_dir / "studies" / study["id"]
    [original] = folder.glob("original.*")
    assert np.array_equal(read_volume(original).hu, volume.hu)
    assert "DOE" not in "".join(path.name for path in folder.rglob("*"))
    assert list((settings.data_dir / "incoming").iterdir()) == []


def test_a_header_and_its_voxels_become_a_study(client: TestClient, settings: Settings, files: Files) -> None:
    parts = [("file", (name, data)) for name, data in files.items()]
    answer = client.post("/api/v1/studies", files=parts)
    assert answer.status_code == 201, answer.text
    assert_study(answer.json(), settings)


@pytest.mark.parametrize("packed", [True, False])
def test_such_a_scan_is_listed_like_a_series(
    client: TestClient, settings: Settings, files: Files, packed: bool
) -> None:
    parts = [("file", ("study.zip", zipped(files)))] if packed else [("file", each) for each in files.items()]
    waiting = client.post("/api/v1/imports", files=parts)
    assert waiting.status_code == 201, waiting.text
    [series] = waiting.json()["series"]
    assert (series["proposed"], series["problem"], series["images"]) == (True, None, small_volume().grid.shape[2])
    assert b"DOE" not in waiting.content
    answer = client.post(f"{waiting.headers['location']}/studies", json={"series": series["key"], "alias": "Scan 1"})
    assert answer.status_code == 201, answer.text
    assert answer.json()["name"] == "Scan 1"
    assert_study(answer.json(), settings)


@pytest.mark.parametrize("kind", ["study", "import"])
def test_uploads_that_go_on_where_they_stopped_may_be_of_several_files(
    client: TestClient, settings: Settings, files: Files, kind: str
) -> None:
    data = b"".join(files.values())
    created = client.post(
        "/uploads",
        content=data,
        headers={**TUS, "upload-length": str(len(data)), "content-type": "application/offset+octet-stream"},
    )
    contents = {"files": [{"name": name, "size": len(each)} for name, each in files.items()]}
    answer = client.post(f"{created.headers['location']}/{kind}", json=contents)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    if kind == "import":
        made = client.post(f"/api/v1/imports/{made['id']}/studies").json()
    assert_study(made, settings)


@pytest.mark.parametrize("way", ["studies", "imports", "zip"])
def test_a_header_and_a_list_of_files_become_a_study(client: TestClient, settings: Settings, way: str) -> None:
    volume = small_volume()
    slices = {f"s{k}.raw": volume.hu[:, :, k].astype("<i2").tobytes(order="F") for k in range(volume.grid.shape[2])}
    header = (
        "ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\n"
        f"DimSize = {' '.join(map(str, volume.grid.shape))}\nElementType = MET_SHORT\n"
        f"ElementSpacing = {' '.join(map(str, volume.grid.spacing_mm))}\nElementDataFile = LIST\n"
    )
    files = {"DOE JANE.mhd": (header + "".join(f"{name}\n" for name in slices)).encode(), **slices}
    parts: Any = [("file", each) for each in files.items()]
    if way == "studies":
        answer = client.post("/api/v1/studies", files=parts)
    else:
        given = [("file", ("study.zip", zipped(files)))] if way == "zip" else parts
        waiting = client.post("/api/v1/imports", files=given)
        answer = client.post(f"{waiting.headers['location']}/studies")
    assert answer.status_code == 201, answer.text
    assert_study(answer.json(), settings)


def test_half_of_a_scan_is_refused_as_that(client: TestClient, settings: Settings, files: Files) -> None:
    for name, data in files.items():
        answer = client.post("/api/v1/studies", files=[("file", (name, data))])
        said = json.loads(answer.content)["error"]["message"]
        assert answer.status_code == 415
        assert "voxels in another file" in said or "is not a file type" in said
    names = list(files)
    answer = client.post(
        "/api/v1/studies", files=[("file", (names[1], files[names[1]])), ("file", ("other.raw", b"1"))]
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "unreadable_file")
    assert "which is not in the same folder" in answer.json()["error"]["message"]
    assert list((settings.data_dir / "incoming").iterdir()) == []


def test_a_zip_of_one_file_is_a_study_and_one_of_nothing_is_refused(client: TestClient, settings: Settings) -> None:
    volume = small_volume()
    image = sitk.GetImageFromArray(np.ascontiguousarray(volume.hu.T))
    image.SetSpacing([float(mm) for mm in volume.grid.spacing_mm])
    path = settings.data_dir.parent / "ct.nii.gz"
    sitk.WriteImage(image, str(path))
    waiting = client.post("/api/v1/imports", files=[("file", ("a.zip", zipped({path.name: path.read_bytes()})))])
    assert_study(client.post(f"{waiting.headers['location']}/studies").json(), settings)
    answer = client.post("/api/v1/imports", files=[("file", ("a.zip", zipped({"a.txt": b"nothing"})))])
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "unreadable_file")
    damaged = zipped({"ct.nrrd": b"NRRD0004\n\n"})
    [series] = client.post("/api/v1/imports", files=[("file", ("a.zip", damaged))]).json()["series"]
    assert series["proposed"] is False
    assert series["problem"]["message"]
