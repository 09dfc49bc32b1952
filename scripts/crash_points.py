"""Stop each operation at each step that it takes on the disk, in every way, and check what the next start makes of it.

    python scripts/crash_points.py [--points 240] [--skip 0] [--seed 1]

Where ``scripts/chaos.py`` lets things happen to a real server at random moments, this goes through the moments one by
one: an operation (see ``scripts.crash_operations``) is stopped before its n-th step by SIGKILL, by a power cut (what
was not synced is lost, as there), by a disk that is full from that step on, or by SIGKILL and a database that is then
missing, empty, torn, overwritten or an older one. After the next start everything that was acknowledged must be there
and what was deleted gone; what was not acknowledged is there whole or not at all; ``webapp.maintenance.invariants``
must find nothing wrong, the audit trail must hold, one must still sign in, and the name of a patient must be nowhere.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scripts.chaos import DATABASE, lose_unsynced
from scripts.crash_operations import OPERATIONS, PATIENCE_S, PATIENT, Known, Stop, perform, settings_of
from segmentation.writers import write_volume
from tests.webapp.support import BoneEngine, small_volume
from webapp.accounts.access import is_required
from webapp.asgi import create_asgi
from webapp.ingest.admission import Upload
from webapp.jobs import JobQueue
from webapp.maintenance.backup import back_up, restore, snapshots
from webapp.maintenance.invariants import violations
from webapp.services import make_services
from webapp.storage.measurements import Fields
from webapp.storage.reviews import Fields as Verdict
from webapp.storage.store import Store

FAULTS = ("kill", "power cut", "full", "missing", "empty", "torn", "damaged", "older")
OF_DATABASE = FAULTS[3:]
Acknowledged = list[dict[str, str]]


class Lost(AssertionError):
    """Something that was promised does not hold."""


class Crashes:
    """All cases on one machine."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.rng = random.Random(seed)
        self.folder = folder
        self.before, self.case = folder / "before", folder / "case"
        self.known = prepare(self.before / "data")
        back_up(self.before / "data", self.before / "backup")
        self.begin_again()
        self.settings = settings_of(self.case / "data")
        self.app = create_asgi(self.settings, BoneEngine)  # once: its fork starts at once
        self.app.state.store.close()
        self.faults: Counter[str] = Counter()
        self.operations: Counter[str] = Counter()

    def steps(self, name: str) -> int:
        """Count the steps of an operation that nothing happens to, and check what it leaves."""
        acknowledged = self.act(name, Stop(0, False, self.case))
        self.check(name, "kill", acknowledged)
        return int(acknowledged[-1]["steps"])

    def one(self, name: str, step: int, fault: str) -> None:
        """Stop one operation at one step in one way.

        Raises:
            Lost: something that was promised does not hold.
        """
        acknowledged = self.act(name, Stop(step, fault == "full", self.case))
        data = self.case / "data"
        if fault == "power cut":
            synced = {int(inode): at for inode, at in json.loads((self.folder / "synced.json").read_text()).items()}
            lose_unsynced(data, synced, self.rng)
            lose_unsynced(self.case / "backup", synced, self.rng, ("objects", "snapshots"))
        elif fault in OF_DATABASE:
            self.hurt(data / DATABASE, fault)
        self.check(name, fault, acknowledged)
        self.faults[fault] += 1
        self.operations[name] += 1

    def begin_again(self) -> None:
        """Put the folders back to what every case begins with."""
        shutil.rmtree(self.case, ignore_errors=True)
        shutil.copytree(self.before, self.case)

    def act(self, name: str, stop: Stop) -> Acknowledged:
        """Perform an operation in a process of its own; return what it acknowledged."""
        self.begin_again()
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            log = os.open(self.folder / "log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            os.dup2(log, 1), os.dup2(log, 2)
            try:
                perform(self.app, name, self.known, stop, writing)
            finally:
                os._exit(1)  # it kills itself before; this is a fault of the test
        os.close(writing)
        with os.fdopen(reading) as pipe:
            acknowledged: Acknowledged = [json.loads(line) for line in pipe]
        _, status = os.waitpid(pid, 0)
        if not os.WIFSIGNALED(status):
            raise Lost(f"the process ended by itself:\n{(self.folder / 'log').read_text()[-3000:]}")
        return acknowledged

    def hurt(self, path: Path, fault: str) -> None:
        """Do something to the database of a dead server."""
        log = path.with_name(f"{path.name}-wal")
        if fault == "missing":
            path.unlink()
        elif fault == "older":
            log.unlink(missing_ok=True)
            shutil.copyfile(self.before / "data" / DATABASE, path)
        elif fault in ("empty", "torn"):
            os.truncate(path, 0 if fault == "empty" else self.rng.randint(1, path.stat().st_size - 1))
        else:
            with path.open("r+b") as file:
                file.write(self.rng.randbytes(8192))

    def check(self, name: str, fault: str, acknowledged: Acknowledged) -> None:
        """Start again, let waiting jobs end, and compare what is there with what was acknowledged."""
        faults = [each["fault"] for each in acknowledged if "fault" in each]
        require(not faults, f"{name}: {faults}")
        data = self.case / "data"
        store = Store(data) if fault in OF_DATABASE else self.app.state.store
        store.hold()
        store.recover()
        try:
            require(is_required(store, self.settings), "nobody must sign in any more")
            require(not list((data / "tmp").iterdir()), "temporary voxels are left")
            queue = JobQueue(store, BoneEngine)
            queue.start()
            deadline = time.monotonic() + PATIENCE_S
            while (
                any(store.jobs.count_by_state().get(state) for state in ("queued", "running"))
                or queue.status().running_job
            ):
                require(time.monotonic() < deadline, "a job does not end")
                time.sleep(0.005)
            queue.stop()
            check_promises(store, self.known, fault, acknowledged)
            require(not (broken := store.audit.verify()), f"the audit trail: {broken}")
        finally:
            store.close()
        wrong = violations(data, deep=True)
        if fault == "older":
            wrong = [each for each in wrong if "has no folder" not in each]  # rows of what was deleted since
        require(not wrong, f"{wrong}")
        require_no_name(data)
        check_backup(self.case / "backup", self.folder / "restored", self.known, acknowledged)


def check_promises(store: Store, known: Known, fault: str, acknowledged: Acknowledged) -> None:
    """Compare the store with what was acknowledged."""
    deleting = {each["deleting"] for each in acknowledged if "deleting" in each}
    deleted = {each["deleted"] for each in acknowledged if "deleted" in each}
    present = everything(store)
    for study in (known.kept, known.spare):
        own = {study, known.masks[study], known.reviews[study], known.measurements[study]}
        missing = own - present
        if study in deleting:
            require(not missing or missing == own, f"half of {study} is left: {missing} is gone")
        else:
            require(missing <= deleting, f"{missing} is lost")
    if fault != "older":
        require(not deleted & present, f"{deleted & present} was deleted and is back")
    for each in acknowledged:
        for kind in ("study", "mask", "review", "measurement"):
            require(kind not in each or each[kind] in present, f"{kind} {each.get(kind)} is lost")
        if "alias" in each:
            require(store.studies.get(each["of"]).name == each["alias"], "an alias is lost")
        if "job" in each and fault not in OF_DATABASE:
            latest = store.jobs.latest(known.kept)
            require(latest is not None and latest.id == each["job"], "the newest job is another, by the clock")
        if "mask" in each and fault not in OF_DATABASE:
            require(store.masks.of_study(each["of"])[0].id == each["mask"], "the newest mask is another, by the clock")
        if "offset" in each and not any("study" in other for other in acknowledged):
            part = store.uploads / each["upload"] / "data"
            is_done = (part.parent / "result.json").exists()  # the study was made, and its client not told
            whole = part.exists() and part.stat().st_size >= int(each["offset"])
            require(is_done or whole, "bytes of an upload are lost")


def everything(store: Store) -> set[str]:
    """Collect the ids of all studies and of what belongs to them."""
    found: set[str] = set()
    for study in store.studies.all():
        found |= {study.id, *(mask.id for mask in store.masks.of_study(study.id))}
        found |= {each.id for each in store.reviews.of_study(study.id)}
        found |= {each.id for each in store.measurements.of_study(study.id)}
    return found


def check_backup(backup: Path, restored: Path, known: Known, acknowledged: Acknowledged) -> None:
    """Restore the newest snapshot, and check it by the same rules."""
    names = snapshots(backup)
    made = [each["snapshot"] for each in acknowledged if "snapshot" in each]
    require(bool(names) and set(made) <= set(names), "a snapshot is lost")
    if len(names) == 1 and not made:
        return  # the one that every case begins with
    shutil.rmtree(restored, ignore_errors=True)
    restore(backup, names[-1], restored)
    wrong = violations(restored, deep=True)
    require(not wrong, f"of a backup: {wrong}")
    require((restored / "studies" / known.kept).is_dir(), "a study is not in the backup")


def require_no_name(data: Path) -> None:
    """Look for the patient's name in everything that is kept."""
    for path in data.rglob("*"):
        require(PATIENT not in path.name, f"{path.name} names the patient")
        if path.is_file() and path.name != "reserve":
            require(PATIENT.encode() not in path.read_bytes(), f"{path} names the patient")


def require(fact: bool, words: str) -> None:
    """Raise Lost unless it holds."""
    if not fact:
        raise Lost(words)


def prepare(data: Path) -> Known:
    """Make the data folder that every case begins with: two studies that were segmented, reviewed and measured.

    Their jobs and masks are of tomorrow, as if the clock had been set back since.
    """
    ct = data.parent / "ct.nii.gz"
    data.mkdir(parents=True)
    write_volume(small_volume(), ct)
    services = make_services(settings_of(data), BoneEngine)
    store = services.store
    store.hold()
    store.recover()
    account = store.accounts.add("root", "administrator", ())
    token, _ = store.credentials.add_token(account.id, "crashes", "write", 24 * 3600)
    services.jobs.start()
    studies, masks, reviews, measurements = [], {}, {}, {}
    for _ in range(2):
        folder = store.stage()
        shutil.copyfile(ct, folder / "original.nii.gz")
        study = services.admission.admit(Upload(folder, "ct.nii.gz", "original.nii.gz"), "root").id
        job = services.jobs.submit(study, anew=True)
        while store.jobs.get(job.id).state != "done" or services.jobs.status().running_job:
            time.sleep(0.01)
        masks[study] = store.masks.of_study(study)[0].id
        reviews[study] = store.reviews.add(study, Verdict("accepted", [1.0, 2.0, 3.0], "", "", None), "root").id
        line = Fields("distance", "axial", [[0.0, 0.0, 0.0], [3.0, 4.0, 0.0]], "", {})
        measurements[study] = store.measurements.add(study, line).id
        studies.append(study)
    services.jobs.stop()
    set_clock_back(store)
    store.close()
    (data / "reserve").unlink(missing_ok=True)  # each start makes it again; copied, it would take most of the time
    return Known(studies[0], studies[1], masks, reviews, measurements, token, ct.read_bytes())


def set_clock_back(store: Store) -> None:
    """Make jobs and masks one day younger than they are."""
    with store._database.transaction() as session:
        for table in ("jobs", "masks"):
            session.connection().exec_driver_sql(f"UPDATE {table} SET created_at = created_at + 86400")  # noqa: S608


def chosen(steps: dict[str, int], points: int, rng: random.Random) -> list[tuple[str, int, str]]:
    """Choose distinct points: every step of every operation once, then in further ways, until there are enough."""
    every = [(name, step) for name, count in steps.items() for step in range(1, count + 1)]
    found: list[tuple[str, int, str]] = []
    for turn in range(len(FAULTS)):
        for place, (name, step) in enumerate(every):
            found.append((name, step, FAULTS[(place + turn) % len(FAULTS)]))
    if points < len(every):
        return sorted(rng.sample(found[: len(every)], points))
    return found[:points]


def main() -> int:
    """Run; exit 0 if nothing that was promised was lost."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=240)
    parser.add_argument("--skip", type=int, default=0, help="leave out so many of them, which another run went through")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs=3, metavar=("OPERATION", "STEP", "FAULT"), help="one point alone")
    options = parser.parse_args()
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="crashes-") as name:
        crashes = Crashes(Path(name), options.seed)
        steps = {operation: crashes.steps(operation) for operation in OPERATIONS}
        points: list[tuple[Any, ...]] = list(chosen(steps, options.points, crashes.rng)[options.skip :])
        if options.only:
            points = [(options.only[0], int(options.only[1]), options.only[2])]
        for point in points:
            try:
                crashes.one(*point)
            except Exception as error:  # noqa: BLE001 - whatever it is, the point is named
                print(f"LOST: {point}: {error!r}", f"\n{(crashes.folder / 'log').read_text()[-3000:]}")
                return 1
    figures = {"points": len(set(points)), "seconds": round(time.monotonic() - begin), "steps": steps}
    print(json.dumps({**figures, "operations": crashes.operations, "faults": crashes.faults}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
