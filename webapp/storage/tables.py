"""Tables of the database, and the frozen values that are made of their rows."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar, cast

from sqlalchemy import DDL, JSON, BigInteger, ForeignKey, Index, Integer, Row, event, false, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from segmentation.core.errors import Problem
from segmentation.core.notes import Note
from segmentation.inference.confidence import Confidence
from webapp.enumerations import PRIORITIES, JobState, MaskKind, Priority, StudyState, Task


@dataclass(frozen=True)
class Study:
    """One uploaded CT.

    Attributes:
        id: Random and url-safe.
        name: What the user called it (the file's name); hostile text, escape it wherever it is shown.
        created_at: UTC.
        shape: Voxels along i, j, k of the file.
        spacing_mm: Voxel size along i, j, k of the file.
        orientation: Where the file's axes point, such as ``"LPS"``.
        size_bytes: Size of the upload.
        has_reference: Whether a reference mask came with it.
        state: ``"ready"`` before the first job, then the state of the latest one.
        original: Name of the CT's file inside the study's folder; of a DICOM series, its folder there.
        reference: Name of the reference's file inside the study's folder, or None.
        notes: What was unusual in the CT's files and was repaired or let pass.
        thumbnail: Version of the list's picture, so that its address can be kept for ever; "0" while there is none.
        group: Whose members see it; None of a server without accounts, and of what nobody has assigned yet.
    """

    id: str
    name: str
    created_at: datetime
    shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    orientation: str
    size_bytes: int
    has_reference: bool = False
    state: StudyState = "ready"
    original: str = "original.nii.gz"
    reference: str | None = None
    notes: tuple[Note, ...] = ()
    thumbnail: str = "0"
    group: str | None = None


@dataclass(frozen=True)
class Job:
    """One run of the engine on a study.

    Attributes:
        state: queued, running, done, failed or cancelled.
        progress: 0 to 1.
        stage: One of the engine's stages, or ``"queued"``, ``"loading"``, ``"saving"``, ``"done"``.
        elapsed_s: Seconds since the start, or from start to end; 0 before the start.
        eta_s: Seconds until it ends, an estimate; None while unknown or over.
        log: Lines with their time of day (UTC), oldest first.
        error: Why a job failed.
        mask_id: The result of a job that is done.
        dice: Agreement with the study's reference, if it has one.
        owner: Who asked for it; owners take turns.
        priority: More urgent jobs come first.
        anew: Whether an earlier result of the same scan and model is left aside.
        reused: The mask that the result was copied from; None if it was computed.
        place: Of a job that waits, its place in the queue, from 1.
    """

    id: str
    study_id: str
    task: Task
    state: JobState
    progress: float
    stage: str
    created_at: datetime
    started_at: datetime | None
    elapsed_s: float
    eta_s: float | None
    log: list[str]
    error: Problem | None
    mask_id: str | None
    dice: float | None
    attempts: int = 0
    owner: str = ""
    priority: Priority = "normal"
    anew: bool = False
    reused: str | None = None
    place: int | None = None


@dataclass(frozen=True)
class Mask:
    """One segmentation of a study, on the study's original grid.

    Attributes:
        kind: ``"model"`` (the engine's spine), ``"reference"`` (uploaded with the CT) or ``"vertebrae"`` (the engine's
            vertebrae with names, beside the spine of the same job).
        label_map_kind: ``"spine"`` or ``"vertebrae"``, see ``segmentation.core.volume.LabelMap``.
        labels: The labels present, ascending.
        volume_ml: Volume of the spine in millilitres.
        dice: Against the reference, if there is one.
        model_id: Which weights made it; empty for a reference.
        digest: Short content hash, for cacheable addresses.
        confidence: How far the engine trusts it, and why not further; None of a reference, and of a mask that an
            older version made.
        inputs: Hash of the scan, the model and the program that it was computed from; "" of any other mask.
    """

    id: str
    study_id: str
    kind: MaskKind
    label_map_kind: str
    labels: list[int]
    volume_ml: float
    dice: float | None
    model_id: str
    digest: str
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    confidence: Confidence | None = None
    inputs: str = ""


class Base(DeclarativeBase):
    """Declarative base of all tables."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {
        dict[str, str]: JSON,
        list[str]: JSON,
        list[int]: JSON,
        list[float]: JSON,
        list[list[float]]: JSON,
        dict[str, Any]: JSON,
        list[dict[str, Any]]: JSON,
    }


NUMBER = BigInteger().with_variant(Integer, "sqlite")
"""Of 64 bits; SQLite's are anyway."""
_NEVER_REUSED: dict[str, Any] = {"sqlite_autoincrement": True}
"""Of tables whose ``sequence`` says what came first: clocks are set back, numbers are not."""


WAITING, BEGUN = text("state = 'queued'"), text("turn IS NOT NULL")
"""Of jobs; written out, since an index of a part of the rows is used where its condition stands in the statement."""


class StudyRow(Base):
    """Table of studies; columns as in ``Study``."""

    __tablename__ = "studies"
    __table_args__ = _NEVER_REUSED
    sequence: Mapped[int] = mapped_column(NUMBER, primary_key=True)
    id: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    created_at: Mapped[float]  # seconds since the epoch, UTC
    shape: Mapped[list[int]]
    spacing_mm: Mapped[list[float]]
    orientation: Mapped[str]
    size_bytes: Mapped[int] = mapped_column(NUMBER)
    original: Mapped[str]
    reference: Mapped[str | None]
    notes: Mapped[list[dict[str, Any]] | None]
    thumbnail: Mapped[str | None]  # changes with the picture; None before there is one
    group: Mapped[str | None]


class JobRow(Base):
    """Table of jobs; columns as in ``Job``."""

    __tablename__ = "jobs"
    __table_args__ = (
        Index("ix_jobs_waiting", "priority", "owner", "sequence", sqlite_where=WAITING, postgresql_where=WAITING),
        Index("ix_jobs_owner_turn", "owner", "turn", sqlite_where=BEGUN, postgresql_where=BEGUN),
        _NEVER_REUSED,
    )
    sequence: Mapped[int] = mapped_column(NUMBER, primary_key=True)
    id: Mapped[str] = mapped_column(unique=True)
    study_id: Mapped[str] = mapped_column(ForeignKey("studies.id", ondelete="CASCADE"), index=True)
    task: Mapped[str]
    state: Mapped[str] = mapped_column(index=True)
    progress: Mapped[float] = mapped_column(default=0.0)
    stage: Mapped[str] = mapped_column(default="queued")
    created_at: Mapped[float]
    started_at: Mapped[float | None]
    finished_at: Mapped[float | None]
    eta_s: Mapped[float | None]
    log: Mapped[list[str]]
    error: Mapped[dict[str, Any] | None]
    mask_id: Mapped[str | None]
    dice: Mapped[float | None]
    attempts: Mapped[int] = mapped_column(default=0)
    owner: Mapped[str] = mapped_column(default="", server_default="")
    priority: Mapped[int] = mapped_column(default=1, server_default="1")  # index in PRIORITIES
    turn: Mapped[int | None] = mapped_column(
        NUMBER, index=True
    )  # counts up with each job that begins; None before that
    anew: Mapped[bool] = mapped_column(default=False, server_default=false())
    reused: Mapped[str | None]


class MaskRow(Base):
    """Table of masks; columns as in ``Mask``."""

    __tablename__ = "masks"
    __table_args__ = _NEVER_REUSED
    sequence: Mapped[int] = mapped_column(NUMBER, primary_key=True)
    id: Mapped[str] = mapped_column(unique=True)
    study_id: Mapped[str] = mapped_column(ForeignKey("studies.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str]
    label_map_kind: Mapped[str]
    labels: Mapped[list[int]]
    volume_ml: Mapped[float]
    dice: Mapped[float | None]
    model_id: Mapped[str]
    digest: Mapped[str]
    created_at: Mapped[float]
    confidence: Mapped[dict[str, Any] | None]
    inputs: Mapped[str | None] = mapped_column(index=True)


class MeasurementRow(Base):
    """Table of measurements; columns as in ``webapp.storage.measurements.Measurement``."""

    __tablename__ = "measurements"
    __table_args__ = _NEVER_REUSED
    sequence: Mapped[int] = mapped_column(NUMBER, primary_key=True)
    id: Mapped[str] = mapped_column(unique=True)
    study_id: Mapped[str] = mapped_column(ForeignKey("studies.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str]
    plane: Mapped[str]
    points_mm: Mapped[list[list[float]]]
    label: Mapped[str]
    statistics: Mapped[dict[str, Any]]
    created_at: Mapped[float]


class ReviewRow(Base):
    """Table of reviews; columns as in ``webapp.storage.reviews.Review``.

    A review outlives the mask that it is about.
    """

    __tablename__ = "reviews"
    __table_args__ = _NEVER_REUSED
    sequence: Mapped[int] = mapped_column(NUMBER, primary_key=True)
    id: Mapped[str] = mapped_column(unique=True)
    study_id: Mapped[str] = mapped_column(ForeignKey("studies.id", ondelete="CASCADE"), index=True)
    mask_id: Mapped[str | None]
    verdict: Mapped[str]
    comment: Mapped[str]
    at_mm: Mapped[list[float]]
    view: Mapped[str]
    who: Mapped[str]
    created_at: Mapped[float]
    replies: Mapped[list[dict[str, Any]] | None]
    resolved_by: Mapped[str | None]


class AuditRow(Base):
    """Who did what to which study, when. Rows are added and never changed, and outlive the study."""

    __tablename__ = "audit"
    __table_args__ = _NEVER_REUSED
    id: Mapped[int] = mapped_column(NUMBER, primary_key=True, autoincrement=True)
    at: Mapped[float] = mapped_column(index=True)
    who: Mapped[str]
    action: Mapped[str]
    study_id: Mapped[str]
    detail: Mapped[str]
    address: Mapped[str]
    hash: Mapped[str]


APPEND_ONLY = tuple(
    f"CREATE TRIGGER audit_no_{verb.lower()} BEFORE {verb} ON audit "
    "BEGIN SELECT RAISE(ABORT, 'the audit trail is only added to'); END"
    for verb in ("UPDATE", "DELETE")
)
for _statement in APPEND_ONLY:
    _trigger = DDL(_statement).execute_if(dialect="sqlite")  # type: ignore[no-untyped-call]
    event.listen(AuditRow.__table__, "after_create", _trigger)


def study_row(study: Study) -> StudyRow:
    """Make the row of a study."""
    return StudyRow(
        id=study.id,
        name=study.name,
        created_at=study.created_at.timestamp(),
        shape=list(study.shape),
        spacing_mm=list(study.spacing_mm),
        orientation=study.orientation,
        size_bytes=study.size_bytes,
        original=study.original,
        reference=study.reference,
        notes=[each.to_json() for each in study.notes],
        thumbnail=study.thumbnail,
        group=study.group,
    )


def to_study(row: StudyRow | Row[*tuple[Any, ...]], latest_state: str | None) -> Study:
    """Make the value of a row, whose state is that of its latest job; None before there is one."""
    return Study(
        id=row.id,
        name=row.name,
        created_at=datetime.fromtimestamp(row.created_at, UTC),
        shape=_triple(row.shape),
        spacing_mm=_triple(row.spacing_mm),
        orientation=row.orientation,
        size_bytes=row.size_bytes,
        has_reference=row.reference is not None,
        state=cast(JobState, latest_state) if latest_state else "ready",
        original=row.original,
        reference=row.reference,
        notes=tuple(map(Note.from_json, row.notes or ())),
        thumbnail=row.thumbnail or "0",
        group=row.group,
    )


def to_job(row: JobRow) -> Job:
    """Convert a row to its value, as of now."""
    end = row.finished_at or time.time()
    return Job(
        id=row.id,
        study_id=row.study_id,
        task=cast(Task, row.task),
        state=cast(JobState, row.state),
        progress=row.progress,
        stage=row.stage,
        created_at=datetime.fromtimestamp(row.created_at, UTC),
        started_at=datetime.fromtimestamp(row.started_at, UTC) if row.started_at else None,
        elapsed_s=max(0.0, end - row.started_at) if row.started_at else 0.0,
        eta_s=row.eta_s,
        log=list(row.log),
        error=None if row.error is None else Problem.from_json(row.error),
        mask_id=row.mask_id,
        dice=row.dice,
        attempts=row.attempts,
        owner=row.owner,
        priority=PRIORITIES[row.priority],
        anew=row.anew,
        reused=row.reused,
    )


def mask_row(mask: Mask) -> MaskRow:
    """Convert a value to its row."""
    confidence = None if mask.confidence is None else mask.confidence.to_json()
    changed = {"created_at": mask.created_at.timestamp(), "confidence": confidence, "inputs": mask.inputs or None}
    return MaskRow(**{**vars(mask), **changed})


def to_mask(row: MaskRow | Row[*tuple[Any, ...]]) -> Mask:
    """Convert a row to its value."""
    return Mask(
        id=row.id,
        study_id=row.study_id,
        kind=cast(MaskKind, row.kind),
        label_map_kind=row.label_map_kind,
        labels=list(row.labels),
        volume_ml=row.volume_ml,
        dice=row.dice,
        model_id=row.model_id,
        digest=row.digest,
        created_at=datetime.fromtimestamp(row.created_at, UTC),
        confidence=None if row.confidence is None else Confidence.from_json(row.confidence),
        inputs=row.inputs or "",
    )


def _triple(values: Sequence[Any]) -> tuple[Any, Any, Any]:
    first, second, third = values
    return (first, second, third)
