"""REST and the page of the archives. A search goes by POST: whom one looks for must not stand in an address."""

from __future__ import annotations

from flask import Blueprint

from webapp.api import schemas
from webapp.api.operations import json_route
from webapp.api.schemas import API
from webapp.context import RequestContext, principal, services, who
from webapp.dicomweb.answers import is_uid
from webapp.http.errors import not_found
from webapp.pacs.sending import send_back
from webapp.pacs.transfers import Transfer
from webapp.pages.render import for_script, render
from webapp.translations import table

pacs = Blueprint("pacs", __name__)
_WORDS = ("pacs.", "common.", "error.")
_STUDY_UID = {"description": "StudyInstanceUID", "schema": {"type": "string", "pattern": "^[0-9.]{1,64}$"}}


@pacs.get("/pacs")
def page() -> str:
    """Search an archive, and fetch from it."""
    context = RequestContext.current()
    lang, names = context.language, context.services.archives.names
    words = {key: text for key, text in table(lang).items() if key.startswith(_WORDS)}
    config = for_script({"lang": lang, "words": words})
    kept = context.services.settings.keep_identity
    groups = context.principal.account.groups if context.principal.account else ()
    return render("pacs.html", context, names=names, config=config, keep_identity=kept, groups=groups)


@pacs.get(f"{API}/pacs")
@json_route("pacs", schemas.ArchiveNames)
def list_archives() -> schemas.ArchiveNames:
    """List the names of all archives."""
    return schemas.ArchiveNames(pacs=services().archives.names)


@pacs.post(f"{API}/pacs/<name>/search")
@json_route("pacs", schemas.FoundStudies, errors=(404, 502), body=schemas.Search)
def search_archive(name: str, body: schemas.Search) -> schemas.FoundStudies:
    """Search an archive for studies by patient, days and modality."""
    found = services().archives.get(name).search(body.to_query())
    services().store.audit.record(who(), "search", "", name)
    return schemas.FoundStudies(studies=[schemas.FoundStudy.model_validate(study) for study in found])


@pacs.get(f"{API}/pacs/<name>/studies/<uid>/series")
@json_route("pacs", schemas.FoundSeriesList, errors=(404, 502), path={"uid": _STUDY_UID})
def list_archive_series(name: str, uid: str) -> schemas.FoundSeriesList:
    """List the series of one study of an archive."""
    if not is_uid(uid):
        raise not_found("study")
    found = services().archives.get(name).series(uid)
    return schemas.FoundSeriesList(series=[schemas.FoundSeries.model_validate(series) for series in found])


@pacs.post(f"{API}/pacs/<name>/fetch")
@json_route("pacs", schemas.Transfer, 202, errors=(404, 502), body=schemas.Fetch)
def fetch_series(name: str, body: schemas.Fetch) -> schemas.Transfer:
    """Begin to fetch a series, which then becomes a study here."""
    archive = services().archives.get(name)
    chosen = next((one for one in archive.series(body.study_uid) if one.uid == body.series_uid), None)
    if chosen is None:
        raise not_found("series")
    group = principal().group_for_new(body.group)
    transfer = services().transfers.start(archive, body.study_uid, body.series_uid, chosen.images, who(), group)
    services().access.owners.claim("transfer", transfer.id, principal().owner)
    return schemas.Transfer.of(transfer)


@pacs.get(f"{API}/transfers/<transfer_id>")
@json_route("pacs", schemas.Transfer, errors=(404,))
def get_transfer(transfer_id: str) -> schemas.Transfer:
    """Read how far a transfer has come."""
    return schemas.Transfer.of(_found(services().transfers.get(transfer_id)))


@pacs.delete(f"{API}/transfers/<transfer_id>")
@json_route("pacs", schemas.Transfer, 202, errors=(404,))
def cancel_transfer(transfer_id: str) -> schemas.Transfer:
    """Stop a transfer."""
    return schemas.Transfer.of(_found(services().transfers.cancel(transfer_id)))


@pacs.post(f"{API}/masks/<mask_id>/send")
@json_route("pacs", schemas.Sent, errors=(404, 409, 422, 502), body=schemas.Send)
def send_mask(mask_id: str, body: schemas.Send) -> schemas.Sent:
    """Send a mask back into an archive, as DICOM segmentation unless another kind is asked for."""
    send_back(services().store, services().archives, mask_id, body.pacs, who(), body.kind)
    return schemas.Sent(sent=mask_id, pacs=body.pacs, kind=body.kind)


def _found(transfer: Transfer | None) -> Transfer:
    if transfer is None:
        raise not_found("transfer")
    return transfer
