"""Schemas of masks, and of what may be asked of their surfaces."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, cast

from pydantic import Field

from segmentation.inference import confidence
from webapp.api.schemas.base import API, DIGITS, Address, Answer, Query, Timestamp, Triple
from webapp.enumerations import Axes, LabelMapKind, MaskKind
from webapp.storage import tables
from webapp.storage.mask_files import mask_statistics
from webapp.storage.store import Store

TRIANGLES = (500, 2_000_000)  # of a label, fewest and most that may be asked for
LabelKey = Annotated[str, Field(pattern="^[0-9]{1,3}$")]
"""Number of a label as text: JSON has no other keys."""


class LabelStatistics(Answer):
    """What is known of one label; positions in RAS+ mm."""

    volume_ml: float = Field(ge=0)
    mean_hu: float
    sd_hu: float = Field(ge=0, description="Population standard deviation")
    centre_mm: Triple = Field(description="Mean position of its voxels")
    low_mm: Triple = Field(description="Lowest corner of the box around it, along R, A and S")
    high_mm: Triple = Field(description="Highest corner of that box")


class ConfidenceReason(Answer):
    """One sign that a mask may be wrong."""

    code: str = Field(description="Stable, for programs and translations")
    message: str = Field(description="The sentence in English")


class Confidence(Answer):
    """How far the program trusts a mask."""

    value: float = Field(ge=0, le=1, description="Not a measured accuracy")
    level: confidence.Level
    reasons: list[ConfidenceReason]

    @classmethod
    def of(cls, trust: confidence.Confidence) -> Confidence:
        """Make the answer from the engine's confidence."""
        reasons = [ConfidenceReason(code=reason.code, message=reason.sentence) for reason in trust.reasons]
        return cls(value=trust.value, level=trust.level, reasons=reasons)


class Mask(Answer):
    """One segmentation of a study, on the study's grid."""

    id: str
    study_id: str
    kind: MaskKind
    version: int = Field(ge=1, description="Counts the masks of this kind that the study has, oldest first")
    label_map_kind: LabelMapKind
    labels: list[int] = Field(description="Numbers of the labels present, ascending")
    volume_ml: float = Field(ge=0, description="Of the spine")
    statistics: dict[LabelKey, LabelStatistics] = Field(description="By the label's number")
    dice: float | None = Field(ge=0, le=1, description="Agreement with the study's reference, if it has one")
    confidence: Confidence | None
    model_id: str = Field(description="Which weights made it; empty for a reference")
    created_at: Timestamp
    url: Address = Field(description="Voxels for the browser: uint8 labels, i fastest, on the displayed grid")
    mesh_urls: dict[LabelKey, Address] = Field(description="Surfaces by the label's number, STL")
    indexed_mesh_urls: dict[LabelKey, Address] = Field(
        description="The same surfaces for the browser: each vertex once, see the description of their address"
    )
    download_url: Address = Field(description="NIfTI on the grid of the CT")

    @classmethod
    def of(cls, store: Store, mask: tables.Mask) -> Mask:
        """Make the answer from a mask of the store and the statistics among its files."""
        base = f"{API}/masks/{mask.id}"
        statistics = mask_statistics(store, mask)

        def mesh_urls(form: str) -> dict[str, str]:
            return {str(label): f"{base}/meshes/{label}.{form}?v={mask.digest}" for label in mask.labels}

        return cls(
            id=mask.id,
            study_id=mask.study_id,
            kind=mask.kind,
            version=store.masks.version(mask),
            label_map_kind=cast(LabelMapKind, mask.label_map_kind),
            labels=mask.labels,
            volume_ml=round(mask.volume_ml, 3),
            statistics={str(number): LabelStatistics(**asdict(values)) for number, values in statistics.items()},
            dice=mask.dice,
            confidence=None if mask.confidence is None else Confidence.of(mask.confidence),
            model_id=mask.model_id,
            created_at=mask.created_at,
            url=f"{base}/volume.bin?v={mask.digest}",
            mesh_urls=mesh_urls("stl"),
            indexed_mesh_urls=mesh_urls("bin"),
            download_url=f"{base}.nii.gz",
        )


class MaskList(Answer):
    """Masks of a study, newest first."""

    masks: list[Mask]


class SurfaceQuery(Query):
    """What a surface shall hold."""

    label: Annotated[int, Field(ge=1, le=255), DIGITS] | None = Field(
        None, description="Number of one label; without it all labels of the mask"
    )
    axes: Axes = Field("ras", description="Axes of the coordinates, in mm")
    triangles: Annotated[int, Field(ge=TRIANGLES[0], le=TRIANGLES[1]), DIGITS] | None = Field(
        None, description="Decimate each label to about so many triangles"
    )


class VersionQuery(Query):
    """What makes an address name its content."""

    v: str | None = Field(
        None, description="Version of the content: an address with it may be kept for ever. It is not compared."
    )
