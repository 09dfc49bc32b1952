"""The executor of an installation on several machines: workers of a Dask scheduler do the work.

The database row is the record. A job is submitted once an attempt, under a key of its own, and only when a worker is
free, so that the queue's order holds. A worker reads the study from the shared folder and writes into staged folders;
this process puts them in place and closes the row, if the row still is at that attempt. Whatever is lost on the way (a
worker, the scheduler, the connection) puts the row back into the queue and counts as an attempt.
"""

from __future__ import annotations

import logging
import queue
import secrets
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from segmentation.core.errors import OperationCancelled, Problem
from segmentation.core.messages import Message
from segmentation.core.progress import never
from segmentation.readers import read_label_map, read_volume
from webapp.engine.executor import Executor
from webapp.engine.interface import EngineStatus, Mode
from webapp.engine.job_progress import Report
from webapp.engine.remote.cluster import Cluster
from webapp.engine.remote.names import read_names, require_dask
from webapp.engine.segmenting import summary
from webapp.figures import JOB_SECONDS, WAIT_SECONDS
from webapp.settings import Settings
from webapp.storage.folders import THUMBNAIL_FILE
from webapp.storage.recovery.records import row_of
from webapp.storage.store import Store
from webapp.storage.tables import Job, MaskRow, Study, to_mask

if TYPE_CHECKING:
    from distributed import Future

log = logging.getLogger("webapp.jobs")
LOOK_S = 0.5
"""How often workers are counted and silent ones looked for while nothing is reported."""
_STAGED = 3  # the list's picture, the spine and its vertebrae


@dataclass
class Run:
    """One attempt at a job that was submitted.

    Attributes:
        order: What the worker was told.
        among: Addresses of the workers that it was offered to.
        worker: Address of the worker that said that it began; a second one that says so was given lost work.
        heard: When it was last heard of, in seconds of the monotonic clock.
    """

    job: Job
    study: Study
    order: dict[str, Any]
    report: Report
    among: list[str]
    started: float
    future: Future[Any] | None = None
    worker: str = ""
    heard: float = field(default_factory=time.monotonic)


class DaskExecutor(Executor):
    """Thread that hands jobs to workers, and takes what they report.

    Raises:
        BadConfiguration: Dask is not installed.
    """

    def __init__(self, store: Store, settings: Settings, mode: Mode) -> None:
        super().__init__(store)
        require_dask()
        self._mode = mode
        self._cluster = Cluster(settings, read_names(settings.data_dir), self.wake)
        self._session = secrets.token_hex(4)  # of this process: no work of an earlier one is taken for its own
        self._submitted = 0
        self._runs: dict[str, Run] = {}
        self._status = EngineStatus(False, "", "", [], None)
        self._handlers: dict[str, Callable[[Run, Mapping[str, Any]], None]] = {
            "begin": self._begin,
            "state": self._state,
            "line": self._line,
            "inputs": self._inputs,
            "given_back": lambda run, _: self._give_back(run, "The worker is stopping"),
            "over": self._over,
        }

    def load_ahead(self) -> None:
        """Load nothing: each worker has loaded the engine when it joins."""

    def cancel(self, job_id: str) -> None:
        """Ask the worker to stop; what it still writes is thrown away."""
        self._cluster.reports.put({"kind": "cancel", "key": job_id})
        self._wake.set()

    def status(self) -> EngineStatus:
        """Describe the engine of the worker that began last."""
        running = next((run.job.id for run in list(self._runs.values())), None)
        return replace(self._status, running_job=running)

    def _step(self) -> None:
        if not self._cluster.connect():
            self._lose_all("The scheduler was lost; starting again")
            self._stopping.wait(1.0)
            return
        self._take_reports()
        workers = self._cluster.workers()
        for run in list(self._runs.values()):
            self._look_after(run)
        if not self._submit_one(workers):
            self._wake.wait(LOOK_S)

    def _end(self) -> None:
        for key in list(self._runs):
            self._forget(key)
        self._cluster.close()

    def _look_after(self, run: Run) -> None:
        """Take an attempt for lost whose worker is gone or silent."""
        is_gone = not self._cluster.has_any([run.worker] if run.worker else run.among)
        if not is_gone and time.monotonic() - run.heard <= self._cluster.silent_s:
            return
        if not run.worker:
            self._give_back(run, "No worker began")
        elif is_gone:
            self._lose(run, "The worker was lost; starting again")
        else:
            self._cluster.distrust(run.worker)
            self._lose(run, "The worker was silent; starting again")

    def _submit_one(self, workers: list[str]) -> bool:
        """Submit the next job if there is one and a worker has nothing to do."""
        if len(self._runs) >= len(workers) or not self._store.jobs.count_by_state().get("queued"):
            return False
        job = self._store.jobs.claim()
        study = self._store.studies.get(job.study_id) if job else None
        if job is None or study is None:
            return False
        WAIT_SECONDS.observe(max(0.0, time.time() - job.created_at.timestamp()))
        log.info("job %s of study %s is submitted, attempt %d", job.id, job.study_id, job.attempts)
        try:
            self._submit(job, study, workers)
        except Exception:
            self._store.jobs.give_back(job.id, job.attempts, "It could not be handed to a worker")
            raise
        return True

    def _submit(self, job: Job, study: Study, workers: list[str]) -> None:
        self._submitted += 1
        key = f"spineview-{job.id}-{job.attempts}-{self._session}-{self._submitted}"
        order = {
            "key": key,
            "study": study.id,
            "original": study.original,
            "reference": study.reference,
            "staged": [self._store.stage().name for _ in range(_STAGED)],
            "mode": self._mode,
        }
        run = Run(job, study, order, Report(self._store, job, never, fenced=True), workers, time.monotonic())
        run.future = self._cluster.submit(order, workers)
        self._runs[key] = run

    def _take_reports(self) -> None:
        while not self._stopping.is_set():
            try:
                report = self._cluster.reports.get_nowait()
            except queue.Empty:
                return
            if report["kind"] == "cancel":
                for key in [key for key, run in self._runs.items() if run.job.id == report["key"]]:
                    self._forget(key)
                continue
            run = self._runs.get(report["key"])
            if run is not None:
                run.heard = time.monotonic()
                self._handlers[report["kind"]](run, report)
            elif report["kind"] == "state":  # cancelled, lost, or of a server that is no more
                self._cluster.stop(report["key"])

    def _begin(self, run: Run, report: Mapping[str, Any]) -> None:
        if run.worker:  # the scheduler gave it to another worker, of its own accord
            self._lose(run, "The worker was lost; starting again")
            return
        current = self._store.jobs.get(run.job.id)
        if current is None or current.state != "running":  # cancelled while it was on its way
            self._forget(run.order["key"])
            return
        run.worker = report["address"]
        self._status = EngineStatus(True, report["model"], report["device"], [], None)
        run.report.say(f"On worker {report['name']}, version {report['version']}")

    def _state(self, run: Run, report: Mapping[str, Any]) -> None:
        run.report(report["fraction"], report["stage"])

    def _line(self, run: Run, report: Mapping[str, Any]) -> None:
        run.report.say(report["line"])

    def _inputs(self, run: Run, report: Mapping[str, Any]) -> None:
        """Take an earlier result of the same scan and model, if there is one; the worker, which goes on, may stop."""
        found = [] if run.job.anew else self._store.results.find(run.study, report["inputs"])
        if not found:
            return
        folder = self._store.folder(run.study.id)
        reference = read_label_map(folder / run.study.reference) if run.study.reference else None
        self._forget(run.order["key"])
        try:
            label_map = self.outcomes.reuse(run.job, run.study, found, reference, run.report, run.job.attempts)
            self.outcomes.draw(run.study.id, read_volume(folder / run.study.original), label_map)
        except OperationCancelled:
            return
        except Exception as error:  # noqa: BLE001 - any fault ends this job, not the server
            self.outcomes.broke(run.job, error, run.job.attempts)
        self._note_end(run)

    def _over(self, run: Run, _report: Mapping[str, Any]) -> None:
        assert run.future is not None
        if run.future.status != "finished":
            self._lose(run, "The worker was lost; starting again")
            return
        answer = run.future.result(timeout=10)
        take = {"done": self._done, "failed": self._failed}.get(answer["kind"])
        try:
            if take is not None:
                take(run, answer)
        except Exception as error:  # noqa: BLE001 - any fault ends this job, not the server
            self.outcomes.broke(run.job, error, run.job.attempts)
        finally:
            self._forget(run.order["key"], is_over=True)
        self._note_end(run)

    def _done(self, run: Run, answer: Mapping[str, Any]) -> None:
        masks = [to_mask(row_of(MaskRow, columns)) for columns in answer["masks"]]
        (mask, folder), *beside = [(mask, self._store.incoming(mask.id)) for mask in masks]
        complete = partial(self._store.jobs.complete, attempt=run.job.attempts)
        if complete(run.job.id, mask, folder, summary(mask), *beside):
            picture = self._store.incoming(run.order["staged"][0]) / THUMBNAIL_FILE
            self._store.studies.replace_thumbnail(run.study.id, picture)

    def _failed(self, run: Run, answer: Mapping[str, Any]) -> None:
        self.outcomes.failed(run.job, Problem.from_json(answer["problem"]), run.job.attempts)

    def _give_back(self, run: Run, why: str) -> None:
        self._forget(run.order["key"])
        self._store.jobs.give_back(run.job.id, run.job.attempts, why)

    def _lose_all(self, why: str) -> None:
        for run in list(self._runs.values()):
            self._lose(run, why)

    def _lose(self, run: Run, why: str) -> None:
        """Put a job back into the queue whose attempt came to nothing; it is no matter what its worker still does."""
        log.warning("job %s, attempt %d: %s", run.job.id, run.job.attempts, why)
        self._forget(run.order["key"])
        lost = Problem("worker_lost", Message.of("job.worker_lost", count=run.job.attempts))
        self._store.jobs.retry(run.job.id, run.job.attempts, why, lost)

    def _forget(self, key: str, is_over: bool = False) -> None:
        """Let go of an attempt, and remove what it wrote. A worker that goes on finds no folder to write into."""
        run = self._runs.pop(key, None)
        if run is None:
            return
        if not is_over:
            self._cluster.stop(key)
            if run.future is not None:
                self._cluster.cancel(run.future)
        for name in run.order["staged"]:
            shutil.rmtree(self._store.incoming(name), ignore_errors=True)

    def _note_end(self, run: Run) -> None:
        ended = self._store.jobs.get(run.job.id)
        state, seconds = ended.state if ended else "deleted", time.monotonic() - run.started
        JOB_SECONDS.labels(state).observe(seconds)
        log.info("job %s is %s after %.1f s", run.job.id, state, seconds)
