"""Load a server as a department does, and compare two builds: 30 people browse, 5 upload, the engine is busy.

    python bench/service_load.py --seconds 60
    python bench/service_load.py --seconds 60 --against ../another/checkout

Each build runs in a process of its own on an empty data folder, one after the other, in turns, on the same machine and
with the same requests: pages, the list, thumbnails, display data, previews, health. Printed are the 95th percentiles of
their times, the errors, the memory of the server (at most, and in each tenth of the time) and the ratio of the builds.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
BROWSING, UPLOADING = 30, 5
THINK_S = (0.5, 2.0)  # between what one person asks for
API = "/api/v1"
SERVER = """
import sys
from pathlib import Path
import numpy as np
from tests.webapp.support import BoneEngine
from webapp.serve import Server
from webapp.settings import Settings

class Busy(BoneEngine):
    def segment(self, volume, progress=lambda *_: None, cancelled=lambda: False, mode="patch"):
        a = np.random.default_rng(0).random((600, 600), dtype=np.float32)
        for step in range(40):
            if cancelled():
                break
            a = (a @ a) / 300
            progress(step / 40, "segmenting")
        return super().segment(volume, progress, cancelled, mode)

wanted = dict(data_dir=Path(sys.argv[2]), port=int(sys.argv[1]), min_free_bytes=0, preload_model=False)
Server(Settings(**{name: value for name, value in wanted.items() if name in Settings.model_fields}), Busy).run()
"""


@dataclass
class Measured:
    """Times in seconds by kind of request, and what went wrong."""

    times: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: list[str] = field(default_factory=list)
    memory_mb: list[float] = field(default_factory=list)


class Build:
    """One checkout's server."""

    def __init__(self, tree: Path, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = int(free.getsockname()[1])
        environment = {**os.environ, "PYTHONPATH": str(tree), "HOME": str(folder)}
        self.data = folder / "data"
        self._process = subprocess.Popen(
            [sys.executable, "-c", SERVER, str(self.port), str(self.data)],
            cwd=tree,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            with suppress(OSError):
                if self.ask("GET", f"{API}/health")[0] == 200:
                    return
            time.sleep(0.1)
        raise SystemExit(f"the server of {tree} does not answer")

    def ask(self, method: str, path: str, body: bytes | None = None, kind: str = "") -> tuple[int, bytes]:
        """Send one request on a connection of its own, as a browser's first one is."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            connection.request(method, path, body, {"Content-Type": kind} if kind else {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def memory_mb(self) -> float:
        """Resident memory of server and worker together."""
        total = 0
        for path in Path("/proc").glob("[0-9]*"):
            with suppress(OSError, ValueError):
                if os.getsid(int(path.name)) == self._process.pid:
                    total += int((path / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        return total / 1e6

    def stop(self) -> None:
        """End it."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(15)
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)


def form(ct: bytes) -> tuple[bytes, str]:
    """Make the body of an upload, and its type."""
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="ct.nii.gz"\r\n\r\n'
    return head + ct + b"\r\n--b--\r\n", "multipart/form-data; boundary=b"


def browse(build: Build, found: Measured, stop: threading.Event, rng: random.Random) -> None:
    """Be one person who looks at the list and opens studies."""
    while not stop.is_set():
        visit(build, found, rng)
        stop.wait(rng.uniform(*THINK_S))


def visit(build: Build, found: Measured, rng: random.Random) -> None:
    """Look at the list and open one study."""
    studies = json.loads(timed(build, found, "list", f"{API}/studies") or b'{"studies": []}')["studies"]
    timed(build, found, "home", "/")
    if studies:
        study = rng.choice(studies)
        timed(build, found, "thumbnail", study["thumbnail_url"])
        timed(build, found, "page", study["url"])
        timed(build, found, "display", f"{API}/studies/{study['id']}/display.json")
        timed(build, found, "preview", f"{API}/studies/{study['id']}/preview.bin")
    timed(build, found, "health", f"{API}/health")


def timed(build: Build, found: Measured, kind: str, path: str) -> bytes | None:
    """Ask, and write down how long it took."""
    begin = time.perf_counter()
    try:
        status, body = build.ask("GET", path)
    except http.client.IncompleteRead:
        return None  # deleted while it was sent
    except (OSError, http.client.HTTPException) as error:
        found.errors.append(f"{kind}: {error!r}")
        return None
    found.times[kind].append(time.perf_counter() - begin)
    if status >= 400 and not (status == 404 and kind in ("thumbnail", "page", "display", "preview")):
        found.errors.append(f"{kind}: {status}")
    return body if status == 200 else None


def upload(build: Build, found: Measured, stop: threading.Event, rng: random.Random, ct: bytes) -> None:
    """Be one person who uploads, segments and deletes."""
    body, kind = form(ct)
    while not stop.is_set():
        try:
            status, answer = build.ask("POST", f"{API}/studies", body, kind)
            if status != 201:
                found.errors.append(f"upload: {status}")
                continue
            study = json.loads(answer)["id"]
            build.ask("POST", f"{API}/studies/{study}/jobs")
            stop.wait(rng.uniform(*THINK_S))
            build.ask("DELETE", f"{API}/studies/{study}")
        except OSError as error:
            found.errors.append(f"upload: {error!r}")


def load(tree: Path, cts: list[bytes], seconds: float, found: Measured) -> None:
    """Start a build, load it for a while, and add what was measured."""
    with tempfile.TemporaryDirectory(prefix="load-") as name:
        build = Build(tree, Path(name))
        try:
            body, kind = form(cts[-1])
            for _ in range(10):
                build.ask("POST", f"{API}/studies", body, kind)
            warm_up(build)
            stop = threading.Event()
            people = [
                threading.Thread(target=browse, args=(build, found, stop, random.Random(n))) for n in range(BROWSING)
            ]
            people += [
                threading.Thread(target=upload, args=(build, found, stop, random.Random(n), cts[n]))
                for n in range(UPLOADING)
            ]
            for person in people:
                person.start()
            ends = time.monotonic() + seconds
            while time.monotonic() < ends:
                time.sleep(min(1.0, seconds / 100))
                found.memory_mb.append(build.memory_mb())
            stop.set()
            for person in people:
                person.join(180)
        finally:
            build.stop()


def warm_up(build: Build) -> None:
    """Ask for each kind once and run one job: what a server loads with its first ones is not what is measured here."""
    visit(build, Measured(), random.Random(0))
    study = json.loads(build.ask("GET", f"{API}/studies")[1])["studies"][0]["id"]
    job = json.loads(build.ask("POST", f"{API}/studies/{study}/jobs")[1])
    while job["state"] in ("queued", "running"):
        time.sleep(0.1)
        job = json.loads(build.ask("GET", f"{API}/jobs/{job['id']}")[1])


def p95_ms(times: list[float]) -> float:
    """95th percentile in milliseconds."""
    return 1000 * statistics.quantiles(times, n=20)[-1] if len(times) > 1 else float("nan")


def summary(found: Measured) -> dict[str, Any]:
    """Make what is printed of one build."""
    everything = [each for times in found.times.values() for each in times]
    by_kind = {kind: round(p95_ms(times), 1) for kind, times in sorted(found.times.items())}
    figures = {"requests": len(everything), "p95_ms": round(p95_ms(everything), 1), "p95_ms_by_kind": by_kind}
    return {
        **figures,
        "errors": len(found.errors),
        "first_errors": found.errors[:3],
        "memory_mb": round(max(found.memory_mb)),
        "memory_mb_by_tenth": by_tenth(found.memory_mb),
    }


def by_tenth(values: list[float]) -> list[int]:
    """Median of each tenth of the run: whether memory grows."""
    ends = [len(values) * n // 10 for n in range(11)]
    return [round(statistics.median(values[a:b])) for a, b in pairwise(ends) if b > a]


def ct_bytes(folder: Path, seed: int = 1) -> bytes:
    """Make a CT of 96 x 96 x 96 voxels with a block of bone in it; each seed another one."""
    sys.path.insert(0, str(ROOT))
    import numpy as np

    from segmentation.core.geometry import Grid
    from segmentation.core.volume import Volume
    from segmentation.writers import write_volume

    hu = np.random.default_rng(seed).normal(40, 20, (96, 96, 96)).astype(np.int16)
    hu[30:60, 30:60, 20:80] = 600
    write_volume(Volume(hu, Grid(hu.shape, np.diag([1.5, 1.5, 1.5, 1.0]))), folder / "ct.nii.gz")
    return (folder / "ct.nii.gz").read_bytes()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--against", type=Path, metavar="DIR", help="another checkout, measured in turns with this one")
    parser.add_argument("--seconds", type=float, default=60.0, help="of load, a turn")
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    trees = {"this": ROOT} | ({"other": options.against.resolve()} if options.against else {})
    found = {name: Measured() for name in trees}
    with tempfile.TemporaryDirectory() as name:
        # A scan for each who uploads: what was computed of one is not used again for another.
        cts = [ct_bytes(Path(name), seed) for seed in range(UPLOADING + 1)]
    for _ in range(options.rounds):
        for name, tree in trees.items():
            load(tree, cts, options.seconds, found[name])
    result: dict[str, Any] = {name: summary(each) for name, each in found.items()}
    if "other" in result:
        result["p95_ratio"] = round(result["this"]["p95_ms"] / result["other"]["p95_ms"], 3)
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
