"""A job that names the vertebrae beside the spine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from starlette.testclient import TestClient

from segmentation.core.progress import CancelCheck, Progress
from segmentation.core.volume import LabelMap, Volume
from segmentation.vertebrae.named_spine import Alternative, NamedSpine, NamedVertebra, SegmentedSpine
from tests.webapp.support import BoneEngine
from tests.webapp.test_jobs import finished, start
from webapp.asgi import create_asgi
from webapp.settings import Settings

CLOSED = ("done", "failed", "cancelled")


class NamingEngine(BoneEngine):
    """Calls the upper half of what it finds L1, the lower half L2."""

    def segment(self, volume: Volume, progress: Progress, cancelled: CancelCheck, mode: str) -> LabelMap:
        spine = super().segment(volume, progress, cancelled, mode)
        labels = np.where(spine.labels > 0, 21, 0).astype(np.uint8)
        labels[:, :, 12:][labels[:, :, 12:] > 0] = 20
        place = (1.0, 2.0, 3.0)
        row = [NamedVertebra(n, "medium", ("no_landmark",), place, place, 1.2, False, 0.6) for n in (20, 21)]
        named = NamedSpine(labels, tuple(row), False, "no_landmark", (Alternative((21, 22), 0.3),))
        return SegmentedSpine(spine.labels, spine.grid, "spine", spine.header, vertebrae=named)


def test_named_vertebrae_become_a_mask_beside_the_spine(settings: Settings, ct: Path):
    with TestClient(create_asgi(settings, NamingEngine)) as client:
        with ct.open("rb") as file:
            study = client.post("/api/v1/studies", files={"file": (ct.name, file)}).json()
        job = finished(client, start(client, study))
        vertebrae, spine = client.get(f"/api/v1/studies/{study['id']}/masks").json()["masks"]
        assert (spine["kind"], spine["id"], spine["labels"]) == ("model", job["mask_id"], [1])
        assert (vertebrae["kind"], vertebrae["label_map_kind"]) == ("vertebrae", "vertebrae")
        assert vertebrae["labels"] == [20, 21]
        assert client.get(vertebrae["mesh_urls"]["21"]).status_code == 200
        names = client.get(f"/api/v1/masks/{vertebrae['id']}/vertebrae").json()
        assert [one["name"] for one in names["vertebrae"]] == ["L1", "L2"]
        assert names["sequence"]["sure"] is False
        assert names["sequence"]["alternatives"] == [{"labels": [21, 22], "names": ["L2", "L3"], "probability": 0.3}]
        assert client.get(f"/api/v1/masks/{spine['id']}/vertebrae").status_code == 404
