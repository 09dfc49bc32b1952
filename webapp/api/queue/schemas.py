"""Schemas of batches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from webapp.api.schemas.base import API, Address, Answer, Request, Timestamp
from webapp.api.schemas.jobs import Job
from webapp.enumerations import JOB_STATES, JobState, Priority
from webapp.storage.queue import batches

MOST_STUDIES = 1000
StudyId = Annotated[str, StringConstraints(min_length=1, max_length=64)]


class NewBatch(Request):
    """Studies to segment together."""

    studies: list[StudyId] = Field(min_length=1, max_length=MOST_STUDIES, description="Their ids")
    priority: Priority = "batch"
    anew: bool = Field(False, description="Compute, even if the same model has segmented the same scan before")


class BatchSummary(Answer):
    """How far a batch is."""

    id: str
    created_at: Timestamp
    studies: int = Field(ge=0, description="How many it was given")
    counts: dict[JobState, int] = Field(description="How many jobs are in each state; of deleted studies none is left")
    progress: float = Field(ge=0, le=1, description="Share of the work that is over; what failed is over, too")
    finished: bool
    eta_s: float | None = Field(description="Seconds until its last job ends, an estimate; null while unknown or over")
    url: Address

    @classmethod
    def of(cls, batch: batches.Batch) -> BatchSummary:
        """Make the answer from a batch of the store."""
        return cls(**_summary(batch))


class Batch(BatchSummary):
    """A batch with its jobs."""

    jobs: Sequence[Job] = Field(description="In the order in which the studies were given")

    @classmethod
    def of(cls, batch: batches.Batch) -> Batch:
        """Make the answer from a batch of the store."""
        return cls(**_summary(batch), jobs=[Job.of(job) for job in batch.jobs])


class BatchList(Answer):
    """One's own batches, newest first."""

    batches: list[BatchSummary]


def _summary(batch: batches.Batch) -> dict[str, Any]:
    counts = {state: sum(job.state == state for job in batch.jobs) for state in JOB_STATES}
    return {
        "id": batch.id,
        "created_at": batch.created_at,
        "studies": len(batch.studies),
        "counts": counts,
        "progress": round(batch.progress, 4),
        "finished": not counts["queued"] and not counts["running"],
        "eta_s": None if batch.eta_s is None else round(batch.eta_s, 1),
        "url": f"{API}/batches/{batch.id}",
    }
