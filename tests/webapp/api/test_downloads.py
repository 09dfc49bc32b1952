"""What users take home, read back by others than us."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from starlette.testclient import TestClient

from tests.webapp.support import small_volume


def test_a_download_has_a_harmless_name_and_is_noted(client: TestClient, segmented: dict):
    answer = client.get(segmented["masks"][0]["download_url"])
    assert answer.headers["content-disposition"] == 'attachment; filename="patient_scan_spine.nii.gz"'
    assert client.app.state.store.audit.entries()[-1].action == "download"
    reference = client.get(segmented["masks"][1]["download_url"])
    assert 'filename="patient_scan_reference.nii.gz"' in reference.headers["content-disposition"]


def test_nrrd_opens_elsewhere_with_its_names(client: TestClient, segmented: dict, tmp_path: Path):
    answer = client.get(f"/api/v1/masks/{segmented['masks'][1]['id']}.seg.nrrd")
    assert 'filename="patient_scan_reference.seg.nrrd"' in answer.headers["content-disposition"]
    (tmp_path / "r.nrrd").write_bytes(answer.content)
    image = sitk.ReadImage(str(tmp_path / "r.nrrd"))
    assert [image.GetMetaData(f"Segment{row}_Name") for row in range(3)] == ["L1", "L2", "sacrum"]
    assert set(np.unique(sitk.GetArrayFromImage(image)).tolist()) == {0, 20, 21, 26}


def test_the_label_table_names_what_is_in_the_mask(client: TestClient, segmented: dict):
    model, reference = segmented["masks"]
    assert '"spine"' in client.get(f"/api/v1/masks/{model['id']}/labels.txt").text
    assert '"sacrum"' in client.get(f"/api/v1/masks/{reference['id']}/labels.txt").text


@pytest.mark.parametrize("axes", ["ras", "lps"])
def test_a_surface_lies_where_its_name_says(client: TestClient, segmented: dict, axes: str):
    answer = client.get(f"/api/v1/masks/{segmented['masks'][0]['id']}/surface.stl", params={"axes": axes})
    assert f'filename="patient_scan_spine_{axes.upper()}.stl"' in answer.headers["content-disposition"]
    assert f"SPACE={axes.upper()}".encode() in answer.content[:80]
    [count] = struct.unpack_from("<I", answer.content, 80)
    triangles = np.frombuffer(answer.content, offset=84, dtype=np.dtype("(3,)<f4, (3,3)<f4, <u2"), count=count)
    expected = small_volume().grid.to_mm(np.array([14.5, 14.5, 11.5])) * ((-1, -1, 1) if axes == "lps" else 1)
    assert triangles["f1"].reshape(-1, 3).mean(axis=0) == pytest.approx(expected, abs=1.0)


def test_one_label_may_be_taken_alone_and_decimated(client: TestClient, segmented: dict):
    address = f"/api/v1/masks/{segmented['masks'][1]['id']}/surface.glb"
    everything = client.get(address)
    alone = client.get(address, params={"label": 20, "triangles": 500})
    assert 'filename="patient_scan_reference_L1_RAS.glb"' in alone.headers["content-disposition"]
    assert alone.content[:4] == b"glTF"
    assert len(alone.content) < len(everything.content)
    assert b"sacrum" not in alone.content
    assert b"sacrum" in everything.content


@pytest.mark.parametrize(
    ("query", "status"),
    [("axes=xyz", 400), ("triangles=3", 400), ("triangles=many", 400), ("label=9", 404), ("label=0", 400)],
)
def test_what_cannot_be_made_is_refused(client: TestClient, segmented: dict, query: str, status: int):
    answer = client.get(f"/api/v1/masks/{segmented['masks'][0]['id']}/surface.stl?{query}")
    assert answer.status_code == status
    assert answer.json()["error"]["message"]


def test_an_unknown_format_or_mask_is_not_found(client: TestClient, segmented: dict):
    mask = segmented["masks"][0]["id"]
    assert client.get(f"/api/v1/masks/{mask}/surface.exe").status_code == 404
    assert client.get("/api/v1/masks/none/labels.txt").status_code == 404
    stored = client.app.state.store.masks.get(mask)
    (client.app.state.store.mask_folder(stored) / "mask.nii.gz").unlink()
    assert client.get(f"/api/v1/masks/{mask}.seg.nrrd").status_code == 404
