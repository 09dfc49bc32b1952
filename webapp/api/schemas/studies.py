"""Schemas of studies."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from webapp.api.schemas.base import API, DIGITS, Address, Answer, Query, Request, Shape, Timestamp, Triple
from webapp.api.schemas.errors import Note
from webapp.api.schemas.jobs import Job
from webapp.enumerations import StudyState, Verdict
from webapp.http.errors import not_found
from webapp.storage import tables
from webapp.storage.listed import ListedStudy
from webapp.storage.store import Store


class Study(Answer):
    """One uploaded CT, with its latest job."""

    id: str
    name: str = Field(description="Its alias, else the file's name; may hold anything, escape it")
    group: str | None = Field(description="Whose members see it; null where there are no accounts, or none was chosen")
    created_at: Timestamp
    shape: Shape = Field(description="Voxels along i, j, k of the file")
    spacing_mm: Triple
    orientation: str = Field(pattern="^[LRAPSI]{3}$", description="Where the file's axes point, such as LPS")
    size_bytes: int = Field(ge=0, description="Of the upload")
    has_reference: bool = Field(description="Whether a reference mask came with it")
    notes: list[Note]
    state: StudyState
    verdict: Verdict | None = Field(description="Of the newest review; null before the first")
    open_reviews: int = Field(ge=0, description="Reviews that ask for work and are not settled")
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
            group=study.group,
            created_at=study.created_at,
            shape=study.shape,
            spacing_mm=study.spacing_mm,
            orientation=study.orientation,
            size_bytes=study.size_bytes,
            has_reference=study.has_reference,
            notes=[Note.of(note) for note in study.notes],
            state=study.state,
            verdict=listed.verdict,
            open_reviews=listed.open_reviews,
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

    search: str = Field("", max_length=200, description="Only studies whose aliases hold this, in capitals or not")


class GroupQuery(Query):
    """Whose a new study shall be."""

    group: str | None = Field(None, description="One of one's groups; needed by who is in several")


class ChangedStudy(Request):
    """What shall change of a study; what is left out stays."""

    name: str | None = Field(None, min_length=1, max_length=120, description="Its alias; not the name of a patient")
    group: str | None = Field(None, min_length=1, max_length=60)


class StudyList(Answer):
    """Studies, newest first."""

    studies: list[Study]
