"""Reviews of a study: a verdict, a comment, the place it is about, and what was seen there."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.enumerations import ReviewState, Verdict
from webapp.http.errors import WebError
from webapp.storage.database import Database, new_id
from webapp.storage.folders import Folders
from webapp.storage.recovery.records import write_annotations
from webapp.storage.tables import MaskRow, ReviewRow

MOST_PER_STUDY = 500
MOST_REPLIES = 100
LONGEST_COMMENT = 2000
LONGEST_VIEW = 1000


@dataclass(frozen=True)
class Fields:
    """Fields of a review that a reviewer gives, as in ``Review``."""

    verdict: Verdict
    at_mm: list[float]
    comment: str
    view: str
    mask_id: str | None


@dataclass(frozen=True)
class Reply:
    """An answer to a review; ``comment`` is hostile text, ``who`` as in the audit trail."""

    comment: str
    who: str
    created_at: datetime


@dataclass(frozen=True)
class Review:
    """A reviewer's verdict on a study, and what was answered.

    Attributes:
        mask_id: The result that was reviewed; None where there was none.
        verdict: ``"accepted"`` or ``"needs_work"``.
        comment: Hostile text.
        at_mm: The place it is about, RAS+ mm: where the crosshair stood.
        view: What was seen, as the part of the page's address behind ``#``.
        who: The reviewer, as in the audit trail.
        replies: The oldest first.
        resolved_by: Whoever said that it is settled; None while it is open.
    """

    id: str
    study_id: str
    mask_id: str | None
    verdict: Verdict
    comment: str
    at_mm: tuple[float, float, float]
    view: str
    who: str
    created_at: datetime
    replies: tuple[Reply, ...]
    resolved_by: str | None

    @property
    def state(self) -> ReviewState:
        """Whether it is settled."""
        return "open" if self.resolved_by is None else "resolved"


class Reviews:
    """The table of reviews."""

    def __init__(self, database: Database, folders: Folders) -> None:
        self._database = database
        self._folders = folders

    def of_study(self, study_id: str) -> list[Review]:
        """All reviews of a study, newest first."""
        with self._database.reading() as session:
            rows = session.query(ReviewRow).filter_by(study_id=study_id).order_by(ReviewRow.sequence.desc())
            return [to_review(row) for row in rows]

    def get(self, review_id: str) -> Review | None:
        """One review, or None."""
        with self._database.reading() as session:
            row = session.scalar(select(ReviewRow).where(ReviewRow.id == review_id))
            return to_review(row) if row else None

    def version(self, study_id: str) -> str:
        """Make a word that changes whenever a study's reviews change: added, answered, settled, removed."""
        with self._database.reading() as session:
            rows = session.query(ReviewRow.sequence, ReviewRow.replies, ReviewRow.resolved_by)
            reviews = rows.filter_by(study_id=study_id).order_by(ReviewRow.sequence)
            return " ".join(
                f"{sequence}:{len(replies or ())}{'' if by is None else '!'}" for sequence, replies, by in reviews
            )

    def latest_verdict(self, study_id: str) -> Verdict | None:
        """Return what the newest review of a study says; None before the first."""
        with self._database.reading() as session:
            rows = session.query(ReviewRow.verdict).filter_by(study_id=study_id)
            row = rows.order_by(ReviewRow.sequence.desc()).first()
            return None if row is None else cast(Verdict, row[0])

    def add(self, study_id: str, fields: Fields, who: str) -> Review:
        """Store a new one; The study must exist.

        Raises:
            WebError: ``mask_id`` is none of the study's, or the study has ``MOST_PER_STUDY`` already.
        """
        mask_id = fields.mask_id
        with self._database.transaction() as session:
            mask = None if mask_id is None else session.scalar(select(MaskRow).where(MaskRow.id == mask_id))
            if mask_id is not None and (mask is None or mask.study_id != study_id):
                raise WebError(400, "bad_request", "review.mask")
            if session.query(ReviewRow).filter_by(study_id=study_id).count() >= MOST_PER_STUDY:
                raise WebError(400, "bad_request", "review.too_many", count=MOST_PER_STUDY)
            now = datetime.now(UTC).timestamp()
            row = ReviewRow(id=new_id(), study_id=study_id, who=str(who), created_at=now, **asdict(fields))
            session.add(row)
            self._write_record(session, row.study_id)
            return to_review(row)

    def delete(self, review_id: str) -> Review | None:
        """Remove one and return it; None if there is none."""
        with self._database.transaction() as session:
            row = session.scalar(select(ReviewRow).where(ReviewRow.id == review_id))
            if row is None:
                return None
            review = to_review(row)
            session.delete(row)
            self._write_record(session, review.study_id)
            return review

    def reply(self, review_id: str, comment: str, who: str) -> Review | None:
        """Add an answer and return the review; None if there is none.

        Raises:
            WebError: it has ``MOST_REPLIES`` already.
        """
        with self._database.transaction() as session:
            row = self._locked(session, review_id)
            if row is None:
                return None
            before = row.replies or []
            if len(before) >= MOST_REPLIES:
                raise WebError(400, "bad_request", "review.too_many_replies", count=MOST_REPLIES)
            now = datetime.now(UTC).timestamp()
            row.replies = [*before, {"comment": comment, "who": str(who), "created_at": now}]
            self._write_record(session, row.study_id)
            return to_review(row)

    def settle(self, review_id: str, state: ReviewState, who: str) -> Review | None:
        """Resolve or open a review again, and return it; None if there is none."""
        with self._database.transaction() as session:
            row = self._locked(session, review_id)
            if row is None:
                return None
            row.resolved_by = None if state == "open" else row.resolved_by or str(who)
            self._write_record(session, row.study_id)
            return to_review(row)

    def _locked(self, session: Session, review_id: str) -> ReviewRow | None:
        """Read a row that nobody else changes until the transaction ends."""
        return session.scalar(select(ReviewRow).where(ReviewRow.id == review_id).with_for_update())

    def _write_record(self, session: Session, study_id: str) -> None:
        write_annotations(session, self._folders.study(study_id), study_id)


def to_review(row: ReviewRow) -> Review:
    """Make the value of a review's row."""
    r, a, s = row.at_mm
    return Review(
        id=row.id,
        study_id=row.study_id,
        mask_id=row.mask_id,
        verdict=cast(Verdict, row.verdict),
        comment=row.comment,
        at_mm=(r, a, s),
        view=row.view,
        who=row.who,
        created_at=datetime.fromtimestamp(row.created_at, UTC),
        replies=tuple(
            Reply(each["comment"], each["who"], datetime.fromtimestamp(each["created_at"], UTC))
            for each in row.replies or ()
        ),
        resolved_by=row.resolved_by,
    )
