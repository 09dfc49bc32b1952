"""A CT and a reference on disk, and the whole application around a small engine."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from segmentation.core.volume import LabelMap
from segmentation.writers import write_nifti, write_volume
from tests.webapp.archive import archive, orthanc, server  # noqa: F401 - fixtures of pacs and dicomweb
from tests.webapp.postgresql import cluster, database_url, postgresql_url, prepared  # noqa: F401
from tests.webapp.support import BONE_HU, SHAPE, BoneEngine, small_volume, wait_for
from webapp.asgi import create_asgi
from webapp.settings import Settings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Starlette would rather have httpx2, which nothing else here needs
    from starlette.testclient import TestClient


@pytest.fixture
def ct(tmp_path: Path) -> Path:
    path = tmp_path / "patient scan.nii.gz"
    write_volume(small_volume(), path)
    return path


@pytest.fixture
def reference(tmp_path: Path) -> Path:
    """L1 is one half of the block, L2 the other, and a sacrum that must not count."""
    volume = small_volume()
    labels = np.zeros(SHAPE, dtype=np.uint8)
    labels[volume.hu > BONE_HU] = 20
    labels[15:19][labels[15:19] == 20] = 21
    labels[11:19, 12:18, 2:5] = 26
    path = tmp_path / "vert.nii.gz"
    write_nifti(LabelMap(labels, volume.grid, "vertebrae"), path)
    return path


@pytest.fixture
def engine() -> BoneEngine:
    return BoneEngine()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", min_free_bytes=0)


@pytest.fixture
def client(settings: Settings, engine: BoneEngine) -> Iterator[TestClient]:
    with TestClient(create_asgi(settings, lambda: engine), raise_server_exceptions=False) as client:
        yield client
        engine.gate.set()


@pytest.fixture
def upload(client: TestClient) -> Callable[..., dict]:
    def send(ct: Path, reference: Path | None = None) -> dict:
        files = {"file": (ct.name, ct.read_bytes())}
        if reference is not None:
            files["reference"] = (reference.name, reference.read_bytes())
        answer = client.post("/api/v1/studies", files=files)
        assert answer.status_code == 201, answer.text
        return answer.json()

    return send


@pytest.fixture
def segmented(client: TestClient, upload: Callable[..., dict], ct: Path, reference: Path) -> dict:
    """The display data of a study that has a reference and the engine's mask."""
    study = upload(ct, reference)
    job = client.post(f"/api/v1/studies/{study['id']}/jobs").json()
    assert wait_for(lambda: client.get(f"/api/v1/jobs/{job['id']}").json()["state"] == "done")
    return client.get(f"/api/v1/studies/{study['id']}/display.json").json()
