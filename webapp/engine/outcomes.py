"""What became of jobs, written into the store: results, results used again, and failures."""

from __future__ import annotations

import logging
import shutil

from segmentation.core.errors import InputError, OperationCancelled, Problem
from segmentation.core.messages import Message
from segmentation.core.volume import LabelMap, Volume
from webapp.engine.segmenting import Reporting, summary
from webapp.http.errors import WebError
from webapp.ingest.thumbnail import write_thumbnail
from webapp.storage.database import disk_full, is_full
from webapp.storage.folders import THUMBNAIL_FILE
from webapp.storage.mask_files import with_dice
from webapp.storage.queue.reuse import read_engine_notes
from webapp.storage.store import Store
from webapp.storage.tables import Job, Mask, Study

log = logging.getLogger("webapp.jobs")  # the door, whoever works behind it


class Outcomes:
    """Outcomes of jobs."""

    def __init__(self, store: Store) -> None:
        self._store = store
        # Why jobs failed, that the full disk did not take yet; with the attempt, where others than this process work.
        self._interrupted: dict[str, int] = {}  # attempts that ended since the database could not be reached
        self._unrecorded: dict[str, tuple[Problem, int | None]] = {}

    def reuse(
        self,
        job: Job,
        study: Study,
        found: list[Mask],
        reference: LabelMap | None,
        report: Reporting,
        attempt: int | None = None,
    ) -> LabelMap:
        """Close a job with a copy of an earlier result, see ``webapp.storage.queue.reuse``; return the spine's labels.

        Raises:
            OperationCancelled: the job was cancelled, or its study deleted.
        """
        folders = [self._store.stage() for _ in found]
        try:
            copies = [
                self._store.results.copy(mask, study, staged) for mask, staged in zip(found, folders, strict=True)
            ]
            mask, label_map = with_dice(*copies[0], reference), copies[0][1]
            beside = [(copy, folder) for (copy, _), folder in zip(copies[1:], folders[1:], strict=True)]
            for note in read_engine_notes(folders[0]):
                report.say(note)
            report.say("Taken over from the same scan, segmented by the same model")
            place, done = folders[0], summary(mask)
            if not self._store.jobs.complete(job.id, mask, place, done, *beside, attempt=attempt, reused=found[0].id):
                raise OperationCancelled
        finally:
            for folder in folders:
                shutil.rmtree(folder, ignore_errors=True)
        return label_map

    def draw(self, study_id: str, volume: Volume, label_map: LabelMap) -> None:
        """Draw the list's picture, with the mask in it; a study deleted meanwhile needs none."""
        staged = self._store.stage() / THUMBNAIL_FILE
        write_thumbnail(volume, staged, label_map)
        self._store.studies.replace_thumbnail(study_id, staged)

    def broke(self, job: Job, error: Exception, attempt: int | None = None) -> None:
        """Close a job that ended with an error, and say why; any fault of the engine ends its job, not the server."""
        if isinstance(error, WebError) and error.code == "database_unreachable":
            self._interrupted[job.id] = job.attempts
            self.record_failures()
            return
        if not isinstance(error, InputError) and self._store.studies.get(job.study_id) is None:
            log.info("job %s ended with its study", job.id)
            return
        self.failed(job, problem_of(job.id, error), attempt)

    def failed(self, job: Job, problem: Problem, attempt: int | None = None) -> None:
        """Close a job that cannot be done, and say why."""
        self._unrecorded[job.id] = (problem, attempt)
        self.record_failures()

    def record_failures(self) -> None:
        """Write why jobs failed, and give back those that lost the database. What cannot be written now is kept.

        Raises:
            WebError: 507, the disk is full; 503, the database cannot be reached.
        """
        for job_id, number in list(self._interrupted.items()):
            lost = Problem("database_unreachable", Message.of("store.database_unreachable"))
            self._store.jobs.retry(job_id, number, "The database could not be reached; starting again", lost)
            self._interrupted.pop(job_id, None)
        for job_id, (problem, attempt) in list(self._unrecorded.items()):
            self._store.jobs.finish(job_id, "failed", problem.message.text(), attempt, error=problem.to_json())
            self._unrecorded.pop(job_id, None)


def problem_of(job_id: str, error: Exception) -> Problem:
    """Say in words what ended a job; what is nobody's input goes to the log with its traceback."""
    if isinstance(error, InputError):
        return error.problem
    if is_full(error) or (isinstance(error, WebError) and error.code == "disk_full"):
        log.error("job %s failed: the disk is full", job_id)
        return disk_full().problem
    log.error("job %s failed", job_id, exc_info=error)
    return Problem("internal", Message.of("job.fault", kind=type(error).__name__))
