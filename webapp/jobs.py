"""Job queue and the one thread that runs the engine; the queue is in the database, so a restart loses nothing."""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from segmentation.core.errors import InputError, OperationCancelled, Problem
from segmentation.core.messages import Message
from segmentation.core.volume import LabelMap, Volume
from segmentation.readers import read_label_map, read_volume
from segmentation.vertebrae.named_spine import SegmentedSpine
from webapp.display.volume_files import write_mesh
from webapp.engine.interface import EngineLike, EngineStatus, Mode, packaged_engine
from webapp.engine.job_progress import ENGINE_SHARE, Report
from webapp.enumerations import OPEN_JOB_STATES, Priority, Task
from webapp.figures import JOB_SECONDS, WAIT_SECONDS
from webapp.http.background import work_in_background
from webapp.http.errors import WebError, not_found
from webapp.ingest.thumbnail import write_thumbnail
from webapp.log_setup import JOB_ID
from webapp.storage.database import disk_full, is_full
from webapp.storage.folders import THUMBNAIL_FILE
from webapp.storage.mask_files import with_dice, write_mask, write_names
from webapp.storage.queue.batches import Batch
from webapp.storage.queue.reuse import inputs_of, read_engine_notes, write_engine_notes
from webapp.storage.store import Store
from webapp.storage.tables import Job, Mask, Study

__all__ = ["EngineLike", "EngineStatus", "JobQueue", "packaged_engine"]
log = logging.getLogger(__name__)


class JobQueue:
    """Queue of jobs and their only starter. ``engine_factory`` is called once, ahead or by the first job."""

    def __init__(self, store: Store, engine_factory: Callable[[], EngineLike], mode: Mode = "patch") -> None:
        self._store = store
        self._factory = engine_factory
        self._mode = mode
        self._engine: EngineLike | None = None
        self._running: str | None = None
        self._cancelled: set[str] = set()
        self._unrecorded: dict[str, Problem] = {}  # why jobs failed, that the full disk did not take yet
        self._stopping = threading.Event()
        self._wake = threading.Event()
        self._load_asked = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Give back to the queue what a dead server left running, and start the engine thread."""
        for job in self._store.jobs.requeue_running():
            log.info("job %s was running when the server stopped; it is now %s", job.id, job.state)
        self._stopping.clear()
        self._thread = threading.Thread(target=self._work, name="engine", daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float = 5.0) -> None:
        """Stop the thread; the job it works on goes back to the queue, as if nobody had begun it.

        That is written first: the thread may be in a step that takes longer than anyone waits for it.
        """
        self._stopping.set()
        self._wake.set()
        try:
            self._store.jobs.give_back_running()
        except (WebError, SQLAlchemyError):
            log.exception("the running job could not be given back; the next start will count it as interrupted")
        if self._thread is not None:
            self._thread.join(timeout_s)

    def load_engine(self) -> None:
        """Load the engine in the background while there is no job, so that the first one does not wait for it.

        What is wrong with the model is written to the log; each job then says it, too.
        """
        self._load_asked = True
        self._wake.set()

    def submit(
        self,
        study_id: str,
        task: Task = "segment",
        who: str = "",
        owner: str = "",
        priority: Priority | None = None,
        anew: bool = False,
    ) -> Job:
        """Queue a job, or return the one already open on this study, with ``priority`` if it still waits.

        Args:
            study_id: Of the study.
            task: What to do.
            who: For the audit trail.
            owner: Whose turn it takes in the queue; by default ``who``'s.
            priority: By default "normal", or what the open job has.
            anew: Whether to compute what an earlier job of the same scan and model has computed.

        Raises:
            WebError: 404, there is no such study; 507, the disk is full.
        """
        if self._store.studies.get(study_id) is None:
            raise not_found("study")
        self._record_failures()
        latest = self._store.jobs.latest(study_id)
        if latest is not None and latest.state in OPEN_JOB_STATES:
            moved = self._store.jobs.reprioritise(latest.id, priority) if priority else None
            return moved or latest
        job = self._store.jobs.add(study_id, task, owner or who, priority or "normal", anew)
        self._store.audit.record(who, task, study_id, job.id)
        self._wake.set()
        return job

    def submit_batch(
        self, study_ids: Sequence[str], who: str, owner: str, priority: Priority = "batch", anew: bool = False
    ) -> Batch:
        """Queue a job for each study, or take the one that is open on it, and write down that they belong together.

        Raises:
            WebError: 404, there is no such study; 507, the disk is full. Jobs that were queued before stay.
        """
        jobs = []
        for study_id in study_ids:
            before = self._store.jobs.latest(study_id)
            is_open = before is not None and before.state in OPEN_JOB_STATES
            job = self.submit(study_id, "segment", who, owner, None if is_open else priority, anew)
            jobs.append((job.id, not is_open))
        return self._store.batches.add(owner, list(study_ids), jobs)

    def cancel_batch(self, batch: Batch, who: str = "") -> None:
        """Cancel the open jobs that a batch asked for."""
        for job_id in batch.cancellable:
            self.cancel(job_id, who)

    def cancel(self, job_id: str, who: str = "") -> Job:
        """Stop a job. It is closed at once; the engine lets go of it at its next step.

        Raises:
            WebError: 404, there is no such job.
        """
        before = self._store.jobs.get(job_id)
        if before is None:
            raise not_found("job")
        if before.state not in OPEN_JOB_STATES:
            return before
        self._cancelled.add(job_id)
        job = self._store.jobs.cancel(job_id)
        self._store.audit.record(who, "cancel", before.study_id, job_id)
        return job or before

    def cancel_study(self, study_id: str, who: str = "") -> None:
        """Cancel whatever is open on a study that is about to go."""
        for job in self._store.jobs.of_study(study_id):
            if job.state in OPEN_JOB_STATES:
                self.cancel(job.id, who)

    @property
    def is_alive(self) -> bool:
        """Whether the engine thread runs."""
        return self._thread is not None and self._thread.is_alive()

    def status(self) -> EngineStatus:
        """Describe the engine as it is now; load nothing."""
        engine = self._engine
        if engine is None:
            return EngineStatus(False, "", "", [], self._running)
        return EngineStatus(True, engine.model_id, engine.device, list(engine.notes), self._running)

    def _work(self) -> None:
        work_in_background()  # the model's own threads are started from here, and follow
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                self._record_failures()
                job = self._store.jobs.claim()
                if job is not None:
                    self._run(job)
                elif self._load_asked and self._engine is None:
                    self._load_ahead()
                else:
                    self._wake.wait()
            except WebError as error:  # a full disk: what waits is tried again
                log.error("the engine thread waits: %s", error.message)
                self._stopping.wait(1.0)
            except Exception:  # the thread must outlive whatever one job does to it
                log.exception("the engine thread met a fault")
                self._stopping.wait(1.0)

    def _load_ahead(self) -> None:
        self._load_asked = False
        start = time.monotonic()
        try:
            engine = self._engine = self._factory()
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
            self._attempt(job)
        finally:
            self._running = None
            self._cancelled.discard(job.id)
            ended = self._store.jobs.get(job.id)
            state = ended.state if ended else "deleted"
            JOB_SECONDS.labels(state).observe(time.monotonic() - begin)
            log.info("job %s is %s after %.1f s", job.id, state, time.monotonic() - begin)
            JOB_ID.reset(token)

    def _attempt(self, job: Job) -> None:
        try:
            self._segment(job)
        except OperationCancelled:
            self._stopped(job)
        except InputError as error:
            self._failed(job, error.problem)
        except Exception as error:  # any fault of the engine ends this job, not the server
            if self._store.studies.get(job.study_id) is None:
                log.info("job %s ended with its study", job.id)
                return
            if is_full(error) or (isinstance(error, WebError) and error.code == "disk_full"):
                log.error("job %s failed: the disk is full", job.id)
                self._failed(job, disk_full().problem)
                return
            log.exception("job %s failed", job.id)
            self._failed(job, Problem("internal", Message.of("job.fault", kind=type(error).__name__)))

    def _segment(self, job: Job) -> None:
        report = Report(self._store, job, lambda: self._asked_to_stop(job.id))
        report(0.0, "loading", self._engine is None)
        engine = self._engine = self._engine or self._factory()
        study = self._store.studies.get(job.study_id)
        if study is None:
            raise OperationCancelled
        folder = self._store.folder(study.id)
        report(0.02, "reading", True)
        volume = read_volume(folder / study.original)
        reference = read_label_map(folder / study.reference) if study.reference else None
        for remark in volume.notes:
            self._store.jobs.update(job.id, remark.sentence)
        report.check()
        inputs = inputs_of(volume, engine.model_id, engine.naming_model_id, self._mode)
        if not job.anew and self._reuse(study, volume, reference, inputs, report):
            return
        first, last = ENGINE_SHARE
        label_map = engine.segment(
            volume,
            progress=lambda fraction, stage: report(first + (last - first) * fraction, stage),
            cancelled=report.cancelled,
            mode=self._mode,
        )
        for note in engine.notes:
            self._store.jobs.update(job.id, note)
        report(last, "saving", True)
        self._save(study, volume, label_map, reference, engine, report, inputs)
        self._picture(study, volume, label_map)

    def _reuse(self, study: Study, volume: Volume, reference: LabelMap | None, inputs: str, report: Report) -> bool:
        """Copy the result that the same model computed of the same scan, if there is one."""
        found = self._store.results.find(study, inputs)
        if not found:
            return False
        report(ENGINE_SHARE[1], "saving", True)
        folders = [self._store.stage() for _ in found]
        try:
            copies = [
                self._store.results.copy(mask, study, staged) for mask, staged in zip(found, folders, strict=True)
            ]
            mask, label_map = with_dice(*copies[0], reference), copies[0][1]
            beside = [(copy, folder) for (copy, _), folder in zip(copies[1:], folders[1:], strict=True)]
            for note in read_engine_notes(folders[0]):
                self._store.jobs.update(report.job_id, note)
            self._store.jobs.update(report.job_id, "Taken over from the same scan, segmented by the same model")
            if not self._store.jobs.complete(
                report.job_id, mask, folders[0], _summary(mask), *beside, reused=found[0].id
            ):
                raise OperationCancelled
        finally:
            for folder in folders:
                shutil.rmtree(folder, ignore_errors=True)
        self._picture(study, volume, label_map)
        return True

    def _save(
        self,
        study: Study,
        volume: Volume,
        label_map: LabelMap,
        reference: LabelMap | None,
        engine: EngineLike,
        report: Report,
        inputs: str,
    ) -> None:
        """Write the mask's files into a staged folder, then put them and the rows in place at once."""
        staged, vertebrae = self._store.stage(), self._store.stage()
        try:
            mask = write_mask(label_map, volume, staged, study.id, "model", engine.model_id, engine.confidence)
            write_engine_notes(engine.notes, staged)
            report.check()
            mask = with_dice(replace(mask, inputs=inputs), label_map, reference)
            for label in mask.labels:
                report.check()
                write_mesh(label_map, label, staged / f"{label}.bin")
            beside = self._vertebrae(study, volume, label_map, engine, report, vertebrae)
            beside = [(replace(each, inputs=inputs), folder) for each, folder in beside]
            if not self._store.jobs.complete(report.job_id, mask, staged, _summary(mask), *beside):
                raise OperationCancelled
        finally:
            for folder in (staged, vertebrae):
                shutil.rmtree(folder, ignore_errors=True)  # nothing is left there once it is in place

    def _vertebrae(
        self,
        study: Study,
        volume: Volume,
        spine: LabelMap,
        engine: EngineLike,
        report: Report,
        folder: Path,
    ) -> list[tuple[Mask, Path]]:
        """Write the vertebrae that the engine named, if any, as a mask beside the spine's."""
        if not isinstance(spine, SegmentedSpine) or spine.vertebrae is None or not spine.vertebrae.vertebrae:
            return []
        vertebra_map = spine.vertebra_map
        assert vertebra_map is not None
        mask = write_mask(vertebra_map, volume, folder, study.id, "vertebrae", engine.model_id)
        write_names(spine.vertebrae, folder)
        for label in mask.labels:
            report.check()
            write_mesh(vertebra_map, label, folder / f"{label}.bin")
        return [(mask, folder)]

    def _picture(self, study: Study, volume: Volume, label_map: LabelMap) -> None:
        """Draw the list's picture, with the mask in it; a study deleted meanwhile needs none."""
        staged = self._store.stage() / THUMBNAIL_FILE
        write_thumbnail(volume, staged, label_map)
        self._store.studies.replace_thumbnail(study.id, staged)

    def _asked_to_stop(self, job_id: str) -> bool:
        return self._stopping.is_set() or job_id in self._cancelled

    def _stopped(self, job: Job) -> None:
        if self._stopping.is_set():
            self._store.jobs.give_back_running()

    def _failed(self, job: Job, problem: Problem) -> None:
        self._unrecorded[job.id] = problem
        self._record_failures()

    def _record_failures(self) -> None:
        """Write why jobs failed. What a full disk does not take is kept, and written as soon as there is room.

        Raises:
            WebError: 507, the disk is full.
        """
        for job_id, problem in list(self._unrecorded.items()):
            self._store.jobs.finish(job_id, "failed", problem.message.text(), error=problem.to_json())
            self._unrecorded.pop(job_id, None)


def _summary(mask: Mask) -> str:
    if not mask.labels:
        return "Done: no spine was found"
    agreement = f", Dice {mask.dice:.4f}" if mask.dice is not None else ""
    return f"Done: {mask.volume_ml:.0f} ml of spine{agreement}"
