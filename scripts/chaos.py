"""Kill, starve and damage a server at random moments, and check after each that it lost nothing it had promised.

    python scripts/chaos.py --points 200 --seed 1

At each point a client uploads, segments, reviews, deletes and backs up, and in the middle of that something happens to
the server (see ``FAULTS``). It is started again; then everything that it acknowledged must be there, everything that it
deleted must be gone, and ``webapp.maintenance.invariants`` must find nothing wrong. The data folder is a tmpfs of
its own where the kernel lets a user mount one, else an ordinary folder, and the full disk is left out.

A power cut is approximated: the server writes down each fsync with the inode; after a kill, every file that changed
after its last fsync is cut at a random length, every name that is newer than its folder's last fsync is removed, and
garbage is put at the end of SQLite's log. What SQLite itself syncs is trusted to it.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import httpx

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scripts.chaos_server import API, PATIENCE_S, Client, Ledger, Machine
from segmentation.phantom.dicom import DicomSpec, write_dicom
from segmentation.writers import write_volume
from tests.webapp.support import small_volume
from webapp.maintenance.backup import back_up, restore
from webapp.maintenance.invariants import violations

TMPFS_MB = 96
DATABASE = "spineview.sqlite3"


class Chaos:
    """One run."""

    def __init__(self, folder: Path, seed: int, can_fill: bool) -> None:
        self.rng = random.Random(seed)
        self.folder, self.machine, self.ledger = folder, Machine(folder), Ledger()
        self.ct = ct_bytes(folder)
        self.counts: Counter[str] = Counter()
        self.checks = 0
        self.faults = [name for name in FAULTS if can_fill or name != "full"]
        self.is_older = False  # the database was put back: what only it knew is gone with it

    def run(self, points: int, seconds: float) -> None:
        """Go from point to point until there are enough, or the time is up."""
        begin = time.monotonic()
        self.machine.start()
        kept = self.folder / "older.sqlite3"
        for point in range(points):
            if time.monotonic() - begin > seconds:
                break
            if point % 10 == 0:
                keep_database(self.machine.data / DATABASE, kept)
                self.check_backup()
            fault = self.faults[point % len(self.faults)] if point < len(self.faults) else self.rng.choice(self.faults)
            self.one(fault)
            self.counts[fault] += 1
        self.machine.kill()

    def one(self, fault: str) -> None:
        """Let a client work, let something happen, start again, and check."""
        stop = threading.Event()
        client = Client(self.machine, self.ledger, self.ct, self.rng)
        working = threading.Thread(target=client.run, args=(stop,))
        working.start()
        wanted, deadline = self.rng.randint(1, 8), time.monotonic() + 10
        while client.acts < wanted and working.is_alive() and time.monotonic() < deadline:
            time.sleep(0.005)
        time.sleep(self.rng.uniform(0, 0.1))
        finish = FAULTS[fault](self)
        stop.set()
        working.join(PATIENCE_S)
        if finish is not None:
            finish()
            self.machine.start()
        else:
            self.machine.wait()
        self.check(fault)

    def check(self, fault: str) -> None:
        """Compare the server with the ledger, and the folder with its rules."""
        with httpx.Client(base_url=self.machine.url, timeout=60) as http:
            deadline = time.monotonic() + PATIENCE_S
            while any((http.get(f"{API}/health").json()["jobs"].get(state, 0)) for state in ("queued", "running")):
                assert time.monotonic() < deadline, f"after {fault}: a job does not end"
                time.sleep(0.05)
            there = {study["id"] for study in http.get(f"{API}/studies").json()["studies"]}
            lost = set(self.ledger.studies) - there
            assert not lost, f"after {fault}: studies {lost} are lost"
            risen = there & self.ledger.deleted
            assert self.is_older or not risen, f"after {fault}: deleted studies {risen} are back"
            for study in self.ledger.unknown & there:
                self.ledger.studies[study] = {"reviews": set(), "jobs": set()}
            self.ledger.unknown.clear()
            for study, known in self.ledger.studies.items():
                reviews = {each["id"] for each in http.get(f"{API}/studies/{study}/reviews").json()["reviews"]}
                assert known["reviews"] <= reviews, f"after {fault}: a review of {study} is lost"
                jobs = {each["id"]: each for each in http.get(f"{API}/studies/{study}/jobs").json()["jobs"]}
                assert fault in OF_DATABASE or known["jobs"] <= set(jobs), f"after {fault}: a job of {study} is lost"
                known["jobs"] = set(jobs)
        wrong = violations(self.machine.data, deep=True)
        deadline = time.monotonic() + 20
        while any("incoming/" in each for each in wrong) and time.monotonic() < deadline:
            time.sleep(0.1)  # the list's picture is drawn after a job is done
            wrong = violations(self.machine.data, deep=True)
        if self.is_older:
            wrong = [each for each in wrong if "has no folder" not in each]  # rows of what was deleted since
        assert not wrong, f"after {fault}: {wrong}"
        self.checks += 1

    def check_backup(self) -> None:
        """Back the running server up, restore that, and check it by the same rules."""
        target, restored = self.folder / "backup", self.folder / "restored"
        name, _ = back_up(self.machine.data, target)
        shutil.rmtree(restored, ignore_errors=True)
        restore(target, name, restored)
        wrong = [each for each in violations(restored, deep=True) if self.is_older is False or "no folder" not in each]
        assert not wrong, f"a backup: {wrong}"
        shutil.rmtree(restored)
        shutil.rmtree(target)
        self.counts["backup and restore"] += 1


Finish = Callable[[], None] | None
"""What is done to the folder of a dead server before it starts again; None if it has not been killed whole."""


def kill_all(chaos: Chaos) -> Finish:
    """SIGKILL to the server and all its processes."""
    chaos.machine.kill()
    return lambda: None


def kill_worker(chaos: Chaos) -> Finish:
    """SIGKILL to the worker alone; gunicorn starts another."""
    for pid in chaos.machine.workers():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return None


def kill_reader(chaos: Chaos) -> Finish:
    """SIGKILL to the process that reads a DICOM upload; the upload is refused, and nothing else happens."""
    files = [("file", (path.name, path.read_bytes())) for path in sorted(chaos.folder.glob("dicom/*"))]
    answers: list[httpx.Response] = []

    def upload() -> None:
        answers.append(httpx.post(f"{chaos.machine.url}{API}/imports", files=files, timeout=PATIENCE_S))

    sending = threading.Thread(target=upload)
    sending.start()
    killed = False
    while sending.is_alive():
        for pid in chaos.machine.readers():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                killed = True
        time.sleep(0.005)
    assert killed, "a process reads DICOM"
    assert 400 <= answers[0].status_code < 500, answers[0].text
    return None


def fill_disk(chaos: Chaos) -> Finish:
    """Fill the disk, let the client run into it, and kill the server; then there is room again."""
    ballast = chaos.machine.data.parent / "ballast"
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(1 << 16))
    time.sleep(0.3)
    answer = httpx.get(f"{chaos.machine.url}{API}/studies", timeout=60)
    assert answer.status_code == 200, "pages answer on a full disk"
    chaos.machine.kill()
    return ballast.unlink


def cut_power(chaos: Chaos) -> Finish:
    """Kill, and lose what was not synced."""
    chaos.machine.kill()

    def lose() -> None:
        synced: dict[int, int] = {}
        for line in chaos.machine.journal.read_text().splitlines():
            inode, at = line.split()
            synced[int(inode)] = int(at)
        lose_unsynced(chaos.machine.data, synced, chaos.rng)

    return lose


def lose_unsynced(
    data: Path, synced: dict[int, int], rng: random.Random, places: tuple[str, ...] = ("studies", "uploads")
) -> None:
    """Cut what was changed after its last fsync, and remove names that no fsync of their folder covers."""
    for place in places:
        for folder, folders, files in os.walk(data / place, topdown=False):
            known = synced.get(os.stat(folder).st_ino, 0)
            for name in (*files, *folders):
                path = Path(folder, name)
                found = path.stat()
                if path.is_file() and found.st_mtime_ns > synced.get(found.st_ino, 0):
                    os.truncate(path, rng.randint(0, max(0, found.st_size - 1)))
                is_new = found.st_ctime_ns > known and found.st_ino not in synced
                if is_new and path.is_file() and rng.random() < 0.5:
                    path.unlink()
    log = data / f"{DATABASE}-wal"
    if log.exists():
        with log.open("ab") as file:
            file.write(rng.randbytes(5000))


def of_database(change: Callable[[Path, Chaos], None]) -> Callable[[Chaos], Finish]:
    """Make a fault of what is done to the database of a killed server."""

    def happen(chaos: Chaos) -> Finish:
        chaos.machine.kill()

        def finish() -> None:
            path = chaos.machine.data / DATABASE
            fold_log(path)
            change(path, chaos)

        return finish

    happen.__doc__ = change.__doc__
    return happen


def fold_log(path: Path) -> None:
    """Bring SQLite's log into the database, so that the database alone is what is damaged."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def remove(path: Path, _chaos: Chaos) -> None:
    """Kill, and remove the database."""
    path.unlink()


def empty(path: Path, _chaos: Chaos) -> None:
    """Kill, and empty the database."""
    os.truncate(path, 0)


def tear(path: Path, chaos: Chaos) -> None:
    """Kill, and cut the database in the middle."""
    os.truncate(path, chaos.rng.randint(1, path.stat().st_size - 1))


def damage(path: Path, chaos: Chaos) -> None:
    """Kill, and overwrite the first pages of the database."""
    with path.open("r+b") as file:
        file.write(chaos.rng.randbytes(8192))


def age(path: Path, chaos: Chaos) -> None:
    """Kill, and put an older copy of the database into its place."""
    shutil.copyfile(chaos.folder / "older.sqlite3", path)
    chaos.is_older = True


FAULTS: dict[str, Callable[[Chaos], Finish]] = {
    "kill of the server": kill_all,
    "kill of the worker": kill_worker,
    "kill of the reader": kill_reader,
    "power cut": cut_power,
    "full": fill_disk,
    "database missing": of_database(remove),
    "database empty": of_database(empty),
    "database torn": of_database(tear),
    "database damaged": of_database(damage),
    "database older": of_database(age),
}
OF_DATABASE = [name for name in FAULTS if name.startswith("database")]


def ct_bytes(folder: Path) -> bytes:
    """Write a small CT, as NIfTI and as DICOM; return the NIfTI."""
    path = folder / "ct.nii.gz"
    write_volume(small_volume(), path)
    write_dicom(small_volume(), folder / "dicom", DicomSpec())
    return path.read_bytes()


def keep_database(path: Path, copy: Path) -> None:
    """Copy the database of a running server, to put it back later."""
    copy.unlink(missing_ok=True)
    with contextlib.closing(sqlite3.connect(path)) as source, contextlib.closing(sqlite3.connect(copy)) as target:
        source.backup(target)


def mounted(folder: Path) -> bool:
    """Mount a small tmpfs there, in this process's own namespace; False where the kernel does not let it."""
    command = ["mount", "-t", "tmpfs", "-o", f"size={TMPFS_MB}m", "none", str(folder)]
    return bool(os.environ.get("CHAOS_NAMESPACE")) and subprocess.run(command, check=False).returncode == 0


def main() -> int:
    """Run; exit 0 if nothing that was promised was lost."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after this time, with fewer points")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if "CHAOS_NAMESPACE" not in os.environ and shutil.which("unshare"):
        probe = subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False)
        if probe.returncode == 0:
            environment = {**os.environ, "CHAOS_NAMESPACE": "1"}
            os.execvpe("unshare", ["unshare", "-rm", sys.executable, *sys.argv], environment)
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="chaos-") as name:
        folder = Path(name)
        is_small = mounted(folder)
        chaos = Chaos(folder, options.seed, is_small)
        try:
            chaos.run(options.points, options.seconds)
        except AssertionError as error:
            print(f"LOST: {error}")
            print(chaos.machine.log.read_text()[-4000:])
            chaos.machine.kill()
            return 1
        finally:
            if is_small:
                subprocess.run(["umount", "-l", str(folder)], check=False)
    total = sum(count for fault, count in chaos.counts.items() if fault in FAULTS)
    figures = {"points": total, "checks": chaos.checks, "seconds": round(time.monotonic() - begin)}
    held = {"studies": len(chaos.ledger.studies), "deleted": len(chaos.ledger.deleted)}
    print(json.dumps({**figures, **held, **chaos.counts}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
