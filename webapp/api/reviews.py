"""REST of reviews: listed and added under a study, removed by their own address."""

from __future__ import annotations

from flask import Blueprint

from webapp.api import schemas
from webapp.api.operations import json_route
from webapp.context import principal, services, store_with, who
from webapp.http.errors import WebError, not_found

reviews = Blueprint("reviews", __name__)


@reviews.get("/studies/<study_id>/reviews")
@json_route("reviews", schemas.ReviewList, errors=(404,))
def list_reviews(study_id: str) -> schemas.ReviewList:
    """List all reviews of a study, newest first."""
    found = store_with(study_id).reviews.of_study(study_id)
    return schemas.ReviewList(reviews=[schemas.Review.of(review) for review in found])


@reviews.post("/studies/<study_id>/reviews")
@json_route("reviews", schemas.Review, 201, errors=(404,), body=schemas.NewReview)
def create_review(study_id: str, body: schemas.NewReview) -> schemas.Review:
    """Add a review to a study."""
    store, reviewer = store_with(study_id), who()
    made = store.reviews.add(study_id, body.fields(), reviewer)
    store.audit.record(reviewer, "review", study_id, made.verdict)
    return schemas.Review.of(made)


@reviews.delete("/reviews/<review_id>")
@json_route("reviews", None, 204, errors=(404,))
def delete_review(review_id: str) -> None:
    """Remove one review, which must be one's own; the audit trail keeps that there was one."""
    found, asks = services().store.reviews.get(review_id), principal()
    if found is not None and asks.kind != "one person" and found.who != asks.name and not asks.may("administer"):
        raise WebError(403, "forbidden", "review.not_yours")
    removed = services().store.reviews.delete(review_id)
    if removed is None:
        raise not_found("review")
    services().store.audit.record(who(), "delete", removed.study_id, f"review {removed.verdict}")
