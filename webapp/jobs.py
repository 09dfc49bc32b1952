"""Job queue: the one door to the engine; the queue is in the database, so a restart loses nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from webapp.engine.executor import Executor
from webapp.engine.interface import EngineLike, EngineStatus, Mode, packaged_engine
from webapp.engine.local import LocalExecutor
from webapp.enumerations import OPEN_JOB_STATES, Priority, Task
from webapp.http.errors import not_found
from webapp.storage.queue.batches import Batch
from webapp.storage.store import Store
from webapp.storage.tables import Job

__all__ = ["EngineLike", "EngineStatus", "JobQueue", "packaged_engine"]


class JobQueue:
    """Queue of jobs and their only starter; ``executor`` does the work, by default one thread of this process.

    ``engine_factory`` is called once, ahead or by the first job, if the engine runs in this process.
    """

    def __init__(
        self,
        store: Store,
        engine_factory: Callable[[], EngineLike],
        mode: Mode = "patch",
        executor: Executor | None = None,
    ) -> None:
        self._store = store
        self.executor = executor or LocalExecutor(store, engine_factory, mode)

    def start(self) -> None:
        """Give back to the queue what a dead server left running, and start to work."""
        self.executor.start()

    def stop(self, timeout_s: float = 5.0) -> None:
        """Stop to work; what is being worked on goes back to the queue, as if nobody had begun it."""
        self.executor.stop(timeout_s)

    def load_engine(self) -> None:
        """Load the engine in the background while there is no job, so that the first one does not wait for it.

        What is wrong with the model is written to the log; each job then says it, too.
        """
        self.executor.load_ahead()

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
        self.executor.outcomes.record_failures()
        latest = self._store.jobs.latest(study_id)
        if latest is not None and latest.state in OPEN_JOB_STATES:
            moved = self._store.jobs.reprioritise(latest.id, priority) if priority else None
            return moved or latest
        job = self._store.jobs.add(study_id, task, owner or who, priority or "normal", anew)
        self._store.audit.record(who, task, study_id, job.id)
        self.executor.wake()
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
        job = self._store.jobs.cancel(job_id)
        self.executor.cancel(job_id)
        self._store.audit.record(who, "cancel", before.study_id, job_id)
        return job or before

    def cancel_study(self, study_id: str, who: str = "") -> None:
        """Cancel whatever is open on a study that is about to go."""
        for job in self._store.jobs.of_study(study_id):
            if job.state in OPEN_JOB_STATES:
                self.cancel(job.id, who)

    @property
    def is_alive(self) -> bool:
        """Whether jobs are being taken from the queue."""
        return self.executor.is_alive

    def status(self) -> EngineStatus:
        """Describe the engine as it is now; load nothing."""
        return self.executor.status()
