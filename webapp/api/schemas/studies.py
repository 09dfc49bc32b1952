"""Schemas of studies."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from webapp.api.schemas.base import API, Address, Answer, Shape, Timestamp, Triple
from webapp.api.schemas.errors import Note
from webapp.api.schemas.jobs import Job
from webapp.enumerations import StudyState, Verdict
from webapp.ingest.admission import THUMBNAIL_FILE
from webapp.storage import tables
from webapp.storage.store import Store


class Study(Answer):
    """One uploaded CT, with its latest job."""

    id: str
    name: str = Field(description="What the user called it; may hold anything, escape it")
    created_at: Timestamp
    shape: Shape = Field(description="Voxels along i, j, k of the file")
    spacing_mm: Triple
    orientation: str = Field(pattern="^[LRAPSI]{3}$", description="Where the file's axes point, such as LPS")
    size_bytes: int = Field(ge=0, description="Of the upload")
    has_reference: bool = Field(description="Whether a reference mask came with it")
    notes: list[Note]
    state: StudyState
    verdict: Verdict | None = Field(description="Of the newest review; null before the first")
    latest_job: Job | None
    url: Address = Field(description="Its page")
    thumbnail_url: Address

    @classmethod
    def of(cls, store: Store, study: tables.Study) -> Study:
        """Make the answer from a study of the store."""
        job = store.jobs.latest(study.id)
        thumbnail = store.folder(study.id) / THUMBNAIL_FILE
        return cls(
            id=study.id,
            name=study.name,
            created_at=study.created_at,
            shape=study.shape,
            spacing_mm=study.spacing_mm,
            orientation=study.orientation,
            size_bytes=study.size_bytes,
            has_reference=study.has_reference,
            notes=[Note.of(note) for note in study.notes],
            state=study.state,
            verdict=store.reviews.latest_verdict(study.id),
            latest_job=Job.of(job) if job else None,
            url=f"/studies/{study.id}",
            thumbnail_url=f"{API}/studies/{study.id}/thumbnail.png?v={file_version(thumbnail)}",
        )


class StudyList(Answer):
    """Studies, newest first."""

    studies: list[Study]


def file_version(path: Path) -> str:
    """Return a word that changes with the file, so that its address can be kept for ever; "0" while there is none."""
    try:
        return f"{path.stat().st_mtime_ns:x}"
    except FileNotFoundError:
        return "0"
