"""Versions of a mask that readers made: by its API, with its files, and with two readers at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from httpx import Response
from starlette.testclient import TestClient

from segmentation.core.labels import NUMBERS
from segmentation.core.volume import LabelMap
from segmentation.readers import read_label_map
from tests.webapp.support import small_volume
from webapp.storage.mask_files import mask_statistics, write_mask
from webapp.storage.store import Store
from webapp.storage.tables import Mask

T12, L1, L2 = NUMBERS["T12"], NUMBERS["L1"], NUMBERS["L2"]


@pytest.fixture
def store(client: TestClient) -> Store:
    found: Store = client.app.state.services.store  # type: ignore[attr-defined]
    return found


@pytest.fixture
def vertebrae(store: Store, upload: Callable[..., dict], ct: Path) -> Mask:
    """A mask of T12 and L1 that a job made."""
    study_id = upload(ct)["id"]
    volume = small_volume()
    labels = np.zeros(volume.hu.shape, np.uint8)
    labels[11:19, 12:18, 7:12] = L1
    labels[11:19, 12:18, 12:17] = T12
    staged = store.stage()
    mask = write_mask(LabelMap(labels, volume.grid, "vertebrae", volume.header), volume, staged, study_id, "vertebrae")
    assert store.jobs.complete(store.jobs.add(study_id).id, mask, staged, "")
    return mask


def levels(client: TestClient, mask: Mask | str, **body: object) -> Response:
    return client.post(f"/api/v1/masks/{mask if isinstance(mask, str) else mask.id}/levels", json=body)


def test_one_level_down_makes_a_new_version_and_leaves_the_first(
    client: TestClient, store: Store, vertebrae: Mask
) -> None:
    answer = levels(client, vertebrae, shift=1)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert made["labels"] == [L1, L2]
    kept = {mask.id: mask for mask in store.masks.of_study(vertebrae.study_id) if mask.kind == "vertebrae"}
    assert list(kept) == [made["id"], vertebrae.id]
    before, after = (
        read_label_map(store.mask_folder(kept[each]) / "mask.nii.gz").labels for each in (vertebrae.id, made["id"])
    )
    assert np.array_equal(before == T12, after == L1)
    assert np.array_equal(before == L1, after == L2)
    was, now = (mask_statistics(store, kept[each]) for each in (vertebrae.id, made["id"]))
    assert now[L2] == was[L1]
    assert client.get(f"/api/v1/masks/{made['id']}.nii.gz").status_code == 200


def test_a_second_reader_who_did_not_see_the_change_is_refused(client: TestClient, vertebrae: Mask) -> None:
    assert levels(client, vertebrae, shift=1).status_code == 201
    late = levels(client, vertebrae, shift=-1)
    assert (late.status_code, late.json()["error"]["code"]) == (409, "mask_changed")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"label": L1, "to": L2}, 201),
        ({"label": L1, "to": T12}, 422),  # there is one already
        ({"label": L1, "to": T12, "follow": True}, 201),
        ({"label": 5, "to": 6}, 422),  # C5 is not in it
        ({}, 422),
        ({"shift": 3}, 400),
    ],
)
def test_a_single_name_and_what_makes_no_sense(
    client: TestClient, vertebrae: Mask, body: dict[str, object], status: int
) -> None:
    assert levels(client, vertebrae, **body).status_code == status
