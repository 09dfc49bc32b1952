"""The description of the API at /api/v1/openapi.json (OpenAPI 3.1), kept by hand beside the routes.

A test compares it with the routes that exist.
"""

from __future__ import annotations

from typing import Any

from segmentation.core.notes import SENTENCES as NOTES
from segmentation.inference.confidence import SENTENCES
from webapp.api import openapi_pacs as pacs
from webapp.api import openapi_parts as parts
from webapp.api import openapi_reviews
from webapp.api.schemas import API

_TEXT, _NUMBER, _INTEGER, _TIME, _ERROR = parts.TEXT, parts.NUMBER, parts.INTEGER, parts.TIME, parts.ERROR
_list, _maybe, _object, _ref = parts.array, parts.maybe, parts.object_of, parts.ref
_json, _binary, _operation = parts.json_of, parts.binary, parts.operation

_JOB_STATES = ["queued", "running", "done", "failed", "cancelled"]

SCHEMAS: dict[str, Any] = {
    **pacs.SCHEMAS,
    **openapi_reviews.SCHEMAS,
    "Error": _object(error=_ERROR),
    "Study": _object(
        id=_TEXT,
        name=_TEXT,
        created_at=_TIME,
        shape=_list(_INTEGER),
        spacing_mm=_list(_NUMBER),
        orientation=_TEXT,
        size_bytes=_INTEGER,
        verdict=_maybe({"type": "string", "enum": ["accepted", "needs_work"]}),
        has_reference={"type": "boolean"},
        notes=_list(_ref("Note")),
        state={"type": "string", "enum": ["ready", *_JOB_STATES]},
        latest_job=_maybe(_ref("Job")),
        url=_TEXT,
        thumbnail_url=_TEXT,
    ),
    "Note": _object(
        code={"type": "string", "enum": list(NOTES)},
        values={"type": "object", "additionalProperties": _TEXT},
        message=_TEXT,
    ),
    "Series": _object(
        key={"type": "string", "description": "SeriesInstanceUID; with #2 … for parts of one that was split"},
        number=_INTEGER,
        description=_TEXT,
        modality=_TEXT,
        kernel=_TEXT,
        plane={"type": "string", "enum": ["axial", "coronal", "sagittal", "oblique", ""]},
        images=_INTEGER,
        size=_list(_INTEGER),
        spacing_mm=_maybe(_list(_NUMBER)),
        problem=_maybe(_ERROR),
        notes=_list(_ref("Note")),
        reasons=_list(_ref("Note")),
        proposed={"type": "boolean"},
        thumbnail_url=_maybe(_TEXT),
    ),
    "Import": _object(
        id=_TEXT,
        series=_list(_ref("Series")),
        notes=_list(_ref("Note")),
        keep_identity={"type": "boolean", "description": "False: names, dates and UIDs are replaced"},
    ),
    "Job": _object(
        id=_TEXT,
        study_id=_TEXT,
        task=_TEXT,
        state={"type": "string", "enum": _JOB_STATES},
        progress=_NUMBER,
        stage=_TEXT,
        created_at=_TIME,
        started_at=_maybe(_TIME),
        elapsed_s=_NUMBER,
        eta_s=_maybe(_NUMBER),
        log=_list(_TEXT),
        error=_maybe(_ERROR),
        mask_id=_maybe(_TEXT),
        dice=_maybe(_NUMBER),
    ),
    "Mask": _object(
        id=_TEXT,
        study_id=_TEXT,
        kind={"type": "string", "enum": ["model", "reference"]},
        label_map_kind={"type": "string", "enum": ["spine", "vertebrae"]},
        labels=_list(_INTEGER),
        volume_ml=_NUMBER,
        statistics={"type": "object", "additionalProperties": _ref("LabelStatistics")},
        dice=_maybe(_NUMBER),
        confidence=_maybe(_ref("Confidence")),
        model_id=_TEXT,
        created_at=_TIME,
        url=_TEXT,
        mesh_url=_maybe(_TEXT),
        mesh_urls={"type": "object", "additionalProperties": _TEXT},
        download_url=_TEXT,
    ),
    "LabelStatistics": _object(
        volume_ml=_NUMBER,
        mean_hu=_NUMBER,
        sd_hu=_NUMBER,
        centre_mm=_list(_NUMBER),
        low_mm=_list(_NUMBER),
        high_mm=_list(_NUMBER),
    ),
    "Confidence": _object(
        value={
            "type": "number",
            "minimum": 0,
            "maximum": 1,
            "description": "How far the program trusts this mask; not a measured accuracy",
        },
        level={"type": "string", "enum": ["high", "medium", "low"]},
        reasons=_list(_object(code={"type": "string", "enum": list(SENTENCES)}, message=_TEXT)),
    ),
    "Display": _object(
        shape=_list(_INTEGER),
        spacing_mm=_list(_NUMBER),
        origin_mm=_list(_NUMBER),
        direction=_list(_list(_NUMBER)),
        hu_range=_list(_INTEGER),
        volume_url=_TEXT,
        coding={"type": "string", "enum": ["med16", "raw16"]},
        preview=_maybe(
            _object(
                shape=_list(_INTEGER),
                spacing_mm=_list(_NUMBER),
                origin_mm=_list(_NUMBER),
                factors=_list(_INTEGER),
                url=_TEXT,
            )
        ),
        measurements_url=_TEXT,
        reviews_url=_TEXT,
        masks=_list(_ref("Mask")),
        distances=_list(_object(mask=_TEXT, reference=_TEXT, url=_TEXT)),
    ),
    "Measurement": _object(
        id=_TEXT,
        study_id=_TEXT,
        kind={"type": "string", "enum": ["distance", "angle", "cobb", "ellipse"]},
        plane={"type": "string", "enum": ["axial", "coronal", "sagittal"]},
        points_mm=_list(_list(_NUMBER)),
        label=_TEXT,
        statistics=_object(mean_hu=_NUMBER, sd_hu=_NUMBER, voxels=_NUMBER),
        value=_NUMBER,
        unit={"type": "string", "enum": ["mm", "deg", "mm2"]},
        created_at=_TIME,
        url=_TEXT,
    ),
    "Health": _object(
        status=_TEXT,
        version=_TEXT,
        engine={"type": "object"},
        jobs={"type": "object", "additionalProperties": _INTEGER},
        disk_free_bytes=_INTEGER,
        max_upload_bytes=_INTEGER,
    ),
}

_UPLOAD = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                **_object(
                    file={
                        "type": "string",
                        "format": "binary",
                        "description": "The CT: .nii, .nii.gz, .nrrd or .mha",
                    },
                    reference={
                        "type": "string",
                        "format": "binary",
                        "description": "Optional reference mask on the same grid",
                    },
                ),
                "required": ["file"],
            }
        }
    },
}
_DICOM = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                **_object(file=_list({"type": "string", "format": "binary"})),
                "required": ["file"],
                "description": "One part a DICOM file, all called 'file'; or one zip. File names are not kept.",
            }
        }
    },
}
_CHOICE = {
    "content": {
        "application/json": {
            "schema": _object(series={"type": "string", "description": "Its key; without one, the proposed series"})
        }
    },
}
_TASK = {
    "content": {"application/json": {"schema": _object(task={"type": "string", "enum": ["segment"]})}},
}
_MEASUREMENT = {"required": True, "content": {"application/json": {"schema": _ref("Measurement")}}}


PATHS: dict[str, dict[str, Any]] = {
    **pacs.PATHS,
    **openapi_reviews.PATHS,
    "/studies": {
        "get": _operation("All studies, newest first", content=_json(_object(studies=_list(_ref("Study"))))),
        "post": _operation("Upload a CT", 201, _json(_ref("Study")), _UPLOAD),
    },
    "/imports": {
        "post": _operation("Upload DICOM files or a zip, to choose a series of", 201, _json(_ref("Import")), _DICOM)
    },
    "/imports/{import_id}": {
        "get": _operation("DICOM files that wait for a choice", content=_json(_ref("Import"))),
        "delete": _operation("Remove them", 204),
    },
    "/imports/{import_id}/studies": {
        "post": _operation("Make a study of one series", 201, _json(_ref("Study")), _CHOICE)
    },
    "/imports/{import_id}/thumbnails/{number}.png": {
        "get": _operation("Picture of a series, by its place in the list", content=_binary("image/png"))
    },
    "/studies/demo": {"post": _operation("Add the synthetic demo study", 201, _json(_ref("Study")))},
    "/studies/{study_id}": {
        "get": _operation("One study", content=_json(_ref("Study"))),
        "delete": _operation("Delete a study and all that belongs to it", 204),
    },
    "/studies/{study_id}/jobs": {
        "get": _operation("Jobs of a study, newest first", content=_json(_object(jobs=_list(_ref("Job"))))),
        "post": _operation("Start a segmentation", 202, _json(_ref("Job")), _TASK),
    },
    "/studies/{study_id}/masks": {
        "get": _operation("Masks of a study, newest first", content=_json(_object(masks=_list(_ref("Mask"))))),
    },
    "/studies/{study_id}/measurements": {
        "get": _operation(
            "Measurements of a study, oldest first", content=_json(_object(measurements=_list(_ref("Measurement"))))
        ),
        "post": _operation("Add a measurement; points in RAS+ mm", 201, _json(_ref("Measurement")), _MEASUREMENT),
    },
    "/studies/{study_id}/measurements.csv": {
        "get": _operation("Measurements of a study as a table", content={"text/csv": {"schema": _TEXT}})
    },
    "/measurements/{measurement_id}": {
        "put": _operation("Change a measurement", content=_json(_ref("Measurement")), body=_MEASUREMENT),
        "delete": _operation("Remove a measurement", 204),
    },
    "/studies/{study_id}/display.json": {
        "get": _operation("What a viewer needs to draw a study", content=_json(_ref("Display")))
    },
    "/studies/{study_id}/volume.bin": {
        "get": _operation(
            "HU, slice after slice, gzip; `coding` of display.json says how (webapp/display/voxel_codec.py)",
            content=_binary("application/octet-stream"),
        )
    },
    "/studies/{study_id}/preview.bin": {
        "get": _operation("HU of a small copy, coded as the volume", content=_binary("application/octet-stream"))
    },
    "/studies/{study_id}/thumbnail.png": {"get": _operation("Sagittal picture", content=_binary("image/png"))},
    "/jobs/{job_id}": {
        "get": _operation("One job", content=_json(_ref("Job"))),
        "delete": _operation("Cancel a job", 202, _json(_ref("Job"))),
    },
    "/masks/{mask_id}": {"get": _operation("One mask", content=_json(_ref("Mask")))},
    "/masks/{mask_id}.nii.gz": {
        "get": _operation("The mask as NIfTI on the original grid", content=_binary("application/gzip"))
    },
    "/masks/{mask_id}/{kind}.dcm": {
        "get": _operation(
            "Of a DICOM study: the mask as seg (segmentation), rtstruct or capture (comparison pictures)",
            content=_binary("application/dicom"),
        )
    },
    "/masks/{mask_id}.seg.nrrd": {
        "get": _operation("The mask as NRRD with names and colours", content=_binary("application/octet-stream"))
    },
    "/masks/{mask_id}/labels.txt": {
        "get": _operation("Names and colours of the labels, for ITK-SNAP", content={"text/plain": {"schema": _TEXT}})
    },
    "/masks/{mask_id}/surface.{kind}": {
        "get": _operation(
            "All labels (or ?label=) as stl, obj, ply or glb, in mm along ?axes= ras or lps, decimated to ?triangles=",
            content=_binary("model/gltf-binary"),
        )
    },
    "/masks/{mask_id}/volume.bin": {
        "get": _operation("uint8 labels, i fastest, gzip", content=_binary("application/octet-stream"))
    },
    "/masks/{mask_id}/meshes/{label}.stl": {
        "get": _operation("Surface of one label, binary STL in RAS+ mm", content=_binary("model/stl"))
    },
    "/masks/{mask_id}/distances/{reference_id}.bin": {
        "get": _operation(
            "Surface of a mask in RAS+ mm, each point with its distance in mm to another mask's surface",
            content=_binary("application/octet-stream"),
        )
    },
    "/health": {"get": _operation("State of the server", content=_json(_ref("Health")))},
    "/metrics": {"get": _operation("Prometheus text", content={"text/plain": {"schema": _TEXT}})},
    "/openapi.json": {"get": _operation("This description", content=_json({"type": "object"}))},
}


def document(version: str) -> dict[str, Any]:
    """The whole OpenAPI document."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "SpineView",
            "version": version,
            "description": "Spine CT segmentation. For research use only, not a medical device.",
        },
        "servers": [{"url": API}],
        "paths": {path: {**operations, **_parameters(path)} for path, operations in PATHS.items()},
        "components": {"schemas": SCHEMAS},
    }


def _parameters(path: str) -> dict[str, Any]:
    names = [piece.split("}")[0] for piece in path.split("{")[1:]]
    if not names:
        return {}
    return {
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": _INTEGER if name in ("label", "number") else _TEXT}
            for name in names
        ]
    }
