"""Reviews in the description of the API."""

from __future__ import annotations

from typing import Any

from webapp.api.openapi_parts import NUMBER, TEXT, TIME, array, body_of, json_of, maybe, object_of, operation, ref

SCHEMAS: dict[str, Any] = {
    "Review": object_of(
        id=TEXT,
        study_id=TEXT,
        mask_id=maybe(TEXT),
        verdict={"type": "string", "enum": ["accepted", "needs_work"]},
        comment=TEXT,
        at_mm=array(NUMBER),
        view=TEXT,
        created_at=TIME,
        url=TEXT,
        link=TEXT,
    )
}

PATHS: dict[str, Any] = {
    "/studies/{study_id}/reviews": {
        "get": operation("Reviews of a study, newest first", content=json_of(object_of(reviews=array(ref("Review"))))),
        "post": operation("Add a review; at_mm in RAS+ mm", 201, json_of(ref("Review")), body_of(ref("Review"))),
    },
    "/reviews/{review_id}": {"delete": operation("Remove a review", 204)},
}
