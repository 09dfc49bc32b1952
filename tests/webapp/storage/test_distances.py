"""A mask's surface with its distances to another mask, over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from segmentation.core.volume import LabelMap
from segmentation.writers import write_nifti
from tests.webapp.conftest import TestClient
from tests.webapp.support import SHAPE, small_volume, wait_for


def segmented(client: TestClient, study: dict) -> dict:
    """The study's display.json once the small engine is done with it."""
    client.post(f"/api/v1/studies/{study['id']}/jobs")
    wait_for(lambda: client.get(f"/api/v1/studies/{study['id']}").json()["state"] == "done")
    return client.get(f"/api/v1/studies/{study['id']}/display.json").json()


def test_the_newest_segmentation_is_measured_against_the_reference(
    client: TestClient, upload: Callable[..., dict], ct: Path, reference: Path
) -> None:
    display = segmented(client, upload(ct, reference))
    [pair] = display["distances"]
    kinds = {mask["id"]: mask["kind"] for mask in display["masks"]}
    assert (kinds[pair["mask"]], kinds[pair["reference"]]) == ("model", "reference")
    answer = client.get(pair["url"])
    assert answer.status_code == 200
    points, triangles = np.frombuffer(answer.content, "<u4", 2)
    assert len(answer.content) == 8 + 16 * points + 12 * triangles
    # Both are the same block of bone: the reference's sacrum does not count.
    assert np.abs(np.frombuffer(answer.content, "<f4", points, 8 + 12 * points)).max() < 0.01
    assert client.get(pair["url"], headers={"If-None-Match": answer.headers["etag"]}).status_code == 304


def test_without_a_reference_there_is_nothing_to_measure(
    client: TestClient, upload: Callable[..., dict], ct: Path
) -> None:
    assert segmented(client, upload(ct))["distances"] == []


def test_masks_of_two_studies_are_not_compared(
    client: TestClient, upload: Callable[..., dict], ct: Path, reference: Path
) -> None:
    first, second = segmented(client, upload(ct)), segmented(client, upload(ct, reference))
    other = second["distances"][0]["reference"]
    answer = client.get(f"/api/v1/masks/{first['masks'][0]['id']}/distances/{other}.bin")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


def test_a_mask_without_a_vertebra_says_so(
    client: TestClient, upload: Callable[..., dict], ct: Path, tmp_path: Path
) -> None:
    labels = np.zeros(SHAPE, dtype=np.uint8)
    labels[11:19, 12:18, 7:17] = 26  # a sacrum alone
    sacrum = tmp_path / "sacrum.nii.gz"
    write_nifti(LabelMap(labels, small_volume().grid, "vertebrae"), sacrum)
    display = segmented(client, upload(ct, sacrum))
    answer = client.get(display["distances"][0]["url"])
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_input")
    assert "holds no spine" in answer.json()["error"]["message"]
