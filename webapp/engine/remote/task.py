"""What a worker does with one job: it reads the study, segments it and writes the masks into staged folders.

The scheduler, which knows nothing of SpineView, imports this file to hand it on: nothing heavy is imported with it.
Orders, reports and answers hold plain JSON types alone; arrays stay on the shared folder.
"""

from __future__ import annotations

import logging
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segmentation.core.atomic import sync_tree
from segmentation.core.errors import OperationCancelled
from segmentation.core.progress import CancelCheck
from webapp.engine.remote.names import PULSE_S, Names

if TYPE_CHECKING:
    from webapp.engine.interface import EngineLike

log = logging.getLogger(__name__)
Order = dict[str, Any]
"""``key``, ``study``, ``original``, ``reference`` (or None), ``staged`` (names of folders), ``mode``."""
Answer = dict[str, Any]
"""``kind``: ``"done"`` with ``masks``, ``"failed"`` with ``problem``, or ``"stopped"``."""


@dataclass
class Host:
    """The process of a worker: the data folder as this machine sees it, and the engine, loaded once."""

    data_dir: Path
    names: Names
    engine: EngineLike
    version: str
    name: str = ""
    stopping: threading.Event = field(default_factory=threading.Event)
    idle: threading.Event = field(default_factory=threading.Event)
    stopped: set[str] = field(default_factory=set)
    """Keys of work that the server asked to stop."""


_HOSTS: list[Host] = []


def become(host: Host) -> None:
    """Work with ``host`` in this process from now on."""
    host.idle.set()
    _HOSTS[:] = [host]


class Telling:
    """Reports of one job to the server: each stage at once, and every second how far it is."""

    def __init__(self, key: str, send: Callable[[dict[str, Any]], None], asked_to_stop: CancelCheck) -> None:
        self.cancelled = asked_to_stop
        self._key = key
        self._send = send
        self._stage, self._fraction = "", 0.0
        self._over = threading.Event()

    def check(self) -> None:
        """Raise if the job was asked to stop."""
        if self.cancelled():
            raise OperationCancelled

    def say(self, line: str) -> None:
        """Add a line to the job's log."""
        self.tell("line", line=line)

    def __call__(self, fraction: float, stage: str, check: bool = False) -> None:
        """Note ``fraction`` (0 to 1) of ``stage``; a new stage is told at once."""
        if check:
            self.check()
        is_new, self._stage, self._fraction = stage != self._stage, stage, fraction
        if is_new:
            self._pulse()

    def tell(self, kind: str, **content: Any) -> None:
        """Send one report."""
        self._send({"kind": kind, "key": self._key, **content})

    @contextmanager
    def beating(self) -> Iterator[None]:
        """Tell every second that the work goes on, whatever it does meanwhile."""

        def beat() -> None:
            while not self._over.wait(PULSE_S):
                self._pulse()

        thread = threading.Thread(target=beat, name="pulse", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()

    def _pulse(self) -> None:
        self.tell("state", fraction=self._fraction, stage=self._stage)


def work_on(order: Order) -> Answer:
    """Do one job; the function that is submitted to the scheduler. It runs in a worker's thread and raises nothing."""
    from distributed import get_worker
    from distributed.core import Status

    worker, key = get_worker(), str(order["key"])
    (host,) = _HOSTS

    def asked_to_stop() -> bool:
        is_connected = worker.status in (Status.running, Status.paused)
        return host.stopping.is_set() or key in host.stopped or not is_connected

    telling = Telling(key, lambda report: worker.log_event(host.names.reports, report), asked_to_stop)
    host.idle.clear()
    engine = host.engine
    telling.tell(
        "begin",
        name=host.name,
        address=worker.address,
        model=engine.model_id,
        device=engine.device,
        version=host.version,
    )
    telling(0.0, "loading")
    with telling.beating():
        try:
            return _segment(host, order, telling)
        except OperationCancelled:
            if key not in host.stopped:
                telling.tell("given_back")  # a worker that leaves may take its answer with it
            return {"kind": "stopped"}
        except Exception as error:  # noqa: BLE001 - any fault of the engine ends this job, not the worker
            from webapp.engine.outcomes import problem_of

            return {"kind": "failed", "problem": problem_of(key, error).to_json()}
        finally:
            host.stopped.discard(key)
            host.idle.set()


def _segment(host: Host, order: Order, telling: Telling) -> Answer:
    from webapp.engine.segmenting import read_scan, segment, write_masks
    from webapp.ingest.thumbnail import write_thumbnail
    from webapp.storage.folders import THUMBNAIL_FILE
    from webapp.storage.recovery.records import columns_of
    from webapp.storage.tables import mask_row

    folder, incoming = host.data_dir / "studies" / order["study"], host.data_dir / "incoming"
    reference = folder / order["reference"] if order["reference"] else None
    scan = read_scan(order["study"], folder / order["original"], reference, host.engine, order["mode"], telling)
    telling.tell("inputs", inputs=scan.inputs)
    label_map = segment(scan, host.engine, order["mode"], telling)
    picture, *left = order["staged"]
    places = iter(left)
    parts = write_masks(scan, label_map, host.engine, telling, lambda: incoming / next(places))
    write_thumbnail(scan.volume, incoming / picture / THUMBNAIL_FILE, label_map)
    for name in order["staged"]:
        sync_tree(incoming / name)
    telling.check()
    return {"kind": "done", "masks": [columns_of(mask_row(mask)) for mask, _ in parts]}


def describe() -> dict[str, Any]:
    """Say of this worker what ``webapp.engine.remote.probe.WorkerFacts`` holds, and its time of day."""
    from webapp.engine.interface import weights_of

    (host,) = _HOSTS
    fault = ""
    try:
        with tempfile.TemporaryFile(dir=host.data_dir / "incoming"):
            pass
    except OSError as error:
        fault = error.strerror or str(error)
    engine = host.engine
    return {
        "version": host.version,
        "model": weights_of(engine),
        "device": engine.device,
        "fault": fault,
        "time": time.time(),
    }
