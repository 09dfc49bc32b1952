"""Schemas of DICOM files that wait for the choice of a series. Texts are those of headers: escape them."""

from __future__ import annotations

from pydantic import Field

from segmentation.readers.dicom.listing import Entry
from webapp.api.schemas.base import API, Address, Answer, Pair, Request, Triple
from webapp.api.schemas.errors import ErrorDetail, Note
from webapp.enumerations import SeriesPlane
from webapp.ingest import dicom_imports


class ChosenSeries(Request):
    """Which series to make a study of."""

    series: str = Field("", description="Its key; without one, the proposed series")
    alias: str = Field("", max_length=120, description="What to call the study; not a patient's name")
    group: str | None = Field(None, max_length=60, description="Whose the study shall be; needed by who is in several")


class Series(Answer):
    """One series that can be chosen, or why it cannot."""

    key: str = Field(description="SeriesInstanceUID; with #2 and so on for further parts of one that was split")
    number: int
    description: str
    modality: str
    kernel: str
    plane: SeriesPlane
    images: int = Field(ge=0, description="Number of frames")
    size: Pair = Field(description="Columns and rows")
    spacing_mm: Triple | None = Field(description="Of the volume that it makes; null if it makes none")
    problem: ErrorDetail | None = Field(description="Why it makes none")
    notes: list[Note]
    reasons: list[Note] = Field(description="What speaks for and against segmenting it")
    proposed: bool = Field(description="Whether it is the one to segment")
    thumbnail_url: Address | None

    @classmethod
    def of(cls, import_id: str, place: int, entry: Entry) -> Series:
        """Make the answer from entry number ``place`` of a listing."""
        picture = f"{API}/imports/{import_id}/thumbnails/{place}.png"
        return cls(
            key=entry.key,
            number=entry.number,
            description=entry.description,
            modality=entry.modality,
            kernel=entry.kernel,
            plane=entry.plane,  # type: ignore[arg-type] # a text in the listing; the model checks it
            images=entry.images,
            size=entry.size,
            spacing_mm=None if entry.grid is None else [round(mm, 4) for mm in entry.grid.spacing_mm],
            problem=None if entry.problem is None else ErrorDetail.of(entry.problem.problem),
            notes=[Note.of(note) for note in entry.notes],
            reasons=[Note.of(note) for note in entry.reasons],
            proposed=entry.proposed,
            thumbnail_url=picture if entry.thumbnail else None,
        )


class Import(Answer):
    """DICOM files that wait for a choice."""

    id: str
    series: list[Series]
    notes: list[Note] = Field(description="On the files as a whole")
    keep_identity: bool = Field(description="False: names, dates and UIDs of the study's files are replaced")

    @classmethod
    def of(cls, waiting: dicom_imports.Import) -> Import:
        """Make the answer from an upload that waits."""
        listing = waiting.listing
        return cls(
            id=waiting.id,
            series=[Series.of(waiting.id, place, entry) for place, entry in enumerate(listing.series)],
            notes=[Note.of(note) for note in listing.notes],
            keep_identity=waiting.keep_identity,
        )
