"""Schemas of studies."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from webapp.api.schemas.base import API, DIGITS, Address, Answer, Query, Shape, Timestamp, Triple
from webapp.api.schemas.errors import Note
from webapp.api.schemas.jobs import Job
from webapp.enumerations import StudyState, Verdict
from webapp.http.errors import not_found
from webapp.storage import tables
from webapp.storage.store import Store
from webapp.storage.studies import ListedStudy


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
        """Make the answer from a study of the store.

        Raises:
            WebError: 404, it was deleted meanwhile.
        """
        listed = store.studies.listed(study.id)
        if listed is None:
            raise not_found("study")
        return cls.of_listed(listed)

    @classmethod
    def of_listed(cls, listed: ListedStudy) -> Study:
        """Make the answer from a study as the store lists it."""
        study, job = listed.study, listed.latest_job
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
            verdict=listed.verdict,
            latest_job=Job.of(job) if job else None,
            url=f"/studies/{study.id}",
            thumbnail_url=f"{API}/studies/{study.id}/thumbnail.png?v={study.thumbnail}",
        )


class PageQuery(Query):
    """Which part of a list is wanted."""

    limit: Annotated[int, Field(ge=1, le=1000), DIGITS] | None = Field(
        None, description="How many at most; without it all"
    )
    after: Annotated[int, Field(ge=0), DIGITS] | None = Field(
        None, description="Continue behind a page; the header Link of that page says how"
    )


class StudyList(Answer):
    """Studies, newest first."""

    studies: list[Study]
