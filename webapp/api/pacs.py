"""REST and the page of the archives. A search goes by POST: whom one looks for must not stand in an address."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import Any, cast

from flask import Blueprint, Response, jsonify, render_template, request

from webapp.api.schemas import API
from webapp.api.studies import Answer
from webapp.context import services, who
from webapp.dicomweb.answers import is_uid
from webapp.dicomweb.client import Search
from webapp.http.errors import WebError, not_found
from webapp.pacs.sending import send_back
from webapp.pacs.transfers import Transfer
from webapp.pages.routes import common, for_script, language
from webapp.storage.dicom_objects import KINDS, Kind
from webapp.translations import table

pacs = Blueprint("pacs", __name__)
_WORDS = ("pacs.", "common.", "error.")
_LONGEST_PATIENT = 64


@pacs.get("/pacs")
def page() -> str:
    """Search an archive, and fetch from it."""
    lang = language()
    names = services().archives.names
    words = {key: text for key, text in table(lang).items() if key.startswith(_WORDS)}
    config = for_script({"lang": lang, "words": words})
    kept = services().settings.keep_identity
    return render_template("pacs.html", **common(lang), names=names, config=config, keep_identity=kept)


@pacs.get(f"{API}/pacs")
def archives() -> Response:
    """Names of all archives."""
    return jsonify({"pacs": services().archives.names})


@pacs.post(f"{API}/pacs/<name>/search")
def search(name: str) -> Response:
    """Studies by patient, days and modality."""
    asked = _body()
    wanted = Search(
        patient=_text(asked, "patient", rf".{{0,{_LONGEST_PATIENT}}}"),
        first_day=_day(asked, "first_day"),
        last_day=_day(asked, "last_day"),
        modality=_text(asked, "modality", r"[A-Z]{0,16}", "CT"),
    )
    found = services().archives.get(name).search(wanted)
    services().store.audit.record(who(), "search", "", name)
    return jsonify({"studies": [asdict(study) for study in found]})


@pacs.get(f"{API}/pacs/<name>/studies/<uid>/series")
def series(name: str, uid: str) -> Response:
    """Series of one study of an archive."""
    if not is_uid(uid):
        raise not_found("study")
    return jsonify({"series": [asdict(one) for one in services().archives.get(name).series(uid)]})


@pacs.post(f"{API}/pacs/<name>/fetch")
def fetch(name: str) -> Answer:
    """Begin to fetch a series, which then becomes a study here."""
    asked = _body()
    study_uid, series_uid = (_text(asked, key, r"[0-9.]{1,64}", None) for key in ("study_uid", "series_uid"))
    archive = services().archives.get(name)
    chosen = next((one for one in archive.series(study_uid) if one.uid == series_uid), None)
    if chosen is None:
        raise not_found("series")
    transfer = services().transfers.start(archive, study_uid, series_uid, chosen.images, who())
    return jsonify(_view(transfer)), 202


@pacs.get(f"{API}/transfers/<transfer_id>")
def get_transfer(transfer_id: str) -> Response:
    """How far a transfer has come."""
    return jsonify(_view(_found(services().transfers.get(transfer_id))))


@pacs.delete(f"{API}/transfers/<transfer_id>")
def cancel_transfer(transfer_id: str) -> Answer:
    """Stop a transfer."""
    return jsonify(_view(_found(services().transfers.cancel(transfer_id)))), 202


@pacs.post(f"{API}/masks/<mask_id>/send")
def send(mask_id: str) -> Response:
    """Send a mask back into an archive, as DICOM segmentation unless another kind is asked for."""
    asked = _body()
    name = _text(asked, "pacs", r".{1,60}", None)
    kind = _text(asked, "kind", "|".join(KINDS), "seg")
    send_back(services().store, services().archives, mask_id, name, who(), cast(Kind, kind))
    return jsonify({"sent": mask_id, "pacs": name, "kind": kind})


def _view(transfer: Transfer) -> dict[str, Any]:
    view = asdict(transfer)
    view["url"] = f"/studies/{transfer.study_id}" if transfer.study_id else None
    return view


def _found(transfer: Transfer | None) -> Transfer:
    if transfer is None:
        raise not_found("transfer")
    return transfer


def _body() -> dict[str, Any]:
    body: Any = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise WebError(400, "bad_request", "The body must be a JSON object.", "See /api/v1/openapi.json.")
    return body


def _text(body: dict[str, Any], key: str, pattern: str, default: str | None = "") -> str:
    value = body.get(key, default)
    if not isinstance(value, str) or not re.fullmatch(pattern, value):
        raise WebError(400, "bad_request", f"'{key}' is missing or not what it should be.", "See /api/v1/openapi.json.")
    return value


def _day(body: dict[str, Any], key: str) -> str:
    """YYYY-MM-DD, as browsers send days, to DICOM's YYYYMMDD."""
    return _text(body, key, r"(\d{4}-\d{2}-\d{2})?").replace("-", "")
