"""Time a DICOM series of 1,000 slices (512 x 512) from upload to "ready to view", and the memory that it takes.

    python bench/dicom_thousand.py [--slices 1000] [--syntax explicit] [--against DIR] [--rounds 3]

Prints the transfer (loopback), the listing, the study, and the peak resident memory of the server and its readers.
With ``--against``, another checkout of this project takes the same files in turn; the medians are compared, and the
exit code is 1 if this one needs more than 0.8 of the other's time until a study is ready, or more memory.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from bench.memory import Memory, family
from segmentation.core.geometry import Grid
from segmentation.core.volume import Volume
from segmentation.phantom.dicom import SYNTAXES, DicomSpec, write_dicom

MIB = 1 << 20
HERE = Path(__file__).resolve().parents[1]
MOST_TIME, MOST_MEMORY = 0.8, 1.02  # of the other build's; memory is sampled, so that a little is chance


@dataclass(frozen=True)
class Times:
    """Seconds of one upload, those of the processors, and the most bytes of the server and its readers together."""

    transfer: float
    listing: float
    study: float
    cpu: float
    memory: float

    @property
    def ready(self) -> float:
        """Seconds from the last byte to a study that can be viewed."""
        return self.listing + self.study


def main() -> int:
    """Write the series, start the server, upload, choose, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--slices", type=int, default=1000)
    parser.add_argument("--syntax", choices=list(SYNTAXES), default="explicit")
    parser.add_argument("--against", type=Path, metavar="DIR", help="another checkout of this project")
    parser.add_argument("--rounds", type=int, default=3, help="with --against (3)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        files = write_dicom(noisy_body(options.slices), Path(folder) / "study", DicomSpec(options.syntax))
        size = sum(path.stat().st_size for path in files)
        print(f"{len(files)} files of 512 x 512 ({options.syntax}), {size / MIB:.0f} MiB", flush=True)
        if options.against is None:
            show("this build", measure(HERE, Path(folder) / "own", files))
            return 0
        return compare(options.against.resolve(), Path(folder), files, options.rounds)


def compare(other: Path, folder: Path, files: list[Path], rounds: int) -> int:
    """Print the times of both builds in turn, their medians and the ratios; 1 if one is too large."""
    taken: dict[Path, list[Times]] = {other: [], HERE: []}
    for number in range(rounds):
        for build, name in ((other, "other"), (HERE, "this")):
            times = measure(build, folder / f"{name}{number}", files)
            taken[build].append(times)
            show(f"{name} build, round {number + 1}", times)
    ready = [statistics.median(times.ready for times in taken[build]) for build in (other, HERE)]
    memory = [statistics.median(times.memory for times in taken[build]) for build in (other, HERE)]
    time_ratio, memory_ratio = ready[1] / ready[0], memory[1] / memory[0]
    print(f"ready   {ready[0]:7.1f} s   {ready[1]:7.1f} s   ratio {time_ratio:.2f} (limit {MOST_TIME})")
    print(
        f"memory  {memory[0] / MIB:7.0f} MiB {memory[1] / MIB:7.0f} MiB ratio {memory_ratio:.2f} (limit {MOST_MEMORY})"
    )
    return int(time_ratio > MOST_TIME or memory_ratio > MOST_MEMORY)


def show(name: str, times: Times) -> None:
    """Print what one upload took."""
    steps = f"transfer {times.transfer:6.1f} s, list {times.listing:6.1f} s, make study {times.study:6.1f} s"
    ready = f"ready {times.ready:6.1f} s after the transfer, processors {times.cpu:6.1f} s"
    print(f"{name:20} {steps}: {ready}; memory {times.memory / MIB:.0f} MiB at most", flush=True)


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


def measure(build: Path, folder: Path, files: list[Path]) -> Times:
    """Upload once through the real server of the checkout ``build``, which keeps its data in ``folder``."""
    folder.mkdir()
    log = folder / "log"
    project = tomllib.loads((build / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    module, _, function = project["scripts"]["spineview"].partition(":")
    code = f"import sys; from {module} import {function} as main; sys.exit(main())"
    command = [sys.executable, "-c", code, "serve", "--port", "0", "--data", str(folder / "data")]
    own = {"HOME": str(folder), "PYTHONPATH": str(build), "SPINEVIEW_MIN_FREE_BYTES": "0"}
    if "preload_model" in (build / "webapp" / "settings.py").read_text(encoding="utf-8"):  # else it is refused
        own["SPINEVIEW_PRELOAD_MODEL"] = "0"
    with log.open("w") as out:
        server = subprocess.Popen(
            command, stdout=out, stderr=subprocess.STDOUT, env={**os.environ, **own}, cwd=build, start_new_session=True
        )
    try:
        while not (found := re.search(r"answers at (http://\S+?)/ ", log.read_text())):
            if server.poll() is not None:
                raise SystemExit(f"{build}: the server did not start: {log.read_text()}")
            time.sleep(0.2)
        memory = Memory(server.pid)
        seconds = upload(found[1], files)
        memory.stop()
        return Times(*seconds, _cpu_s(server.pid), memory.together)
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(30)
        shutil.rmtree(folder)


def _cpu_s(server: int) -> float:
    """Seconds that processors worked for a process, for its children, and for theirs that have ended."""
    ticks = 0
    for pid in family(server):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def upload(url: str, files: list[Path]) -> tuple[float, float, float]:
    """Upload as a browser does: all files, then the choice. Seconds of the transfer, the list and the study."""
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
    return sent[0] - started, listed - sent[0], ready - listed


if __name__ == "__main__":
    raise SystemExit(main())
