"""Schemas of archives and of what is fetched from them or sent to them. Texts are other systems': escape them."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from webapp.api.schemas.base import Address, Answer, Request, Uid
from webapp.api.schemas.errors import ErrorDetail
from webapp.enumerations import DicomKind, TransferState
from webapp.pacs import transfers

if TYPE_CHECKING:  # it brings httpx, which a server without archives need not wait for
    from webapp.dicomweb import client

Day = Annotated[str, Field(pattern="^([0-9]{4}-[0-9]{2}-[0-9]{2})?$", description="YYYY-MM-DD, or empty")]


class ArchiveNames(Answer):
    """The archives that can be searched."""

    pacs: list[str]


class Search(Request):
    """What to look for. Empty fields do not narrow the search."""

    patient: str = Field("", max_length=64, pattern=r"^[^\n]*$", description="Parts of a name, or an identifier")
    first_day: Day = ""
    last_day: Day = ""
    modality: str = Field("CT", pattern="^[A-Z]{0,16}$")

    def to_query(self) -> client.Search:
        """Convert to an archive's query: DICOM writes days as YYYYMMDD."""
        days = [day.replace("-", "") for day in (self.first_day, self.last_day)]
        from webapp.dicomweb import client

        return client.Search(self.patient, days[0], days[1], self.modality)


class FoundStudy(Answer):
    """One study of an archive; dates as YYYY-MM-DD or as the archive has them, empty where not given."""

    uid: str
    patient_name: str
    patient_id: str
    birth_date: str
    date: str
    description: str
    accession: str
    modalities: list[str]
    series: int | None = Field(description="How many; null if the archive does not say")
    images: int | None


class FoundStudies(Answer):
    """Studies of an archive, newest first."""

    studies: list[FoundStudy]


class FoundSeries(Answer):
    """One series of a study of an archive."""

    uid: str
    number: int | None
    description: str
    modality: str
    body_part: str
    images: int | None


class FoundSeriesList(Answer):
    """Series of a study of an archive, by number."""

    series: list[FoundSeries]


class Fetch(Request):
    """Which series to fetch."""

    study_uid: Uid
    series_uid: Uid
    group: str | None = Field(None, max_length=60, description="Whose the study shall be; needed by who is in several")


class Transfer(Answer):
    """One series on its way here."""

    id: str
    pacs: str = Field(description="Name of the archive")
    series_uid: str
    images_expected: int | None = Field(description="As the archive counts; null if it does not say")
    state: TransferState
    images: int = Field(ge=0, description="How many have come")
    received_bytes: int = Field(ge=0)
    study_id: str | None = Field(description="Of the study, once it is there")
    error: ErrorDetail | None = Field(description="Of a transfer that failed")
    url: Address | None = Field(description="Page of the study, once it is there")

    @classmethod
    def of(cls, transfer: transfers.Transfer) -> Transfer:
        """Make the answer from a transfer of this process."""
        page = f"/studies/{transfer.study_id}" if transfer.study_id else None
        error = None if transfer.error is None else ErrorDetail.of(transfer.error)
        shown = {name: value for name, value in asdict(transfer).items() if name not in ("who", "group")}
        return cls(**{**shown, "error": error}, url=page)


class Send(Request):
    """Where to send a mask, and as what."""

    pacs: str = Field(min_length=1, max_length=60, pattern=r"^[^\n]*$", description="Name of the archive")
    kind: DicomKind = Field("seg", description="Segmentation, structure set, or comparison pictures")


class Sent(Answer):
    """What was stored in the archive."""

    sent: str = Field(description="Id of the mask")
    pacs: str
    kind: DicomKind
