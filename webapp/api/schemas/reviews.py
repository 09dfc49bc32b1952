"""Schemas of reviews."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from webapp.api.schemas.base import API, Address, Answer, Query, Request, Timestamp, Triple
from webapp.enumerations import ReviewState, Verdict
from webapp.storage import reviews

_LARGEST_MM = 1e5
_VIEW = r"^[A-Za-z0-9_=&.,-]*$"  # what static/viewer/src/data/view-state.js writes
Millimetre = Annotated[float, Field(gt=-_LARGEST_MM, lt=_LARGEST_MM)]


class ViewQuery(Query):
    """What is seen of a study."""

    view: str = Field(
        "", max_length=reviews.LONGEST_VIEW, pattern=_VIEW, description="The part of the page's address behind #"
    )


class NewReview(Request):
    """What a reviewer says of a study."""

    verdict: Verdict
    at_mm: list[Millimetre] = Field(min_length=3, max_length=3, description="The place it is about, RAS+ mm")
    comment: str = Field("", max_length=reviews.LONGEST_COMMENT)
    view: str = Field(
        "",
        max_length=reviews.LONGEST_VIEW,
        pattern=_VIEW,
        description="What was seen: the part of the page's address behind #",
    )
    mask_id: str | None = Field(None, description="The mask that was reviewed, one of this study")

    def fields(self) -> reviews.Fields:
        """Convert to what the store keeps."""
        return reviews.Fields(self.verdict, list(self.at_mm), self.comment.strip(), self.view, self.mask_id)


class NewReply(Request):
    """An answer to a review."""

    comment: str = Field(min_length=1, max_length=reviews.LONGEST_COMMENT)


class ReviewChange(Request):
    """Whether a review is settled."""

    state: ReviewState


class Reply(Answer):
    """An answer to a review."""

    comment: str = Field(description="May hold anything, escape it")
    author: str = Field(description="Name of the account; the address where there are no accounts")
    created_at: Timestamp


class Review(Answer):
    """One review, and what was answered."""

    id: str
    study_id: str
    mask_id: str | None = Field(description="The mask that was reviewed, which may be gone")
    verdict: Verdict
    comment: str = Field(description="May hold anything, escape it")
    at_mm: Triple = Field(description="The place it is about, RAS+ mm")
    view: str = Field(description="What was seen: the part of the page's address behind #")
    author: str = Field(description="Name of the account; the address where there are no accounts")
    created_at: Timestamp
    url: Address
    link: Address = Field(description="Opens the study as the reviewer saw it")
    state: ReviewState
    resolved_by: str | None = Field(description="As author; null while it is open")
    replies: list[Reply] = Field(description="The oldest first")
    removable: bool = Field(description="Whether whoever asks may remove it")

    @classmethod
    def of(cls, review: reviews.Review, removable: bool) -> Review:
        """Make the answer from a review of the store."""
        return cls(
            id=review.id,
            study_id=review.study_id,
            mask_id=review.mask_id,
            verdict=review.verdict,
            comment=review.comment,
            at_mm=review.at_mm,
            view=review.view,
            author=review.who,
            created_at=review.created_at,
            url=f"{API}/reviews/{review.id}",
            link=f"/studies/{review.study_id}#{review.view}",
            state=review.state,
            resolved_by=review.resolved_by,
            replies=[Reply(comment=r.comment, author=r.who, created_at=r.created_at) for r in review.replies],
            removable=removable,
        )


class ReviewList(Answer):
    """Reviews of a study, newest first."""

    reviews: list[Review]
