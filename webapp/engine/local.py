"""The executor of an installation on one machine: one thread of this process, with the weights loaded once."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from segmentation.core.errors import InputError, OperationCancelled
from webapp.engine.executor import Executor
from webapp.engine.interface import EngineLike, EngineStatus, Mode
from webapp.engine.job_progress import Report
from webapp.engine.segmenting import ENGINE_SHARE, read_scan, segment, summary, write_masks
from webapp.figures import JOB_SECONDS, WAIT_SECONDS
from webapp.http.errors import WebError
from webapp.log_setup import JOB_ID
from webapp.storage.store import Store
from webapp.storage.tables import Job

log = logging.getLogger("webapp.jobs")  # the door, whoever works behind it


class LocalExecutor(Executor):
    """One thread that runs the engine. ``engine_factory`` is called once, ahead or by the first job."""

    def __init__(self, store: Store, engine_factory: Callable[[], EngineLike], mode: Mode = "patch") -> None:
        super().__init__(store)
        self.engine: EngineLike | None = None
        self._factory = engine_factory
        self._mode = mode
        self._running: str | None = None
        self._cancelled: set[str] = set()
        self._load_asked = False

    def load_ahead(self) -> None:
        """Load the engine in the background while there is no job, so that the first one does not wait for it.

        What is wrong with the model is written to the log; each job then says it, too.
        """
        self._load_asked = True
        self._wake.set()

    def cancel(self, job_id: str) -> None:
        """Let go of a job at the engine's next step."""
        self._cancelled.add(job_id)

    def status(self) -> EngineStatus:
        """Describe the engine as it is now; load nothing."""
        engine = self.engine
        if engine is None:
            return EngineStatus(False, "", "", [], self._running)
        return EngineStatus(True, engine.model_id, engine.device, list(engine.notes), self._running)

    def _step(self) -> None:
        self._cancelled.clear()  # of jobs that ended, or never ran: what is cancelled from here on is in the row
        job = self._store.jobs.claim()
        if job is not None:
            self._run(job)
        elif self._load_asked and self.engine is None:
            self._load()
        else:
            self._wake.wait()

    def _end(self) -> None:
        pass

    def _load(self) -> None:
        self._load_asked = False
        start = time.monotonic()
        try:
            engine = self.engine = self._factory()
        except InputError as error:
            log.error("the model cannot be loaded: %s", error)
        else:
            log.info("loaded the model %s on %s in %.1f s", engine.model_id, engine.device, time.monotonic() - start)

    def _run(self, job: Job) -> None:
        self._running = job.id
        token, begin = JOB_ID.set(job.id), time.monotonic()
        WAIT_SECONDS.observe(max(0.0, time.time() - job.created_at.timestamp()))
        log.info("job %s of study %s begins, attempt %d", job.id, job.study_id, job.attempts)
        try:
            self._segment(job)
        except OperationCancelled:
            if self._stopping.is_set():
                self._store.jobs.give_back_running()
        except Exception as error:  # noqa: BLE001 - any fault of the engine ends this job, not the server
            self.outcomes.broke(job, error)
        finally:
            self._running = None
            state = self._state_of(job)
            JOB_SECONDS.labels(state).observe(time.monotonic() - begin)
            log.info("job %s is %s after %.1f s", job.id, state, time.monotonic() - begin)
            JOB_ID.reset(token)

    def _state_of(self, job: Job) -> str:
        try:
            ended = self._store.jobs.get(job.id)
        except WebError:  # the database cannot be reached; what becomes of the job is written once it can
            return "interrupted"
        return ended.state if ended else "deleted"

    def _segment(self, job: Job) -> None:
        report = Report(self._store, job, lambda: self._stopping.is_set() or job.id in self._cancelled)
        report(0.0, "loading", self.engine is None)
        engine = self.engine = self.engine or self._factory()
        study = self._store.studies.get(job.study_id)
        if study is None:
            raise OperationCancelled
        folder = self._store.folder(study.id)
        reference = folder / study.reference if study.reference else None
        scan = read_scan(study.id, folder / study.original, reference, engine, self._mode, report)
        found = [] if job.anew else self._store.results.find(study, scan.inputs)
        if found:
            report(ENGINE_SHARE[1], "saving", True)
            label_map = self.outcomes.reuse(job, study, found, scan.reference, report)
        else:
            label_map = segment(scan, engine, self._mode, report)
            staged: list[Path] = []

            def stage() -> Path:
                staged.append(self._store.stage())
                return staged[-1]

            try:
                (mask, place), *beside = write_masks(scan, label_map, engine, report, stage)
                if not self._store.jobs.complete(job.id, mask, place, summary(mask), *beside):
                    raise OperationCancelled
            finally:
                for left in staged:
                    shutil.rmtree(left, ignore_errors=True)  # nothing is left there once it is in place
        self.outcomes.draw(study.id, scan.volume, label_map)
