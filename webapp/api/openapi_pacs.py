"""The archives in the description of the API."""

from __future__ import annotations

from typing import Any

from webapp.api.openapi_parts import ERROR, INTEGER, TEXT, array, body_of, json_of, maybe, object_of, operation, ref

_DAY = {"type": "string", "format": "date"}
_FOUND_STUDY = object_of(
    uid=TEXT, patient_name=TEXT, patient_id=TEXT, birth_date=TEXT, date=TEXT, description=TEXT, accession=TEXT,
    modalities=array(TEXT), series=maybe(INTEGER), images=maybe(INTEGER),
)  # fmt: skip
_FOUND_SERIES = object_of(
    uid=TEXT, number=maybe(INTEGER), description=TEXT, modality=TEXT, body_part=TEXT, images=maybe(INTEGER)
)
_KIND = {"type": "string", "enum": ["seg", "rtstruct", "capture"]}
_SENT = object_of(sent=TEXT, pacs=TEXT, kind=_KIND)


_SEARCH = body_of(object_of(patient=TEXT, first_day=_DAY, last_day=_DAY, modality=TEXT))
_FETCH = body_of(object_of(study_uid=TEXT, series_uid=TEXT))
_SEND = body_of(object_of(pacs=TEXT, kind=_KIND))


SCHEMAS: dict[str, Any] = {
    "Transfer": object_of(
        id=TEXT,
        pacs=TEXT,
        series_uid=TEXT,
        images_expected=maybe(INTEGER),
        state={"type": "string", "enum": ["waiting", "fetching", "checking", "done", "failed", "cancelled"]},
        images=INTEGER,
        received_bytes=INTEGER,
        study_id=maybe(TEXT),
        error=maybe(ERROR),
        url=maybe(TEXT),
    ),
}

PATHS: dict[str, dict[str, Any]] = {
    "/masks/{mask_id}/send": {
        "post": operation("Send a mask back into an archive as DICOM segmentation", 200, json_of(_SENT), _SEND)
    },
    "/pacs": {"get": operation("Names of the archives", content=json_of(object_of(pacs=array(TEXT))))},
    "/pacs/{name}/search": {
        "post": operation("Studies of an archive", 200, json_of(object_of(studies=array(_FOUND_STUDY))), _SEARCH)
    },
    "/pacs/{name}/studies/{uid}/series": {
        "get": operation("Series of a study of an archive", content=json_of(object_of(series=array(_FOUND_SERIES))))
    },
    "/pacs/{name}/fetch": {"post": operation("Begin to fetch a series", 202, json_of(ref("Transfer")), _FETCH)},
    "/transfers/{transfer_id}": {
        "get": operation("How far a transfer has come", content=json_of(ref("Transfer"))),
        "delete": operation("Stop a transfer", 202, json_of(ref("Transfer"))),
    },
}
