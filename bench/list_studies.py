"""Print how long the list of studies takes, beside another checkout of the project on the same data.

python bench/list_studies.py --against DIR [--studies 1000] [--rounds 20]

Each checkout serves its own copy of one data folder, as version 0.1.0 wrote it; both are asked in turn. An unchanged
list is asked for with the ETag of the answer before, as the page with the studies does.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parents[1]
TABLES = ROOT / "tests" / "webapp" / "storage" / "earlier" / "schema_3.sql"
LIST = "/api/v1/studies"
SERVE = """
import sys
from pathlib import Path
import uvicorn
from webapp.asgi import create_asgi
from webapp.settings import Settings
app = create_asgi(Settings(data_dir=Path(sys.argv[1])))
uvicorn.run(app, port=int(sys.argv[2]), log_level="error")
"""


def main() -> int:
    """Fill a folder, serve it twice, ask in turn, print medians and their ratio; 1 if it is above ``--at-most``."""
    options = parse()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fill(folder / "one", options.studies)
        shutil.copytree(folder / "one", folder / "other")
        here, there = Server(ROOT, folder / "one"), Server(options.against, folder / "other")
        try:
            times = measure(here, there, options.rounds)
        finally:
            here.stop()
            there.stop()
    print(f"studies     {options.studies}, each with two jobs, a review and a picture; medians of {options.rounds}")
    print(f"other       {1000 * times['there']:.1f} ms, {there.size / 1000:.0f} kB")
    print(f"this one    {1000 * times['here']:.1f} ms, {here.size / 1000:.0f} kB")
    print(f"unchanged   {1000 * times['unchanged']:.1f} ms, 0 kB")
    ratio = times["here"] / times["there"]
    print(f"ratio       {ratio:.3f}")
    return int(ratio > options.at_most)


def parse() -> argparse.Namespace:
    """Read the options."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--against", type=Path, required=True, help="another checkout")
    parser.add_argument("--studies", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--at-most", type=float, default=0.1, help="the ratio above which this ends with 1")
    return parser.parse_args()


def fill(data_dir: Path, count: int) -> None:
    """Write a data folder with ``count`` studies."""
    data_dir.mkdir()
    log = json.dumps([f"12:00:{n:02d} Segmenting" for n in range(8)])
    with closing(sqlite3.connect(data_dir / "spineview.sqlite3")) as database, database:
        database.executescript(TABLES.read_text(encoding="utf-8"))
        for n in range(count):
            study = f"{n:020x}"
            folder = data_dir / "studies" / study
            folder.mkdir(parents=True)
            for file in ("original.nii.gz", "thumbnail.png"):
                (folder / file).write_bytes(b"x")
            values: tuple[Any, ...] = (study, f"scan {n}.nii.gz", 1e9 + n, "[512, 512, 300]", "[0.7, 0.7, 1.25]", "LPS")
            database.execute(f"INSERT INTO studies VALUES ({marks(10)})", (*values, 9, "original.nii.gz", None, "[]"))
            for job in range(2):
                values = (f"{study}-{job}", study, "segment", "done", 1.0, "done", 1e9 + n, 1e9 + n, 2e9, None, log)
                database.execute(f"INSERT INTO jobs VALUES ({marks(15)})", (*values, None, None, 0.9, 1))
            values = (study, study, None, "accepted", "fine", "[0, 0, 0]", "", "10.0.0.7", 1e9 + n)
            database.execute(f"INSERT INTO reviews VALUES ({marks(9)})", values)


def marks(count: int) -> str:
    """As many placeholders."""
    return ", ".join("?" * count)


class Server:
    """A checkout that serves a data folder, in a process of its own."""

    def __init__(self, checkout: Path, data_dir: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        environment = {**os.environ, "PYTHONPATH": str(checkout.resolve()), "SPINEVIEW_PRELOAD_MODEL": "0"}
        command = [sys.executable, "-c", SERVE, str(data_dir), str(port)]
        self._process = subprocess.Popen(command, cwd=checkout, env=environment)
        self._client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=120)
        self.size = 0
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + 300
        while time.monotonic() < deadline:
            try:
                if self._client.get("/api/v1/health").status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.2)
        raise SystemExit("bench: a server did not start")

    def ask(self, etag: str = "") -> tuple[float, httpx.Response]:
        """Seconds until the whole list is here, and the answer."""
        started = time.perf_counter()
        answer = self._client.get(LIST, headers={"If-None-Match": etag} if etag else {})
        seconds = time.perf_counter() - started
        self.size = max(self.size, len(answer.content))
        return seconds, answer

    def stop(self) -> None:
        """End the process."""
        self._client.close()
        self._process.terminate()
        self._process.wait(60)


def measure(here: Server, there: Server, rounds: int) -> dict[str, float]:
    """Medians in seconds; what both answer must be the same studies."""
    first, second = here.ask()[1].json()["studies"], there.ask()[1].json()["studies"]
    if [study["id"] for study in first] != [study["id"] for study in second]:
        raise SystemExit("bench: the two do not list the same studies")
    found: dict[str, list[float]] = {"here": [], "there": [], "unchanged": []}
    for _ in range(rounds):
        seconds, answer = here.ask()
        found["here"].append(seconds)
        found["there"].append(there.ask()[0])
        seconds, unchanged = here.ask(answer.headers["etag"])
        if unchanged.status_code != 304:
            raise SystemExit("bench: an unchanged list was sent again")
        found["unchanged"].append(seconds)
    return {name: statistics.median(seconds) for name, seconds in found.items()}


if __name__ == "__main__":
    sys.exit(main())
