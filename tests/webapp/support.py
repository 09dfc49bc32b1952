"""A small CT, a small real engine, and waiting for facts, not for time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from segmentation.core.errors import OperationCancelled
from segmentation.core.geometry import Grid
from segmentation.core.progress import CancelCheck, Progress, ignore, never
from segmentation.core.volume import LabelMap, Volume
from segmentation.inference.confidence import Confidence, Reason

if TYPE_CHECKING:
    from starlette.testclient import TestClient

T = TypeVar("T")
BONE_HU = 200
CLOSED = ("done", "failed", "cancelled")
SHAPE = (30, 28, 24)
AFFINE = np.array([[-1.5, 0, 0, 20], [0, -1.5, 0, 30], [0, 0, 2.0, -40], [0, 0, 0, 1.0]])


class BoneEngine:
    """Finds what is denser than bone; real work on real voxels, only small. ``gate`` holds it back in the middle."""

    model_id = "bone-200"
    naming_model_id = ""
    device = "cpu"
    confidence = Confidence(0.61, "low", (Reason("gap"), Reason("thick_slices")))

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Event()

    def segment(
        self, volume: Volume, progress: Progress = ignore, cancelled: CancelCheck = never, mode: str = "patch"
    ) -> LabelMap:
        progress(0.1, "locating")
        self.entered.set()
        while not self.gate.wait(0.02):
            if cancelled():
                raise OperationCancelled
        progress(0.6, "segmenting")
        return LabelMap((volume.hu > BONE_HU).astype(np.uint8), volume.grid, "spine", volume.header)


def small_volume() -> Volume:
    """A block of bone, 8 x 6 x 10 voxels, in soft tissue in air."""
    hu = np.full(SHAPE, -1000, dtype=np.int16)
    hu[4:26, 4:24, :] = 40
    hu[11:19, 12:18, 7:17] = 600
    return Volume(hu, Grid(SHAPE, AFFINE))


def wait_for(fact: Callable[[], T], timeout_s: float = 20.0) -> T:
    """Ask until ``fact`` is true, and answer it."""
    deadline = time.monotonic() + timeout_s
    pause = threading.Event()
    while not (answer := fact()):
        assert time.monotonic() < deadline, "it did not happen in time"
        pause.wait(0.02)
    return answer


def start(client: TestClient, study: dict) -> str:
    """Press Segment: the id of the job."""
    answer = client.post(f"/api/v1/studies/{study['id']}/jobs", json={"task": "segment"})
    assert answer.status_code == 202
    return answer.json()["id"]


def finished(client: TestClient, job_id: str) -> dict:
    """The job once it is done, failed or cancelled."""

    def closed() -> dict | None:
        job = client.get(f"/api/v1/jobs/{job_id}").json()
        return job if job["state"] in CLOSED else None

    return wait_for(closed)
