"""Operations of a server in a process of its own, which is stopped at one of the steps that they take on the disk.

A step is a file opened for writing, a folder made, a rename, a removal, an fsync, a statement that writes to the
database, or a commit. Requests go through the whole application: gate, routes, store, queue.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import os
import signal
import sqlite3
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError
from starlette.applications import Starlette

from webapp.maintenance.backup import back_up
from webapp.settings import Settings

API = "/api/v1"
PATIENCE_S = 60.0
PATIENT = "Doe^Jane"
"""In the name of the file that is uploaded; it must be nowhere afterwards."""


@dataclass
class Known:
    """What every case begins with, and what is uploaded.

    Attributes:
        kept: Id of a study that no operation removes. It has a mask, a review and a measurement.
        spare: Id of a study like it that some operations remove.
        masks: Ids of a mask of each.
        token: Of an administrator.
        ct: A CT in a file.
    """

    kept: str
    spare: str
    masks: dict[str, str]
    reviews: dict[str, str]
    measurements: dict[str, str]
    token: str
    ct: bytes


@dataclass
class Stop:
    """Where the process stops.

    Attributes:
        at: Number of the step, from 1; 0: nowhere, the steps are counted.
        is_full: The disk is full from that step on, until the operation has ended; else the process is killed there.
        root: Steps outside this folder do not count.
    """

    at: int
    is_full: bool
    root: Path


@dataclass
class Steps:
    """Counts the steps of this process, and stops it."""

    stop: Stop
    count: int = 0
    synced: dict[int, int] = field(default_factory=dict)
    _active: bool = False
    _full: bool = False
    _lock: Any = field(default_factory=threading.RLock)

    def install(self) -> None:
        """Watch this process from now on."""
        now = time.time_ns()
        for folder, folders, files in os.walk(self.stop.root):
            for path in (folder, *(os.path.join(folder, name) for name in (*folders, *files))):
                self.synced[os.stat(path).st_ino] = now
        fsync = os.fsync

        def recording(descriptor: int) -> None:
            self.step(needs_room=True)
            at = time.time_ns()
            fsync(descriptor)
            self.synced[os.fstat(descriptor).st_ino] = at

        os.fsync = recording
        event.listen(Engine, "before_cursor_execute", self._statement)
        event.listen(Engine, "commit", lambda _connection: self._database_step())
        sys.addaudithook(self._audit)

    def begin(self) -> None:
        """Count from here on."""
        self._active = True

    def end(self) -> None:
        """Count no more; there is room again."""
        self._active = self._full = False

    def make_room(self) -> None:
        """Let the disk not be full any more."""
        self._full = False

    def step(self, needs_room: bool, database: bool = False) -> None:
        """Count one, and stop here if it is the one.

        Raises:
            OSError: the disk is full.
        """
        if not self._active:
            return
        with self._lock:
            self.count += 1
            if self.count == self.stop.at:
                if not self.stop.is_full:
                    self.die()
                self._full = True
            if self._full and needs_room:
                raise _full_database() if database else OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def die(self) -> None:
        """End like a process that is killed; what was synced is written down first."""
        (self.stop.root.parent / "synced.json").write_text(json.dumps(self.synced))
        os.kill(os.getpid(), signal.SIGKILL)

    def _database_step(self) -> None:
        self.step(needs_room=True, database=True)

    def _statement(self, _connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.lstrip()[:6].upper() in ("INSERT", "UPDATE", "DELETE"):
            self._database_step()

    def _audit(self, name: str, arguments: tuple[Any, ...]) -> None:
        if not self._active or name not in _STEPS or not self._is_ours(arguments[0]):
            return
        if name == "open" and not (arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR):
            return
        self.step(_STEPS[name])
        if name == "os.remove" and str(arguments[0]).endswith("/reserve"):
            self._full = False  # what was set aside is room

    def _is_ours(self, path: Any) -> bool:
        return isinstance(path, str | os.PathLike) and os.fspath(path).startswith(str(self.stop.root))


_STEPS = {"open": True, "os.mkdir": True, "os.rename": True, "os.truncate": True, "os.remove": False, "os.rmdir": False}
"""Events of Python's audit that are steps, and whether each needs room."""


def _full_database() -> OperationalError:
    original = sqlite3.OperationalError("database or disk is full")
    original.sqlite_errorcode = sqlite3.SQLITE_FULL
    return OperationalError("", None, original)


Room = Callable[[], None]
"""Makes room on the disk again."""


class Session:
    """A client of the application in this process, whose acknowledged actions are written to a pipe at once."""

    def __init__(self, http: httpx.AsyncClient, known: Known, data: Path, pipe: int, make_room: Room) -> None:
        self.http, self.known, self.data, self._pipe = http, known, data, pipe
        self.make_room = make_room

    def acknowledge(self, **what: str) -> None:
        """Write down what the server has promised."""
        os.write(self._pipe, f"{json.dumps(what)}\n".encode())

    async def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send a request, and write down how it was answered; the disk may be full, a fault is none."""
        answer = await self.http.request(method, path, **options)
        if answer.status_code >= 400 and answer.status_code != 507:
            self.acknowledge(fault=f"{method} {path} answered {answer.status_code}: {answer.text[:300]}")
        return answer


async def upload(session: Session) -> None:
    """Upload a CT by form."""
    files = {"file": (f"{PATIENT}.nii.gz", session.known.ct)}
    answer = await session.ask("POST", f"{API}/studies", files=files)
    if answer.status_code == 201:
        session.acknowledge(study=answer.json()["id"])


async def upload_in_pieces(session: Session) -> None:
    """Upload a CT in two pieces, and have a study made of it."""
    ct, tus = session.known.ct, {"Tus-Resumable": "1.0.0"}
    made = await session.ask("POST", "/uploads", headers={**tus, "Upload-Length": str(len(ct))})
    if made.status_code != 201:
        return
    address, half = made.headers["location"], len(ct) // 2
    for offset, piece in ((0, ct[:half]), (half, ct[half:])):
        headers = {**tus, "Content-Type": "application/offset+octet-stream", "Upload-Offset": str(offset)}
        sent = await session.ask("PATCH", address, content=piece, headers=headers)
        if sent.status_code != 204:
            return
        session.acknowledge(upload=address.rpartition("/")[2], offset=sent.headers["upload-offset"])
    files = [{"field": "file", "name": f"{PATIENT}.nii.gz", "size": len(ct)}]
    answer = await session.ask("POST", f"{address}/study", json={"files": files})
    if answer.status_code == 201:
        session.acknowledge(study=answer.json()["id"])


async def segment(session: Session) -> None:
    """Segment a study anew, and wait for the result."""
    asked = {"task": "segment", "anew": True}
    answer = await session.ask("POST", f"{API}/studies/{session.known.kept}/jobs", json=asked)
    if answer.status_code != 202:
        return
    job = answer.json()["id"]
    session.acknowledge(job=job)
    begin = time.monotonic()
    while (waited := time.monotonic() - begin) < PATIENCE_S:
        if waited > 0.2:
            session.make_room()  # on a full disk a job may wait until there is
        now = (await session.http.get(f"{API}/jobs/{job}")).json()
        if now["state"] not in ("queued", "running"):
            if now["state"] == "done":
                session.acknowledge(mask=now["mask_id"], of=session.known.kept)
            elif now["error"]["code"] != "disk_full":
                session.acknowledge(fault=f"the job failed: {now['error']}")
            return
        await asyncio.sleep(0.01)
    session.acknowledge(fault="the job does not end")


async def delete_study(session: Session) -> None:
    """Delete a study with its masks and reviews."""
    session.acknowledge(deleting=session.known.spare)
    answer = await session.ask("DELETE", f"{API}/studies/{session.known.spare}")
    if answer.status_code == 204:
        session.acknowledge(deleted=session.known.spare)


async def delete_mask(session: Session) -> None:
    """Delete a result of a study that stays."""
    mask = session.known.masks[session.known.spare]
    session.acknowledge(deleting=mask)
    answer = await session.ask("DELETE", f"{API}/masks/{mask}")
    if answer.status_code == 204:
        session.acknowledge(deleted=mask)


async def review(session: Session) -> None:
    """Write a review, then a measurement."""
    study = session.known.kept
    answer = await session.ask(
        "POST", f"{API}/studies/{study}/reviews", json={"verdict": "accepted", "at_mm": [1, 2, 3]}
    )
    if answer.status_code == 201:
        session.acknowledge(review=answer.json()["id"], of=study)
    measured = {"kind": "distance", "plane": "axial", "points_mm": [[0, 0, 0], [3, 4, 0]]}
    answer = await session.ask("POST", f"{API}/studies/{study}/measurements", json=measured)
    if answer.status_code == 201:
        session.acknowledge(measurement=answer.json()["id"], of=study)


async def delete_review(session: Session) -> None:
    """Delete a review."""
    gone = session.known.reviews[session.known.spare]
    session.acknowledge(deleting=gone)
    answer = await session.ask("DELETE", f"{API}/reviews/{gone}")
    if answer.status_code == 204:
        session.acknowledge(deleted=gone)


async def rename(session: Session) -> None:
    """Give a study another alias."""
    answer = await session.ask("PATCH", f"{API}/studies/{session.known.kept}", json={"name": "renamed"})
    if answer.status_code == 200:
        session.acknowledge(alias="renamed", of=session.known.kept)


async def backup(session: Session) -> None:
    """Upload, then back up what there is."""
    await upload(session)
    with contextlib.suppress(OSError):  # the disk of the backup is full: it is said, and made another time
        name, _ = await asyncio.to_thread(back_up, session.data, session.data.parent / "backup")
        session.acknowledge(snapshot=name)


OPERATIONS: dict[str, Callable[[Session], Awaitable[None]]] = {
    "upload": upload,
    "upload in pieces": upload_in_pieces,
    "job": segment,
    "delete a study": delete_study,
    "delete a mask": delete_mask,
    "review": review,
    "delete a review": delete_review,
    "rename": rename,
    "backup": backup,
}


def settings_of(data: Path) -> Settings:
    """Make the settings of every case."""
    return Settings(data_dir=data, min_free_bytes=0, accounts=True, public_url="https://spine.example")


def perform(app: Starlette, name: str, known: Known, stop: Stop, pipe: int) -> None:
    """Start the application, do one operation, and end like a process that is killed, at the latest afterwards."""
    steps = Steps(stop)
    app.state.store.hold()
    app.state.store.recover()
    app.state.jobs.start()

    async def act() -> None:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        headers = {"Authorization": f"Bearer {known.token}"}
        base = "https://spine.example"
        async with httpx.AsyncClient(transport=transport, base_url=base, headers=headers, timeout=PATIENCE_S) as http:
            session = Session(http, known, app.state.store.data_dir, pipe, steps.make_room)
            steps.begin()
            await OPERATIONS[name](session)
            steps.end()
            if stop.is_full:  # there is room again, and the same server goes on
                await review(session)

    steps.install()
    asyncio.run(act())
    os.write(pipe, f"{json.dumps({'steps': steps.count})}\n".encode())
    steps.die()
