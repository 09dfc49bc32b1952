"""Schemas of corrections of masks."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from segmentation.core.labels import label_of
from webapp.api.schemas.base import API, DIGITS, Address, Answer, Query, Request, Timestamp
from webapp.api.schemas.masks import LabelKey
from webapp.storage.edits import versions
from webapp.storage.edits.drafts import Draft as StoredDraft
from webapp.storage.tables import Mask


class LabelDifference(Answer):
    """What a version added to a label and removed from it, in millilitres."""

    added_ml: float = Field(ge=0)
    removed_ml: float = Field(ge=0)


class MaskVersion(Answer):
    """One version of a mask."""

    id: str
    version: int = Field(ge=1, description="Counts the masks of this kind that the study has, oldest first")
    change: versions.Change = Field(description="made: by the engine; the others by a reader")
    who: str = Field(description='The reader; "" where the engine made it')
    parent: str | None = Field(description="Id of the mask that it changed")
    comment: str
    created_at: Timestamp
    volume_ml: float = Field(ge=0)
    dice: float | None = Field(ge=0, le=1, description="Agreement with the study's reference, if it has one")
    added_ml: float = Field(ge=0, description="Of all labels, against the version before it")
    removed_ml: float = Field(ge=0)
    labels: dict[LabelKey, LabelDifference] = Field(description="By the label's number; those that changed")
    download_url: Address = Field(description="NIfTI on the grid of the CT")

    @classmethod
    def of(cls, version: versions.Version) -> MaskVersion:
        """Make the answer from a version of the store."""
        differences = version.difference.items()
        return cls(
            id=version.mask.id,
            version=version.number,
            change=version.change,
            who=version.who,
            parent=version.parent,
            comment=version.comment,
            created_at=version.mask.created_at,
            volume_ml=round(version.mask.volume_ml, 3),
            dice=version.mask.dice,
            added_ml=round(version.added_ml, 3),
            removed_ml=round(version.removed_ml, 3),
            labels={str(n): LabelDifference(added_ml=added, removed_ml=removed) for n, (added, removed) in differences},
            download_url=f"{API}/masks/{version.mask.id}.nii.gz",
        )


class MaskVersions(Answer):
    """Versions of a mask, newest first."""

    versions: list[MaskVersion]


class EditableLabel(Answer):
    """A label that a correction may write."""

    number: int = Field(ge=1, le=255)
    name: str
    rgb: list[int] = Field(min_length=3, max_length=3)


class Draft(Answer):
    """A correction that is not saved as a version yet."""

    id: str
    who: str
    records: int = Field(ge=0, description="How often blocks were added")
    size_bytes: int = Field(ge=0)
    changed_at: Timestamp
    newest: str = Field(
        description="Id of the newest mask of this kind: another than the draft's if somebody saved one"
    )

    @classmethod
    def of(cls, draft: StoredDraft, newest: Mask) -> Draft:
        """Make the answer from a draft of the store."""
        return cls(
            id=draft.id,
            who=draft.who,
            records=draft.records,
            size_bytes=draft.bytes,
            changed_at=draft.changed_at,
            newest=newest.id,
        )


class Drafts(Answer):
    """Own drafts of a mask, newest first, and what a correction of it may write."""

    drafts: list[Draft]
    labels: list[EditableLabel] = Field(description="From head to foot")

    @classmethod
    def of(cls, mask: Mask, newest: Mask, found: list[StoredDraft]) -> Drafts:
        """Make the answer for a mask."""
        rows = [(number, label_of(number, mask.label_map_kind)) for number in versions.editable_labels(mask)]
        labels = [EditableLabel(number=number, name=row.name, rgb=list(row.rgb)) for number, row in rows]
        return cls(drafts=[Draft.of(each, newest) for each in found], labels=labels)


class AfterQuery(Query):
    """What a page knows of its draft."""

    after: Annotated[int, Field(ge=0, le=100_000_000), DIGITS] = Field(
        0, description="How many bodies it knows to be there; with another count the answer is 409"
    )


class NewVersion(Request):
    """How a draft becomes a version."""

    keep: Literal["if_newest", "with_theirs", "as_own"] = Field(
        "if_newest",
        description="If somebody saved a version meanwhile: refuse (409), make the changes in theirs, or keep it apart",
    )
    comment: str = Field("", max_length=500)
