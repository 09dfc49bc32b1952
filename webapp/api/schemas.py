"""Records of the store as the JSON of the API."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from segmentation.inference.confidence import Confidence
from segmentation.readers.dicom.listing import Entry
from segmentation.readers.refusal import error_to_json
from webapp.display.volume_files import read_display
from webapp.ingest.admission import THUMBNAIL_FILE
from webapp.ingest.dicom_imports import Import
from webapp.storage.mask_files import mask_statistics
from webapp.storage.store import Store
from webapp.storage.tables import Job, Mask, Study

API = "/api/v1"


def study_view(store: Store, study: Study) -> dict[str, Any]:
    """One study with its latest job; addresses of its picture and of its page."""
    job = store.jobs.latest(study.id)
    thumbnail = store.folder(study.id) / THUMBNAIL_FILE
    return {
        "id": study.id,
        "name": study.name,
        "created_at": study.created_at.isoformat(),
        "shape": list(study.shape),
        "spacing_mm": list(study.spacing_mm),
        "orientation": study.orientation,
        "size_bytes": study.size_bytes,
        "has_reference": study.has_reference,
        "notes": [each.to_json() for each in study.notes],
        "state": study.state,
        "verdict": store.reviews.latest_verdict(study.id),
        "latest_job": job_view(job) if job else None,
        "url": f"/studies/{study.id}",
        "thumbnail_url": f"{API}/studies/{study.id}/thumbnail.png?v={file_version(thumbnail)}",
    }


def import_view(waiting: Import) -> dict[str, Any]:
    """DICOM files that wait for a choice. Texts are the headers': escape them."""
    series = [_series_view(waiting, number, entry) for number, entry in enumerate(waiting.listing.series)]
    return {
        "id": waiting.id,
        "series": series,
        "notes": [each.to_json() for each in waiting.listing.notes],
        "keep_identity": waiting.keep_identity,
    }


def _series_view(waiting: Import, number: int, entry: Entry) -> dict[str, Any]:
    picture = f"{API}/imports/{waiting.id}/thumbnails/{number}.png"
    return {
        "key": entry.key,
        "number": entry.number,
        "description": entry.description,
        "modality": entry.modality,
        "kernel": entry.kernel,
        "plane": entry.plane,
        "images": entry.images,
        "size": list(entry.size),
        "spacing_mm": None if entry.grid is None else [round(mm, 4) for mm in entry.grid.spacing_mm],
        "problem": None if entry.problem is None else error_to_json(entry.problem),
        "notes": [each.to_json() for each in entry.notes],
        "reasons": [each.to_json() for each in entry.reasons],
        "proposed": entry.proposed,
        "thumbnail_url": picture if entry.thumbnail else None,
    }


def file_version(path: Path) -> str:
    """Changes with the file, so that its address can be kept for ever; "0" while there is none."""
    try:
        return f"{path.stat().st_mtime_ns:x}"
    except FileNotFoundError:
        return "0"


def job_view(job: Job) -> dict[str, Any]:
    """One job; times as ISO 8601 in UTC, durations in seconds."""
    return {
        "id": job.id,
        "study_id": job.study_id,
        "task": job.task,
        "state": job.state,
        "progress": round(job.progress, 4),
        "stage": job.stage,
        "created_at": job.created_at.isoformat(),
        "started_at": job.started_at.isoformat() if job.started_at else None,
        "elapsed_s": round(job.elapsed_s, 1),
        "eta_s": round(job.eta_s, 1) if job.eta_s is not None else None,
        "log": job.log,
        "error": job.error,
        "mask_id": job.mask_id,
        "dice": job.dice,
    }


def mask_view(store: Store, mask: Mask) -> dict[str, Any]:
    """One mask; ``url`` are the voxels for the browser, ``download_url`` the NIfTI on the original grid."""
    base = f"{API}/masks/{mask.id}"
    meshes = {str(label): f"{base}/meshes/{label}.stl?v={mask.digest}" for label in mask.labels}
    return {
        "id": mask.id,
        "study_id": mask.study_id,
        "kind": mask.kind,
        "label_map_kind": mask.label_map_kind,
        "labels": mask.labels,
        "volume_ml": round(mask.volume_ml, 3),
        "statistics": {str(n): asdict(values) for n, values in mask_statistics(store, mask).items()},
        "dice": mask.dice,
        "confidence": _confidence_view(mask.confidence),
        "model_id": mask.model_id,
        "created_at": mask.created_at.isoformat(),
        "url": f"{base}/volume.bin?v={mask.digest}",
        "mesh_url": next(iter(meshes.values()), None),
        "mesh_urls": meshes,
        "download_url": f"{base}.nii.gz",
    }


def _confidence_view(confidence: Confidence | None) -> dict[str, Any] | None:
    if confidence is None:
        return None
    reasons = [{"code": reason.code, "message": reason.sentence} for reason in confidence.reasons]
    return {"value": confidence.value, "level": confidence.level, "reasons": reasons}


def display_view(store: Store, study: Study) -> dict[str, Any]:
    """All that the viewer needs to draw a study (see :class:`webapp.display.volume_files.Display`)."""
    display = asdict(read_display(store.folder(study.id)))
    masks = store.masks.of_study(study.id)
    digest = display.pop("digest")
    return {
        **display,
        "volume_url": f"{API}/studies/{study.id}/volume.bin?v={digest}",
        "preview": display["preview"]
        and {
            **display["preview"],
            "url": f"{API}/studies/{study.id}/preview.bin?v={digest}",
        },
        "measurements_url": f"{API}/studies/{study.id}/measurements",
        "reviews_url": f"{API}/studies/{study.id}/reviews",
        "masks": [mask_view(store, mask) for mask in masks],
        "distances": _distances(masks),
    }


def _distances(masks: list[Mask]) -> list[dict[str, str]]:
    """The newest segmentation beside the newest reference, where there are both. ``masks`` come newest first."""
    newest = [next((mask for mask in masks if mask.kind == kind), None) for kind in ("model", "reference")]
    mask, reference = newest
    if mask is None or reference is None:
        return []
    address = f"{API}/masks/{mask.id}/distances/{reference.id}.bin?v={mask.digest}-{reference.digest}"
    return [{"mask": mask.id, "reference": reference.id, "url": address}]
