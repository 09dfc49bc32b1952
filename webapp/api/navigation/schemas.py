"""Schemas of plans and registrations. Positions are RAS+ mm; matrices map column vectors in mm, row-major."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from segmentation.core.errors import Problem
from segmentation.registration.touch_check import MOST_SAMPLES
from segmentation.writers.mesh import Axes
from webapp.api.schemas.base import DIGITS, INTEGRAL, Address, Answer, Query, Request, Triple
from webapp.api.schemas.errors import ErrorDetail

_NUMBER = "Counts up in a study; the highest is the newest"
_LARGEST_MM = 1e5
Millimetre = Annotated[float, Field(gt=-_LARGEST_MM, lt=_LARGEST_MM)]
Point = Annotated[list[Millimetre], Field(min_length=3, max_length=3, description="RAS+ mm")]
Label = Annotated[int, Field(ge=1, le=28, description="VerSe number of the vertebra"), INTEGRAL]
Matrix = Annotated[list[list[float]], Field(min_length=4, max_length=4)]
MaskId = Annotated[str | None, Field(max_length=100, description="Vertebrae of this study; without it the newest")]


class NewScrew(Request):
    """A screw that is to be checked."""

    label: Label
    side: Literal["right", "left"]
    entry_ras_mm: Point
    tip_ras_mm: Point
    diameter_mm: float = Field(gt=0, le=20)


class NewPlan(Request):
    """Levels for which screws are proposed, or screws that are checked."""

    levels: list[str] | None = Field(
        None, min_length=1, max_length=28, description="Such as L3; without it every level from C7 down"
    )
    screws: list[NewScrew] | None = Field(None, max_length=100, description="Checked as they are; nothing is proposed")
    mask_id: MaskId = None


class NewScrewCheck(Request):
    """Screws that are checked as they are, and not kept."""

    screws: list[NewScrew] = Field(min_length=1, max_length=100)
    mask_id: MaskId = None


class Screw(Answer):
    """A screw and its check."""

    name: str
    label: int
    level: str
    side: str = Field(description="Of the patient")
    entry_ras_mm: Triple
    tip_ras_mm: Triple
    diameter_mm: float
    length_mm: float
    grade: str = Field(description="Gertzbein-Robbins, A to E, by the check against the label map")
    breach_mm: float
    direction: str = Field(description="Of the breach; empty without one")
    least_clearance_mm: float = Field(description="Bone between the screw and the outside; negative outside")
    hu_mean: float | None = Field(description="In the core along the path")


class CheckedScrew(Screw):
    """A screw, its check, and the bone around it along its axis."""

    position_mm: list[float] = Field(description="From the entry along the axis")
    clearance_mm: list[float] = Field(description="Bone between the screw and the outside there; negative outside")
    checked_from_mm: float = Field(description="Where the check begins: behind, every screw leaves the bone")


class CheckedScrews(Answer):
    """Screws in the order in which they were asked for."""

    screws: list[CheckedScrew]


class NotProposed(Answer):
    """A pedicle for which no screw is proposed."""

    label: int
    level: str
    side: str
    reason: ErrorDetail


class Rod(Answer):
    """A rod through the heads of one side."""

    side: str
    length_mm: float
    points_ras_mm: list[Triple]


class Plan(Answer):
    """A plan of pedicle screws. For research use only."""

    number: int = Field(description=_NUMBER)
    notice: str
    author: str
    created_at: str = Field(json_schema_extra={"format": "date-time"})
    mask_id: str
    screws: list[Screw]
    not_proposed: list[NotProposed]
    rods: list[Rod]

    @classmethod
    def of(cls, content: dict[str, Any]) -> Plan:
        """Make the answer from what the store keeps."""
        omitted = [
            NotProposed(
                label=each["label"],
                level=each["level"],
                side=each["side"],
                reason=ErrorDetail.of(Problem.from_json(each["reason"])),
            )
            for each in content["not_proposed"]
        ]
        return cls(**{**content, "not_proposed": omitted})


class PlanList(Answer):
    """Plans of a study, newest first."""

    plans: list[Plan]


class UploadedFile(Request):
    """A small file within JSON."""

    name: str = Field(min_length=1, max_length=200, description="Its ending says what it is")
    content: str = Field(max_length=990_000, description="Base64")


class NewRegistration(Request):
    """Points that were touched on a vertebra, in mm of the tracker."""

    label: Label
    points: UploadedFile = Field(description=".csv with the header x,y,z; .ply; .xyz")
    landmarks: UploadedFile | None = Field(None, description=".csv with the header name,x,y,z,r,a,s")
    from_number: Annotated[int | None, Field(ge=1, le=999), INTEGRAL] = Field(
        None, description="Registration to begin with"
    )
    mask_id: MaskId = None


class Target(Answer):
    """Error to be expected at a place."""

    name: str
    position_mm: Triple
    rms_mm: float
    radius95_mm: float
    ellipsoid95_half_axes_mm: list[Triple]


class Registration(Answer):
    """Result of a registration. For research use only; to be used only if ``verdict`` is ``accepted``."""

    number: int = Field(description=_NUMBER)
    notice: str
    author: str
    created_at: str = Field(json_schema_extra={"format": "date-time"})
    mask_id: str
    file: str = Field(description="Name of the file of points; may hold anything, escape it")
    label: int
    level: str
    verdict: Literal["accepted", "needs_more_points", "not_to_be_trusted"]
    reasons: list[ErrorDetail]
    image_from_tracker: Matrix = Field(description="Maps column vectors of tracker mm to RAS+ mm of the image")
    points_ras_mm: list[Triple] = Field(description="The points where the registration puts them")
    residuals_mm: list[float] = Field(description="Of each point: signed distance to the surface")
    inliers: list[bool]
    surface_rms_mm: float | None
    noise_mm: float | None
    soft_tissue_mm: float | None
    coverage: float | None
    fre_mm: float | None
    landmark_errors_mm: list[float]
    expected_tre95_mm: float | None
    expected_tre: list[Target]
    suggested_points_ras_mm: list[Triple]
    seconds: float | None
    previous: int | None = Field(description="Registration before this one, if it was of the same vertebra")
    change_mm: float | None = Field(description="From that one: greatest distance at the targets")
    change_deg: float | None

    @classmethod
    def of(cls, content: dict[str, Any]) -> Registration:
        """Make the answer from what the store keeps."""
        reasons = [ErrorDetail.of(Problem.from_json(each)) for each in content["reasons"]]
        known: dict[str, Any] = {name: content.get(name) for name in cls.model_fields if name != "reasons"}
        return cls(**known, reasons=reasons)


class RegistrationList(Answer):
    """Registrations of a study, newest first."""

    registrations: list[Registration]


class NewTouch(Request):
    """A place that was touched with the tracked tool, to check a registration."""

    place: str = Field(min_length=1, max_length=80, description="Its name; touches of one name are compared")
    samples_mm: list[Point] = Field(
        min_length=1,
        max_length=MOST_SAMPLES,
        description="Of the tip while it was held still, mm of the tracker",
    )
    landmark_ras_mm: Point | None = Field(None, description="Where the tip should be; without it any place on the bone")
    registration: Annotated[int | None, Field(ge=1, le=999), INTEGRAL] = Field(
        None, description="Number of the registration; without it the newest"
    )


class Touch(Answer):
    """What a touch says of a registration. For research use only."""

    number: int = Field(description=_NUMBER)
    notice: str
    author: str
    created_at: str = Field(json_schema_extra={"format": "date-time"})
    registration: int
    label: int
    level: str
    place: str
    landmark_ras_mm: Triple | None
    touched_mm: Triple = Field(description="Mean of the samples, mm of the tracker")
    touched_ras_mm: Triple = Field(description="Where the registration puts it")
    error_mm: float | None = Field(description="From the landmark")
    surface_mm: float = Field(description="From the surface of the vertebra; negative inside")
    moved_mm: float | None = Field(description="From where the same place was touched first")
    state: Literal["good", "repeat", "off", "drifted"]
    reasons: list[ErrorDetail]

    @classmethod
    def of(cls, content: dict[str, Any]) -> Touch:
        """Make the answer from what the store keeps."""
        reasons = [ErrorDetail.of(Problem.from_json(each)) for each in content["reasons"]]
        return cls(**{**content, "reasons": reasons})


class TouchList(Answer):
    """Checks of a study, newest first."""

    checks: list[Touch]


class HistoryQuery(Query):
    """How far back."""

    limit: Annotated[int, Field(ge=1, le=50), DIGITS] = Field(10, description="The newest so many")


class PlanFileQuery(Query):
    """How a plan is written as surfaces."""

    axes: Axes = Field("ras", description="Axes of the coordinates of a surface, in mm")


class Tracker(Answer):
    """Whether an administrator named a tracker for live views."""

    configured: bool
    live_url: Address = Field(description="Socket of the study's live view, below this server's address; empty without")
