"""Checks of registrations and of screws for a study: what was touched is compared, what was dragged is graded."""

from __future__ import annotations

from typing import Any

import numpy as np

from segmentation.core.errors import Problem
from segmentation.core.labels import label_of
from segmentation.registration.register import RESEARCH_USE_ONLY
from segmentation.registration.touch_check import TouchCheck, check_touch
from webapp.api.navigation.schemas import NewTouch
from webapp.api.navigation.work import field_of, vertebrae_of
from webapp.http.errors import WebError
from webapp.storage.navigation.documents import add_document, document, newest, numbers
from webapp.storage.store import Store


def make_check(store: Store, study_id: str, wanted: NewTouch, author: str) -> dict[str, Any]:
    """Compare a touch with a registration and with touches before it, and store what was found.

    Raises:
        WebError: 409, there is no registration, or its vertebrae are gone; 404, none of that number.
    """
    registration = (
        newest(store, study_id, "registration")
        if wanted.registration is None
        else document(store, study_id, "registration", wanted.registration)
    )
    if registration is None:
        raise WebError(409, "no_registration", "navigation.no_registration")
    mask = vertebrae_of(store, study_id, registration["mask_id"])
    before = [each for each in checks_of(store, study_id, registration["number"]) if each["state"] != "repeat"]
    found = check_touch(
        np.array(registration["image_from_tracker"]),
        field_of(store, mask, registration["label"]),
        np.array(wanted.samples_mm),
        None if wanted.landmark_ras_mm is None else np.array(wanted.landmark_ras_mm),
        [
            np.array(each["touched_mm"])
            for each in before
            if each["place"] == wanted.place and each["state"] != "repeat"
        ],
        [each["surface_mm"] for each in before if each["state"] != "repeat"],
        registration["soft_tissue_mm"] or 0.0,
    )
    content = {
        "notice": RESEARCH_USE_ONLY,
        "registration": registration["number"],
        "label": registration["label"],
        "level": label_of(registration["label"]).name,
        "place": wanted.place,
        "landmark_ras_mm": wanted.landmark_ras_mm,
        **_row(found),
    }
    return add_document(store, study_id, "check", content, author)


def checks_of(store: Store, study_id: str, registration: int) -> list[dict[str, Any]]:
    """List the checks of a registration, oldest first."""
    found = [document(store, study_id, "check", number) for number in numbers(store, study_id, "check")]
    return [each for each in found if each["registration"] == registration]


def _row(found: TouchCheck) -> dict[str, Any]:
    return {
        "touched_mm": np.round(found.tracker_mm, 3).tolist(),
        "touched_ras_mm": np.round(found.image_mm, 3).tolist(),
        "error_mm": None if found.error_mm is None else round(found.error_mm, 2),
        "surface_mm": round(found.surface_mm, 2),
        "moved_mm": None if found.moved_mm is None else round(found.moved_mm, 2),
        "state": found.state.value,
        "reasons": [Problem(reason.code, reason.message).to_json() for reason in found.reasons],
    }
