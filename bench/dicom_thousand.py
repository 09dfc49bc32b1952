"""Time a DICOM series of 1,000 slices (512 x 512) from upload to "ready to view", and the memory that it takes.

    python bench/dicom_thousand.py [--slices 1000] [--syntax explicit]

Prints the transfer (loopback), the listing, the study, and the peak resident memory of the server and its readers.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from bench.memory import Memory
from segmentation.core.geometry import Grid
from segmentation.core.volume import Volume
from segmentation.phantom.dicom import SYNTAXES, DicomSpec, write_dicom

MIB = 1 << 20


def main() -> None:
    """Write the series, start the server, upload, choose, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--slices", type=int, default=1000)
    parser.add_argument("--syntax", choices=list(SYNTAXES), default="explicit")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        files = write_dicom(noisy_body(options.slices), Path(folder) / "study", DicomSpec(options.syntax))
        size = sum(path.stat().st_size for path in files)
        print(f"{len(files)} files of 512 x 512 ({options.syntax}), {size / MIB:.0f} MiB")
        measure(Path(folder), files)


def noisy_body(slices: int) -> Volume:
    """Make a round body with noise, which compresses as badly as a scan does."""
    chance = np.random.default_rng(0)
    i, j = np.meshgrid(np.arange(512), np.arange(512), indexing="ij")
    body = np.where((i - 256) ** 2 / 230**2 + (j - 256) ** 2 / 160**2 < 1, 40, -1000)
    body = body + np.where((i - 256) ** 2 + (j - 320) ** 2 < 30**2, 500, 0)
    noise = chance.normal(0, 25, (8, 512, 512))
    hu = np.empty((512, 512, slices), dtype=np.int16, order="F")
    for k in range(slices):
        hu[:, :, k] = np.rint(body + noise[k % 8])
    affine = np.diag([-0.7, -0.7, 0.6, 1.0])
    affine[:3, 3] = (180, 180, -300)
    return Volume(hu, Grid(hu.shape, affine))


def measure(folder: Path, files: list[Path]) -> None:
    """Print seconds and mebibytes of one upload through the real server."""
    log = folder / "log"
    command = [sys.executable, "-m", "webapp.cli", "serve", "--port", "0", "--data", str(folder / "data")]
    environment = {**os.environ, "HOME": str(folder), "SPINEVIEW_MIN_FREE_BYTES": "0", "SPINEVIEW_PRELOAD_MODEL": "0"}
    with log.open("w") as out:
        server = subprocess.Popen(
            command, stdout=out, stderr=subprocess.STDOUT, env=environment, start_new_session=True
        )
    try:
        while not (found := re.search(r"answers at (http://\S+?)/ ", log.read_text())):
            time.sleep(0.2)
        memory = Memory(server.pid)
        upload(found[1], files)
        memory.stop()
        print(f"memory      {memory.together / MIB:7.0f} MiB at most, server and readers together")
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(30)


def upload(url: str, files: list[Path]) -> None:
    """Upload as a browser does: all files, then the choice."""
    with httpx.Client(base_url=f"{url}/api/v1", timeout=600) as client:
        parts = [("file", (str(number), path.read_bytes())) for number, path in enumerate(files)]
        body = httpx.Request("POST", f"{url}/api/v1/imports", files=parts)
        content = body.read()
        started = time.perf_counter()
        sent = [0.0]

        def pieces():  # type: ignore[no-untyped-def]
            for start in range(0, len(content), MIB):
                yield content[start : start + MIB]
            sent[0] = time.perf_counter()

        headers = {"content-type": body.headers["content-type"], "content-length": str(len(content))}
        answer = client.post("/imports", content=pieces(), headers=headers).raise_for_status().json()
        listed = time.perf_counter()
        study = client.post(f"/imports/{answer['id']}/studies").raise_for_status().json()
        ready = time.perf_counter()
        client.get(f"/studies/{study['id']}/display.json").raise_for_status()
    print(f"transfer    {sent[0] - started:7.1f} s")
    print(f"list        {listed - sent[0]:7.1f} s")
    print(f"make study  {ready - listed:7.1f} s")
    print(f"ready       {ready - sent[0]:7.1f} s after the transfer; {' x '.join(map(str, study['shape']))} voxels")


if __name__ == "__main__":
    main()
