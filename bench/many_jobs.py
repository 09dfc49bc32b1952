"""Segment a small scan many times in a row, and print how much memory the server takes more at the end.

    python bench/many_jobs.py --jobs 500

The real server, store and queue; the engine is a threshold, so that jobs are many and memory is theirs. Every tenth job
a study is deleted and another uploaded. Memory is the proportional set size of the server's processes with no job
open, at the start after ``--warm`` jobs: what is loaded with the first ones stays, and is no growth.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import httpx

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.memory import family, proportional_bytes
from segmentation.writers import write_volume
from tests.webapp.support import small_volume

ROOT = Path(__file__).resolve().parents[1]
API = "/api/v1"
JOBS_A_STUDY = 10


def serve(folder: Path) -> tuple[subprocess.Popen[bytes], str]:
    """Start a server; return its process and address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    (folder / "gate").touch()
    command = [sys.executable, "-m", "tests.webapp.gated_server", str(port), str(folder / "data"), str(folder / "gate")]
    environment = {**os.environ, "HOME": str(folder), "SPINEVIEW_PRELOAD_MODEL": "false"}
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    url, deadline = f"http://127.0.0.1:{port}", time.monotonic() + 120
    while time.monotonic() < deadline:
        with suppress(httpx.HTTPError):
            if httpx.get(f"{url}/health/ready", timeout=20).status_code == 200:
                return process, url
        time.sleep(0.1)
    raise SystemExit(f"the server does not answer:\n{(folder / 'log').read_text()[-2000:]}")


def run_job(client: httpx.Client, study: str) -> None:
    """Segment a study once more, and wait for the end."""
    job = client.post(f"{API}/studies/{study}/jobs", json={"task": "segment", "anew": True}).json()
    while job["state"] in ("queued", "running"):
        time.sleep(0.01)
        job = client.get(f"{API}/jobs/{job['id']}").json()
    if job["state"] != "done":
        raise SystemExit(f"a job failed: {job['error']}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=500, help="after the warm-up")
    parser.add_argument("--warm", type=int, default=50)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="jobs-") as name:
        folder = Path(name)
        write_volume(small_volume(), folder / "ct.nii.gz")
        ct = (folder / "ct.nii.gz").read_bytes()
        process, url = serve(folder)
        megabytes: dict[int, float] = {}
        try:
            with httpx.Client(base_url=url, timeout=120) as client:
                begin, study = time.monotonic(), ""
                for number in range(-options.warm, options.jobs):
                    if number % JOBS_A_STUDY == 0 or not study:
                        if study:
                            client.delete(f"{API}/studies/{study}")
                        study = client.post(f"{API}/studies", files={"file": ("ct.nii.gz", ct)}).json()["id"]
                    if number >= 0 and number % max(1, options.jobs // 10) == 0:
                        megabytes[number] = round(memory_mb(process.pid), 1)
                    run_job(client, study)
                megabytes[options.jobs] = round(memory_mb(process.pid), 1)
        finally:
            process.terminate()
            process.wait(60)
    growth = 100 * (megabytes[options.jobs] / megabytes[0] - 1)
    seconds = round(time.monotonic() - begin)
    print(json.dumps({"jobs": options.jobs, "seconds": seconds, "growth_percent": round(growth, 2), "mb": megabytes}))


def memory_mb(pid: int) -> float:
    """Measure what a process and its children take now."""
    return sum(map(proportional_bytes, family(pid))) / 1e6


if __name__ == "__main__":
    main()
