"""REST under /api/v1: all that is JSON. Uploads and files are native routes, see uploads.py and files.py."""

from __future__ import annotations

import shutil
from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, jsonify, request

from segmentation.core.version import product_version
from webapp.api.imports import imports
from webapp.api.measurements import measurements
from webapp.api.metrics import prometheus
from webapp.api.openapi import document
from webapp.api.reviews import reviews
from webapp.api.schemas import API, display_view, job_view, mask_view, study_view
from webapp.context import services, who
from webapp.http.errors import WebError, not_found
from webapp.storage.tables import Job, Mask, Study

api = Blueprint("api", __name__, url_prefix=API)
api.register_blueprint(measurements)
api.register_blueprint(reviews)
api.register_blueprint(imports)
TASKS = ("segment",)
Answer = tuple[Response, int]


@api.get("/studies")
def list_studies() -> Response:
    """All studies, newest first."""
    store = services().store
    return jsonify({"studies": [study_view(store, study) for study in store.studies.all()]})


@api.post("/studies/demo")
def create_demo() -> Answer:
    """Add the synthetic demo study, with its reference."""
    study = services().intake.admit_demo(who())
    return jsonify(study_view(services().store, study)), 201


@api.get("/studies/<study_id>")
def get_study(study_id: str) -> Response:
    """One study."""
    return jsonify(study_view(services().store, _study(study_id)))


@api.delete("/studies/<study_id>")
def delete_study(study_id: str) -> tuple[str, int]:
    """Remove a study, its masks and its jobs; what runs on it is cancelled."""
    study = _study(study_id)
    services().jobs.cancel_study(study_id, who())
    services().store.studies.delete(study_id)
    services().store.audit.record(who(), "delete", study_id, study.name)
    return "", 204


@api.get("/studies/<study_id>/display.json")
def get_display(study_id: str) -> Response:
    """What the viewer needs to draw a study."""
    return jsonify(display_view(services().store, _study(study_id)))


@api.post("/studies/<study_id>/jobs")
def create_job(study_id: str) -> Answer:
    """Queue a segmentation; an open job of this study is answered instead of a second one."""
    _study(study_id)
    asked: Any = request.get_json(silent=True) if request.data else {"task": "segment"}
    task = asked.get("task") if isinstance(asked, dict) else None
    if task not in TASKS:
        raise WebError(
            400,
            "bad_request",
            "The body must be a JSON object that names a task.",
            'Send {"task": "segment"}.',
        )
    return jsonify(job_view(services().jobs.submit(study_id, str(task), who()))), 202


@api.get("/studies/<study_id>/jobs")
def list_jobs(study_id: str) -> Response:
    """All jobs of a study, newest first."""
    _study(study_id)
    return jsonify({"jobs": [job_view(job) for job in services().store.jobs.of_study(study_id)]})


@api.get("/studies/<study_id>/masks")
def list_masks(study_id: str) -> Response:
    """All masks of a study, newest first."""
    _study(study_id)
    return jsonify({"masks": [mask_view(services().store, mask) for mask in services().store.masks.of_study(study_id)]})


@api.get("/masks/<mask_id>")
def get_mask(mask_id: str) -> Response:
    """One mask."""
    return jsonify(mask_view(services().store, _mask(mask_id)))


@api.get("/jobs/<job_id>")
def get_job(job_id: str) -> Response:
    """One job."""
    return jsonify(job_view(_job(job_id)))


@api.delete("/jobs/<job_id>")
def cancel_job(job_id: str) -> Answer:
    """Ask a job to stop."""
    return jsonify(job_view(services().jobs.cancel(job_id, who()))), 202


@api.get("/health")
def health() -> Response:
    """Whether the server works, and what it is."""
    settings = services().settings
    return jsonify(
        {
            "status": "ok",
            "version": product_version(),
            "engine": asdict(services().jobs.status()),
            "jobs": services().store.jobs.count_by_state(),
            "disk_free_bytes": shutil.disk_usage(settings.data_dir).free,
            "max_upload_bytes": settings.max_upload_bytes,
        }
    )


@api.get("/metrics")
def metrics() -> Response:
    """Figures in Prometheus's text format."""
    return Response(prometheus(services()), mimetype="text/plain; version=0.0.4")


@api.get("/openapi.json")
def openapi() -> Response:
    """This API, described."""
    return jsonify(document(product_version()))


def _study(study_id: str) -> Study:
    study = services().store.studies.get(study_id)
    if study is None:
        raise not_found("study")
    return study


def _job(job_id: str) -> Job:
    job = services().store.jobs.get(job_id)
    if job is None:
        raise not_found("job")
    return job


def _mask(mask_id: str) -> Mask:
    mask = services().store.masks.get(mask_id)
    if mask is None:
        raise not_found("mask")
    return mask
