"""REST of reviews: listed and added under a study, removed by their own address."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request

from webapp.api.schemas import API
from webapp.context import services, store_with, who
from webapp.http.errors import not_found
from webapp.storage.reviews import Review, checked

reviews = Blueprint("reviews", __name__)


def review_view(review: Review) -> dict[str, Any]:
    """One review as JSON; ``link`` opens the study as the reviewer saw it."""
    return {
        "id": review.id,
        "study_id": review.study_id,
        "mask_id": review.mask_id,
        "verdict": review.verdict,
        "comment": review.comment,
        "at_mm": list(review.at_mm),
        "view": review.view,
        "created_at": review.created_at.isoformat(),
        "url": f"{API}/reviews/{review.id}",
        "link": f"/studies/{review.study_id}#{review.view}",
    }


@reviews.get("/studies/<study_id>/reviews")
def list_reviews(study_id: str) -> Response:
    """All reviews of a study, newest first."""
    return jsonify({"reviews": [review_view(review) for review in store_with(study_id).reviews.of_study(study_id)]})


@reviews.post("/studies/<study_id>/reviews")
def create_review(study_id: str) -> tuple[Response, int]:
    """Add a review to a study."""
    store, reviewer = store_with(study_id), who()
    made = store.reviews.add(study_id, checked(request.get_json(silent=True)), reviewer)
    store.audit.record(reviewer, "review", study_id, made.verdict)
    return jsonify(review_view(made)), 201


@reviews.delete("/reviews/<review_id>")
def remove_review(review_id: str) -> tuple[str, int]:
    """Remove one review; the audit trail keeps that there was one."""
    removed = services().store.reviews.delete(review_id)
    if removed is None:
        raise not_found("review")
    services().store.audit.record(who(), "delete", removed.study_id, f"review {removed.verdict}")
    return "", 204
