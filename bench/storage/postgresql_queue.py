"""Print how long it takes to claim a job among many that wait, on PostgreSQL, by several processes at once.

python bench/storage/postgresql_queue.py [--jobs 100000] [--owners 50] [--claims 400] [--processes 4] [--most-ms 5]

It starts a PostgreSQL of its own in a temporary folder, on Debian's settings but for the socket (needs
scripts/ensure/postgresql), fills the queue with jobs of equal shares of the owners in three priorities, and claims.
"alone" is one process that claims one job after the other, "together" all processes at once. Each job is claimed
once, or this fails; so it does if the mean of a claim exceeds --most-ms. Beside it: what a server waits for to read the
list's tag, and to claim from SQLite with the same queue.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from sqlalchemy import insert, text

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.webapp.postgresql import Cluster, programs  # noqa: E402
from webapp.storage.store import Store  # noqa: E402
from webapp.storage.tables import StudyRow  # noqa: E402

FILL = """
INSERT INTO jobs
    (id, study_id, task, state, progress, stage, created_at, log, attempts, owner, priority, anew)
WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < :jobs)
SELECT 'job' || n, 'study', 'segment', 'queued', 0, 'queued', n, {log}, 0, 'owner' || (n % :owners), n % 3, false
FROM numbers
"""


def main() -> int:
    """Fill, claim, print; 1 if a claim takes too long, or a job is claimed twice."""
    options = parse()
    found = programs()
    if found is None:
        sys.exit("there is no PostgreSQL here; scripts/ensure/postgresql installs it")
    folder = Path(tempfile.mkdtemp(prefix="spineview-pg-"))
    try:
        cluster = Cluster(found, folder, settings=("listen_addresses=",))
        url = cluster.database()
        results, claimed = measure(options, url)
        results["sqlite, alone"] = in_sqlite(options)
        cluster.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    for name, times in results.items():
        print(f"{name}: {described(times)}", flush=True)
    twice = len(claimed) - len(set(claimed))
    print(f"claimed: {len(claimed)}, of them twice: {twice}")
    means = {name: statistics.fmean(times) for name, times in results.items() if "claim" in name}
    too_slow = [name for name, ms in means.items() if ms > options.most_ms]
    print(json.dumps({name: round(ms, 2) for name, ms in means.items()} | {"most_ms": options.most_ms, "twice": twice}))
    return 1 if too_slow or twice else 0


def measure(options: argparse.Namespace, url: str) -> tuple[dict[str, list[float]], list[str]]:
    """Milliseconds of each claim, by who claims, and the jobs that were claimed."""
    with tempfile.TemporaryDirectory() as data:
        store = Store(Path(data), url)
        begin = time.perf_counter()
        fill(store, options.jobs, options.owners)
        print(
            f"{options.jobs} jobs of {options.owners} owners wait, after {time.perf_counter() - begin:.0f} s",
            flush=True,
        )
        tags = [timed(lambda: store.studies.version)[0] for _ in range(100)]
        store.close()
        share = options.claims // options.processes
        # Processes of their own, as servers are: nothing of this one's connections may be in them.
        with ProcessPoolExecutor(options.processes, get_context("spawn")) as pool:
            alone = pool.submit(claim, data, url, options.claims).result()
            together = list(pool.map(claim, *zip(*[(data, url, share)] * options.processes, strict=True)))
    results = {
        "list's tag": tags,
        "claim, alone": [ms for ms, _ in alone],
        f"claim, {options.processes} together": [ms for one in together for ms, _ in one],
    }
    return results, [job for one in (alone, *together) for _, job in one]


def claim(data: str, url: str, count: int) -> list[tuple[float, str]]:
    """Claim so many jobs; the milliseconds and the id of each."""
    store = Store(Path(data), url)
    try:
        store.jobs.count_by_state()  # connects
        taken = [timed(store.jobs.claim) for _ in range(count)]
        return [(ms, job.id) for ms, job in taken]
    finally:
        store.close()


def in_sqlite(options: argparse.Namespace) -> list[float]:
    """Milliseconds of each claim with the same queue in SQLite."""
    with tempfile.TemporaryDirectory() as data:
        store = Store(Path(data))
        fill(store, options.jobs, options.owners)
        store.close()
        return [ms for ms, _ in claim(data, "", min(100, options.claims))]


def fill(store: Store, jobs: int, owners: int) -> None:
    """Write studies and waiting jobs as the server does, many at once."""
    log = "'[]'::json" if "postgresql" in type(store._database).__module__ else "'[]'"
    with store._database.transaction() as session:
        study = {"id": "study", "name": "study", "created_at": 1.0, "shape": [1, 1, 1], "spacing_mm": [1.0, 1.0, 1.0]}
        session.execute(
            insert(StudyRow), [{**study, "orientation": "LPS", "size_bytes": 1, "original": "original.nii"}]
        )
        session.execute(text(FILL.format(log=log)), {"jobs": jobs, "owners": owners})
    with store._database.transaction() as session:
        session.execute(text("ANALYZE"))  # as autovacuum does within a minute


def timed(act) -> tuple[float, object]:
    """Milliseconds that something takes, and what it gives."""
    begin = time.perf_counter()
    found = act()
    return 1000 * (time.perf_counter() - begin), found


def described(times: list[float]) -> str:
    """Mean, median and 95th percentile."""
    ordered = sorted(times)
    p95 = ordered[int(0.95 * (len(ordered) - 1))]
    return (
        f"mean {statistics.fmean(times):.2f} ms, median {statistics.median(times):.2f}, p95 {p95:.2f}, of {len(times)}"
    )


def parse() -> argparse.Namespace:
    """Read the options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=100_000)
    parser.add_argument("--owners", type=int, default=50)
    parser.add_argument("--claims", type=int, default=400)
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--most-ms", type=float, default=5.0)
    return parser.parse_args()


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    sys.exit(main())
