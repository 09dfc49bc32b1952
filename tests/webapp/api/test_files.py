from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from starlette.testclient import TestClient

from tests.webapp.support import SHAPE, small_volume, wait_for
from tests.webapp.test_jobs import finished, start
from webapp.api.files import _StoredFile
from webapp.display.voxel_codec import decode_slice
from webapp.http.errors import WebError


def test_the_volume_arrives_in_canonical_order(client: TestClient, segmented: dict):
    answer = client.get(segmented["volume_url"])
    assert answer.headers["content-encoding"] == "gzip"
    size = 2 * SHAPE[0] * SHAPE[1]
    slices = [decode_slice(answer.content[at : at + size], SHAPE[:2]) for at in range(0, len(answer.content), size)]
    voxels = np.stack(slices, axis=2)
    assert (voxels == small_volume().hu[::-1, ::-1, :]).all()
    assert segmented["hu_range"] == [-1000, 600]
    assert segmented["preview"] is None  # a small scan needs none


def test_a_scan_that_is_not_small_has_a_small_copy(
    client: TestClient, upload: Callable[..., dict], ct: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("webapp.display.volume_files.PREVIEW_VOXELS", 1000)
    display = client.get(f"/api/v1/studies/{upload(ct)['id']}/display.json").json()
    answer = client.get(display["preview"]["url"])
    assert answer.headers["content-encoding"] == "gzip"
    assert len(answer.content) == 2 * np.prod(display["preview"]["shape"]) <= 2000


def test_the_mask_lies_on_the_same_grid(client: TestClient, segmented: dict):
    model, reference = segmented["masks"]
    assert client.get(f"/api/v1/masks/{model['id']}").json() == model
    assert (model["kind"], reference["kind"]) == ("model", "reference")
    voxels = np.frombuffer(client.get(model["url"]).content, dtype=np.uint8).reshape(SHAPE, order="F")
    assert (voxels == (small_volume().hu[::-1, ::-1, :] > 200)).all()


def test_the_mesh_lies_where_the_bone_is_in_the_patient(client: TestClient, segmented: dict):
    stl = client.get(segmented["masks"][0]["mesh_urls"]["1"]).content
    [count] = struct.unpack_from("<I", stl, 80)
    triangles = np.frombuffer(stl, offset=84, dtype=np.dtype("(3,)<f4, (3,3)<f4, <u2"), count=count)
    centre_mm = triangles["f1"].reshape(-1, 3).mean(axis=0)
    grid = small_volume().grid
    assert centre_mm == pytest.approx(grid.to_mm(np.array([14.5, 14.5, 11.5])), abs=1.0)


def test_a_mesh_travels_compressed_to_whoever_takes_it_so(client: TestClient, segmented: dict):
    url = segmented["masks"][0]["mesh_urls"]["1"]
    packed = client.get(url, headers={"accept-encoding": "gzip"})
    plain = client.get(url, headers={"accept-encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.content == plain.content
    assert int(packed.headers["content-length"]) < 0.6 * len(plain.content)
    assert packed.headers["etag"] != plain.headers["etag"]


@pytest.mark.parametrize("form", ["bin", "stl"])
def test_a_mesh_of_either_form_is_made_from_the_mask_where_a_folder_has_none(
    client: TestClient, segmented: dict, form: str
):
    """As in a folder of a version that knew STL alone, or the viewer's form alone."""
    found = segmented["masks"][0]
    mask = client.app.state.store.masks.get(found["id"])
    folder = client.app.state.store.mask_folder(mask)
    url = f"/api/v1/masks/{mask.id}/meshes/1.{form}"
    first = client.get(url).content
    for path in folder.glob(f"1.{form}*"):
        path.unlink()
    assert client.get(url).content == first
    assert (folder / f"1.{form}").read_bytes() == first


def test_the_viewers_mesh_has_the_triangles_of_the_stl_in_fewer_bytes(client: TestClient, segmented: dict):
    mask = segmented["masks"][0]
    packed = [client.get(mask[urls]["1"]) for urls in ("indexed_mesh_urls", "mesh_urls")]
    raw, stl = (answer.content for answer in packed)
    n, t = (int(count) for count in np.frombuffer(raw, "<u4", 2))
    points = np.frombuffer(raw, "<f4", 3 * n, 8).reshape(n, 3)
    triangles = np.frombuffer(raw, "<u4", 3 * t, 8 + 12 * n).reshape(t, 3)
    corners = np.frombuffer(stl, offset=84, dtype=np.dtype("(3,)<f4, (3,3)<f4, <u2"))["f1"]
    np.testing.assert_array_equal(points[triangles], corners)
    assert len(raw) < 0.5 * len(stl)
    assert int(packed[0].headers["content-length"]) < int(packed[1].headers["content-length"])


def test_a_reference_has_a_mesh_a_label(client: TestClient, segmented: dict):
    reference = segmented["masks"][1]
    assert sorted(reference["mesh_urls"]) == sorted(reference["indexed_mesh_urls"]) == ["20", "21", "26"]
    for url in reference["mesh_urls"].values():
        assert len(client.get(url).content) > 84
    assert client.get(f"/api/v1/masks/{reference['id']}/meshes/22.stl").status_code == 404


def test_addresses_with_their_content_in_them_are_kept_for_ever(client: TestClient, segmented: dict):
    first = client.get(segmented["volume_url"])
    assert "immutable" in first.headers["cache-control"]
    again = client.get(segmented["volume_url"], headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    plain = client.get(segmented["volume_url"].split("?")[0])
    assert plain.headers["cache-control"] == "private, no-cache"


def test_the_thumbnail_changes_when_the_mask_is_there(client: TestClient, upload: Callable[..., dict], ct: Path):
    study = upload(ct)
    before = client.get(study["thumbnail_url"])
    assert before.headers["content-type"] == "image/png"
    finished(client, start(client, study))
    wait_for(lambda: client.get("/api/v1/health").json()["engine"]["running_job"] is None)
    after = client.get(f"/api/v1/studies/{study['id']}").json()
    assert after["thumbnail_url"] != study["thumbnail_url"]
    assert client.get(after["thumbnail_url"]).content != before.content


def test_a_file_lost_from_the_disk_answers_404(client: TestClient, segmented: dict):
    mask = client.app.state.store.masks.get(segmented["masks"][0]["id"])
    (client.app.state.store.mask_folder(mask) / "volume.bin.gz").unlink()
    assert client.get(segmented["masks"][0]["url"]).status_code == 404


def test_files_that_are_lost_are_not_there(client: TestClient, upload: Callable[..., dict], ct: Path):
    study = upload(ct)["id"]
    folder = client.app.state.store.folder(study)
    for path in folder.glob("*"):
        path.unlink()
    for name in ("display.json", "volume.bin", "preview.bin", "thumbnail.png"):
        answer = client.get(f"/api/v1/studies/{study}/{name}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found"), name


def test_a_file_that_is_deleted_before_it_is_sent_was_not_there(tmp_path: Path):
    async def send() -> None:
        scope = {"type": "http", "method": "GET", "headers": []}
        await _StoredFile(tmp_path / "gone")(scope, None, None)  # type: ignore[arg-type]

    with pytest.raises(WebError) as missing:
        asyncio.run(send())
    assert missing.value.status == 404
