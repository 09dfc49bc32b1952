"""Schema of the vertebrae with names that stand beside a mask of kind ``vertebrae``."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from segmentation.vertebrae.named_spine import Level, reason_message, sequence_message
from webapp.api.schemas.base import Answer, Triple


class VertebraReason(Answer):
    """Why a vertebra, or the names of the whole row, may be wrong, or what the names rest on."""

    code: str = Field(description="Stable, for programs and translations")
    message: str = Field(description="The sentence in English")


class Vertebra(Answer):
    """One vertebra; places in RAS+ mm."""

    label: int = Field(description="VerSe number")
    name: str
    confidence: Level
    reasons: list[VertebraReason]
    centroid_ras_mm: Triple = Field(description="Mean place of its voxels")
    body_ras_mm: Triple = Field(description="Centre of its body")
    volume_ml: float = Field(ge=0)
    cut_by_border: bool = Field(description="It touches an outer face of the scan")
    name_probability: float = Field(ge=0, le=1, description="Share of its name among the likely namings")
    probability: float | None = Field(
        ge=0, le=1, description="Estimated probability that its name, and its mask to a Dice of 0.9, are right"
    )


class Naming(Answer):
    """Another naming of the same vertebrae, from head to foot."""

    labels: list[int]
    names: list[str]
    probability: float = Field(ge=0, le=1)


class Sequence(Answer):
    """How far the names of the row may be relied on."""

    sure: bool
    reason: VertebraReason
    alternatives: list[Naming] = Field(description="Likeliest first")


class NamedVertebrae(Answer):
    """The vertebrae of a mask, from head to foot."""

    vertebrae: list[Vertebra]
    sequence: Sequence

    @classmethod
    def of(cls, content: dict[str, Any]) -> NamedVertebrae:
        """Make the answer from what ``webapp.storage.mask_files.read_names`` read."""
        row = content["sequence"]
        reason = VertebraReason(code=row["reason"], message=sequence_message(row["reason"]).text())
        return cls(
            vertebrae=[_vertebra(one) for one in content["vertebrae"]],
            sequence=Sequence(
                sure=row["sure"], reason=reason, alternatives=[Naming(**each) for each in row["alternatives"]]
            ),
        )


def _vertebra(content: dict[str, Any]) -> Vertebra:
    # Masks of before 27 November 2026, and corrected ones, have no probability.
    return Vertebra(**{"probability": None, **content, "reasons": _reasons(content["reasons"])})


def _reasons(codes: list[str]) -> list[VertebraReason]:
    return [VertebraReason(code=code, message=reason_message(code).text()) for code in codes]
