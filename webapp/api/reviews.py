"""REST of reviews: listed and added under a study; answered, settled and removed by their own address."""

from __future__ import annotations

import io

from flask import Blueprint, Response, request

from webapp.api import schemas
from webapp.api.operations import Content, json_route
from webapp.context import principal, services, store_with, who
from webapp.http.errors import WebError, not_found
from webapp.storage.reviews import Review

reviews = Blueprint("reviews", __name__)


@reviews.get("/studies/<study_id>/reviews")
@json_route("reviews", schemas.ReviewList, errors=(404,))
def list_reviews(study_id: str) -> schemas.ReviewList:
    """List all reviews of a study, newest first."""
    found = store_with(study_id).reviews.of_study(study_id)
    return schemas.ReviewList(reviews=[_shown(review) for review in found])


@reviews.get("/studies/<study_id>/qr.svg")
@json_route("studies", Content(("image/svg+xml",), {"type": "string"}), errors=(400, 404), query=schemas.ViewQuery)
def draw_link(study_id: str, query: schemas.ViewQuery) -> Response:
    """Draw the address of a study's page, as somebody sees it, as a QR code."""
    import segno

    store_with(study_id)
    base = services().settings.public_url or request.host_url
    address = f"{base.rstrip('/')}/studies/{study_id}"
    picture = io.BytesIO()
    code = segno.make(f"{address}#{query.view}" if query.view else address, error="l", micro=False)
    code.save(picture, kind="svg", scale=4, border=3, light="#fff")
    return Response(picture.getvalue(), mimetype="image/svg+xml", headers={"Cache-Control": "private, no-store"})


@reviews.post("/studies/<study_id>/reviews")
@json_route("reviews", schemas.Review, 201, errors=(404,), body=schemas.NewReview)
def create_review(study_id: str, body: schemas.NewReview) -> schemas.Review:
    """Add a review to a study."""
    store, reviewer = store_with(study_id), who()
    made = store.reviews.add(study_id, body.fields(), reviewer)
    store.audit.record(reviewer, "review", study_id, made.verdict)
    return _shown(made)


@reviews.post("/reviews/<review_id>/replies")
@json_route("reviews", schemas.Review, 201, errors=(404,), body=schemas.NewReply)
def reply_to_review(review_id: str, body: schemas.NewReply) -> schemas.Review:
    """Answer a review."""
    answered = services().store.reviews.reply(review_id, body.comment.strip(), who())
    if answered is None:
        raise not_found("review")
    services().store.audit.record(who(), "review", answered.study_id, "reply")
    return _shown(answered)


@reviews.patch("/reviews/<review_id>")
@json_route("reviews", schemas.Review, errors=(404,), body=schemas.ReviewChange)
def change_review(review_id: str, body: schemas.ReviewChange) -> schemas.Review:
    """Resolve a review, or open it again."""
    changed = services().store.reviews.settle(review_id, body.state, who())
    if changed is None:
        raise not_found("review")
    services().store.audit.record(who(), "review", changed.study_id, changed.state)
    return _shown(changed)


@reviews.delete("/reviews/<review_id>")
@json_route("reviews", None, 204, errors=(404,))
def delete_review(review_id: str) -> None:
    """Remove one review, which must be one's own; the audit trail keeps that there was one."""
    found = services().store.reviews.get(review_id)
    if found is not None and not _may_remove(found):
        raise WebError(403, "forbidden", "review.not_yours")
    removed = services().store.reviews.delete(review_id)
    if removed is None:
        raise not_found("review")
    services().store.audit.record(who(), "delete", removed.study_id, f"review {removed.verdict}")


def _may_remove(review: Review) -> bool:
    """Whether it is one's own: everything is, on a server without accounts."""
    asks = principal()
    return asks.kind == "one person" or review.who == asks.name or asks.may("administer")


def _shown(review: Review) -> schemas.Review:
    return schemas.Review.of(review, _may_remove(review))
