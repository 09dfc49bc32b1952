"""Schemas of jobs."""

from __future__ import annotations

from pydantic import Field

from webapp.api.schemas.base import Answer, Request, Timestamp
from webapp.api.schemas.errors import ErrorDetail
from webapp.enumerations import JobState, Priority, Task
from webapp.storage import tables


class NewJob(Request):
    """What to do with a study."""

    task: Task
    priority: Priority | None = Field(
        None, description="By default normal; urgent needs a right of its own. Of a job that waits already, the new one"
    )
    anew: bool = Field(
        False, description="Compute, even if the same model has segmented the same scan before; else that is copied"
    )


class Job(Answer):
    """One run of the engine on a study."""

    id: str
    study_id: str
    task: Task
    state: JobState
    progress: float = Field(ge=0, le=1)
    stage: str = Field(description="What is being done: queued, loading, reading, a stage of the engine, saving, done")
    created_at: Timestamp
    started_at: Timestamp | None
    elapsed_s: float = Field(ge=0, description="Seconds since the start, or from start to end; 0 before the start")
    eta_s: float | None = Field(description="Seconds until it ends, an estimate; null while unknown or over")
    log: list[str] = Field(description="Lines with their time of day in UTC, oldest first")
    error: ErrorDetail | None = Field(description="Of a job that failed")
    mask_id: str | None = Field(description="The result of a job that is done")
    priority: Priority
    place: int | None = Field(ge=1, description="Of a job that waits, its place in the queue; 1 is the next one")
    anew: bool = Field(description="Whether an earlier result of the same scan is left aside")
    reused: str | None = Field(description="The mask that the result was copied from; null if it was computed")
    dice: float | None = Field(ge=0, le=1, description="Agreement with the study's reference, if it has one")

    @classmethod
    def of(cls, job: tables.Job) -> Job:
        """Make the answer from a job of the store."""
        return cls(
            id=job.id,
            study_id=job.study_id,
            task=job.task,
            state=job.state,
            progress=round(job.progress, 4),
            stage=job.stage,
            created_at=job.created_at,
            started_at=job.started_at,
            elapsed_s=round(job.elapsed_s, 1),
            eta_s=round(job.eta_s, 1) if job.eta_s is not None else None,
            log=job.log,
            error=None if job.error is None else ErrorDetail.of(job.error),
            mask_id=job.mask_id,
            priority=job.priority,
            place=job.place,
            anew=job.anew,
            reused=job.reused,
            dice=job.dice,
        )


class JobList(Answer):
    """Jobs of a study, newest first."""

    jobs: list[Job]
