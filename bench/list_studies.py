"""Print how long the list of studies takes, and beside another checkout of the project on the same data.

python bench/list_studies.py [--against DIR] [--studies 1000] [--rounds 40]

Each checkout serves its own copy of one data folder, as version 0.1.0 wrote it; both are asked in turn. "changed" is
the list after a study was reviewed, "again" the whole list once more, and "unchanged" what an open page asks for, with
the ETag of the answer before, where there was one. "pages" is measured last, of this checkout alone: 30 open pages ask
once a second, each with the ETag that it has, while studies are reviewed twice a second. Times are 95th percentiles.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sqlite3
import statistics
import sys
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
from startup import Build, free_port

ROOT = Path(__file__).resolve().parents[1]
TABLES = ROOT / "tests" / "webapp" / "storage" / "earlier" / "schema_3.sql"
LIST = "/api/v1/studies"
PAGES, EVERY_S, REVIEWED_EVERY_S = 30, 1.0, 0.5


def main() -> int:
    """Fill a folder, serve it, ask, print; 1 if a list or its ratio to the other checkout's takes too long."""
    options = parse()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        checkouts = {"this": ROOT} | ({"other": options.against} if options.against else {})
        fill(folder / "this", options.studies)
        if "other" in checkouts:  # copied before a start, which migrates it
            shutil.copytree(folder / "this", folder / "other")
        servers: dict[str, Server] = {}
        try:
            for name, checkout in checkouts.items():
                servers[name] = Server(checkout, folder / name)
            p95_ms = measure(servers, options.rounds)
            p95_ms["this"]["pages"] = open_pages(servers["this"], options.seconds)
        finally:
            for server in servers.values():
                server.stop()
    result = {"studies": options.studies, "rounds": options.rounds, "bytes": servers["this"].size, "p95_ms": p95_ms}
    slow = max(p95_ms["this"].values()) > options.at_most_ms
    if "other" in p95_ms:
        result["ratio"] = round(p95_ms["this"]["changed"] / p95_ms["other"]["changed"], 3)
    print(json.dumps(result))
    return int(slow)


def parse() -> argparse.Namespace:
    """Read the options."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--against", type=Path, help="another checkout")
    parser.add_argument("--studies", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--seconds", type=float, default=10.0, help="of the open pages")
    parser.add_argument(
        "--at-most-ms", type=float, default=100.0, help="the time of a list above which this ends with 1"
    )
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
        port = str(free_port())
        self._process = Build(checkout).start("serve", "--port", port, "--data", str(data_dir))
        self.url = f"http://127.0.0.1:{port}"
        self._client = httpx.Client(base_url=self.url, timeout=120)
        self.size = 0
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + 300
        while time.monotonic() < deadline and self._process.poll() is None:
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

    def review(self, study_id: str) -> None:
        """Change something, so that the list is a new one."""
        review = {"verdict": "needs_work", "at_mm": [0, 0, 0]}
        self._client.post(f"{LIST}/{study_id}/reviews", json=review).raise_for_status()

    def stop(self) -> None:
        """End the process."""
        self._client.close()
        self._process.terminate()
        self._process.wait(60)


def measure(servers: dict[str, Server], rounds: int) -> dict[str, dict[str, float]]:
    """95th percentiles in milliseconds by checkout and question; all must list the same studies."""
    lists = {name: server.ask()[1].json()["studies"] for name, server in servers.items()}
    ids = [[study["id"] for study in studies] for studies in lists.values()]
    if any(each != ids[0] for each in ids):
        raise SystemExit("bench: they do not list the same studies")
    found: dict[str, dict[str, list[float]]] = {name: {} for name in servers}
    for number in range(rounds):
        for name, server in servers.items():
            server.review(ids[0][number % len(ids[0])])
            changed, _ = server.ask()
            again, answer = server.ask()
            unchanged, nothing = server.ask(answer.headers.get("etag", ""))
            if name == "this" and nothing.status_code != 304:
                raise SystemExit("bench: an unchanged list was sent again")
            for what, seconds in (("changed", changed), ("again", again), ("unchanged", unchanged)):
                found[name].setdefault(what, []).append(seconds)
    return {name: {what: p95_ms(times) for what, times in each.items()} for name, each in found.items()}


def open_pages(server: Server, seconds: float) -> float:
    """95th percentile in milliseconds of what open pages ask for while studies change."""
    study_id = server.ask()[1].json()["studies"][0]["id"]
    times: list[float] = []
    stop = threading.Event()

    def page(number: int) -> None:
        etag = ""
        with httpx.Client(base_url=server.url, timeout=120) as client:
            stop.wait(number * EVERY_S / PAGES)
            while not stop.is_set():
                begin = time.perf_counter()
                answer = client.get(LIST, headers={"If-None-Match": etag} if etag else {})
                times.append(time.perf_counter() - begin)
                etag = answer.headers["etag"]
                stop.wait(EVERY_S)

    pages = [threading.Thread(target=page, args=(number,)) for number in range(PAGES)]
    for each in pages:
        each.start()
    for _ in range(round(seconds / REVIEWED_EVERY_S)):
        server.review(study_id)
        time.sleep(REVIEWED_EVERY_S)
    stop.set()
    for each in pages:
        each.join()
    return p95_ms(times)


def p95_ms(times: list[float]) -> float:
    """95th percentile of seconds, in milliseconds."""
    return round(1000 * statistics.quantiles(times, n=20)[-1], 1)


if __name__ == "__main__":
    sys.exit(main())
