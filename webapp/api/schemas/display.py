"""Schema of what a viewer needs to draw a study."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from webapp.api.schemas.base import API, Address, Answer, Pair, Shape, Triple
from webapp.api.schemas.masks import Mask
from webapp.display.volume_files import read_display
from webapp.enumerations import Coding
from webapp.storage import tables
from webapp.storage.store import Store


class Preview(Answer):
    """The small copy of a scan that is drawn first."""

    shape: Shape
    spacing_mm: Triple
    origin_mm: Triple
    factors: Shape = Field(description="By which it is smaller along i, j, k")
    url: Address


class Distance(Answer):
    """The surface of a mask with its distances to another mask."""

    mask: str = Field(description="Its id")
    reference: str = Field(description="Id of the other mask")
    url: Address


class Display(Answer):
    """All that a viewer needs to draw a study: see ``webapp.display.volume_files.Display``."""

    shape: Shape = Field(description="Voxels along i, j, k, each to the closest of R, A, S")
    spacing_mm: Triple
    origin_mm: Triple = Field(description="Centre of voxel (0, 0, 0) in RAS+ mm")
    direction: Sequence[Triple] = Field(
        min_length=3, max_length=3, description="Rows R, A, S; columns are the unit vectors of i, j, k"
    )
    hu_range: Pair = Field(description="Lowest and highest value")
    coding: Coding = Field(description="How the voxels are written, see webapp/display/voxel_codec.py")
    volume_url: Address
    preview: Preview | None = Field(description="Null where the scan itself is as small")
    measurements_url: Address
    reviews_url: Address
    masks: list[Mask] = Field(description="Newest first")
    distances: list[Distance]

    @classmethod
    def of(cls, store: Store, study: tables.Study) -> Display:
        """Make the answer from a study's display.json and its masks."""
        display = dict(vars(read_display(store.folder(study.id))))
        base, digest = f"{API}/studies/{study.id}", display.pop("digest")
        masks = store.masks.of_study(study.id)
        if display["preview"]:
            display["preview"]["url"] = f"{base}/preview.bin?v={digest}"
        return cls(
            **{**display, "preview": display["preview"] or None},
            volume_url=f"{base}/volume.bin?v={digest}",
            measurements_url=f"{base}/measurements",
            reviews_url=f"{base}/reviews",
            masks=[Mask.of(store, mask) for mask in masks],
            distances=_distances(masks),
        )


def _distances(masks: list[tables.Mask]) -> list[Distance]:
    """Pair the newest segmentation with the newest reference, where there are both. ``masks`` come newest first."""
    mask, reference = (next((mask for mask in masks if mask.kind == kind), None) for kind in ("model", "reference"))
    if mask is None or reference is None:
        return []
    address = f"{API}/masks/{mask.id}/distances/{reference.id}.bin?v={mask.digest}-{reference.digest}"
    return [Distance(mask=mask.id, reference=reference.id, url=address)]
