"""A server that is killed while somebody paints, twice: what it acknowledged is there again. ``FOLDER``."""

from __future__ import annotations

import contextlib
import struct
import sys
import threading
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from scripts.chaos_server import Machine
from segmentation.writers import write_volume
from tests.webapp.support import small_volume, wait_for
from webapp.maintenance.invariants import violations
from webapp.storage.edits.blocks import Block, encode_blocks

DRAFT, KILLS, SECONDS = "0123456789ab", 2, 0.5


def main() -> None:
    """Print how many bodies were acknowledged before each kill."""
    machine = Machine(Path(sys.argv[1]))
    machine.start()
    mask = segmented(machine, Path(sys.argv[1]))
    draft = f"{mask}/drafts/{DRAFT}"
    kept: list[bytes] = []
    for _ in range(KILLS):
        before = len(kept)
        paint_until_killed(machine, draft, kept)
        machine.start()
        content = httpx.get(draft, timeout=60).content
        assert content.startswith(b"".join(struct.pack("<I", len(body)) + body for body in kept))
        kept[:] = bodies(content)  # one more than was acknowledged may have come through
        sys.stdout.write(f"{len(kept) - before} acknowledged and there again\n")
    made = httpx.post(f"{draft}/version", json={}, timeout=60)
    assert made.status_code == 201, made.text
    assert violations(machine.data, deep=True) == []
    machine.kill()


def segmented(machine: Machine, folder: Path) -> str:
    """Address of the mask of a small study."""
    api = f"{machine.url}/api/v1"
    write_volume(small_volume(), folder / "ct.nii.gz")
    files: Any = {"file": ("ct.nii.gz", (folder / "ct.nii.gz").read_bytes())}
    study = httpx.post(f"{api}/studies", files=files, timeout=60).json()["id"]
    job = httpx.post(f"{api}/studies/{study}/jobs", timeout=60).json()["id"]
    assert wait_for(lambda: httpx.get(f"{api}/jobs/{job}", timeout=60).json()["state"] == "done", 60)
    return f"{api}/masks/{httpx.get(f'{api}/jobs/{job}', timeout=60).json()['mask_id']}"


def paint_until_killed(machine: Machine, draft: str, kept: list[bytes]) -> None:
    """Add a voxel a request until the server dies; ``kept`` is what it acknowledged."""
    first = len(kept)
    killer = threading.Timer(SECONDS, machine.kill)
    with contextlib.suppress(httpx.HTTPError), httpx.Client(timeout=60) as client:
        while True:
            n = len(kept)
            labels = np.ones((1, 1, 1), np.uint8)
            body = encode_blocks([Block((n % 30, n // 30 % 28, n // 840 % 24), labels)])
            answer = client.patch(f"{draft}?after={n}", content=body)
            assert answer.status_code == 200, answer.text
            kept.append(body)
            if n == first + 4:  # however slow this machine is, it dies in the middle
                killer.start()
    killer.join()


def bodies(content: bytes) -> list[bytes]:
    """Take apart what a draft's address gives."""
    found, at = [], 0
    while at < len(content):
        [length] = struct.unpack_from("<I", content, at)
        found.append(content[at + 4 : at + 4 + length])
        at += 4 + length
    return found


if __name__ == "__main__":
    main()
