"""REST of corrections: drafts of a mask, the versions that they become, and the way back."""

from __future__ import annotations

from flask import Blueprint, Response, request

from webapp.api import schemas
from webapp.api.editing.schemas import AfterQuery, Draft, Drafts, MaskVersion, MaskVersions, NewVersion
from webapp.api.operations import Content, json_route
from webapp.context import principal, services, who
from webapp.display.volume_files import read_display
from webapp.http.errors import not_found
from webapp.storage.edits import drafts
from webapp.storage.edits.blocks import decode_blocks
from webapp.storage.edits.versions import editable_labels, restore_version, save_version, versions_of
from webapp.storage.tables import Mask

editing = Blueprint("editing", __name__)
_DRAFT = {
    "draft_id": {
        "description": "Chosen by the page that edits",
        "schema": {"type": "string", "pattern": "^[0-9a-f-]{8,40}$"},
    }
}
BLOCKS = Content(("application/octet-stream",))


@editing.get("/masks/<mask_id>/versions")
@json_route("masks", MaskVersions, errors=(404,))
def list_versions(mask_id: str) -> MaskVersions:
    """List the versions of a mask, newest first: who made each, when, and what it added and removed."""
    found = versions_of(services().store, _mask(mask_id))
    return MaskVersions(versions=[MaskVersion.of(each) for each in found])


@editing.post("/masks/<mask_id>/restore")
@json_route("masks", schemas.Mask, 201, errors=(404, 409))
def restore_mask(mask_id: str) -> schemas.Mask:
    """Make an older version of a mask the newest again; nothing is removed by that."""
    mask, store = _mask(mask_id), services().store
    made = restore_version(store, mask, who())
    store.audit.record(who(), "restore_mask", mask.study_id, f"{mask.id} as {made.id}")
    return schemas.Mask.of(store, made)


@editing.get("/masks/<mask_id>/drafts")
@json_route("masks", Drafts, errors=(404, 422))
def list_drafts(mask_id: str) -> Drafts:
    """List own corrections of a mask that are not saved as a version yet."""
    mask, store = _mask(mask_id), services().store
    found = drafts.drafts_of(store.mask_folder(mask), principal().owner)
    return Drafts.of(mask, store.masks.newest_like(mask), found)


@editing.get("/masks/<mask_id>/drafts/<draft_id>")
@json_route("masks", BLOCKS, errors=(400, 404), path=_DRAFT)
def get_draft(mask_id: str, draft_id: str) -> Response:
    """Read the bodies of a draft in their order, each behind its length (little-endian uint32)."""
    found = drafts.read_draft(services().store.mask_folder(_mask(mask_id)), draft_id, principal().owner)
    return Response(drafts.joined(found), mimetype="application/octet-stream", headers={"Cache-Control": "no-store"})


@editing.patch("/masks/<mask_id>/drafts/<draft_id>")
@json_route("masks", Draft, errors=(400, 404, 409, 413, 422), body=BLOCKS, query=AfterQuery, path=_DRAFT)
def add_blocks(mask_id: str, draft_id: str, query: AfterQuery) -> Draft:
    """Add changed blocks to a draft, which begins with the first; on the disk when the answer comes.

    Deflated (zlib); of each block six little-endian uint16, its first voxel and its size along i, j, k of the displayed
    grid, and then its labels, uint8, i fastest.
    """
    mask, store = _mask(mask_id), services().store
    data = request.get_data(cache=False)
    i, j, k = read_display(store.folder(mask.study_id)).shape
    decode_blocks(data, (i, j, k), editable_labels(mask))
    draft = drafts.add_to_draft(store.mask_folder(mask), draft_id, data, query.after, principal().owner, who())
    return Draft.of(draft, store.masks.newest_like(mask))


@editing.delete("/masks/<mask_id>/drafts/<draft_id>")
@json_route("masks", None, 204, errors=(400, 404), path=_DRAFT)
def discard_draft(mask_id: str, draft_id: str) -> None:
    """Remove a draft."""
    mask, store = _mask(mask_id), services().store
    drafts.remove_draft(store.mask_folder(mask), draft_id, principal().owner)
    store.audit.record(who(), "discard_correction", mask.study_id, mask.id)


@editing.post("/masks/<mask_id>/drafts/<draft_id>/version")
@json_route("masks", schemas.Mask, 201, errors=(400, 404, 409, 422), body=NewVersion, path=_DRAFT)
def create_version(mask_id: str, draft_id: str, body: NewVersion) -> schemas.Mask:
    """Save a draft as a version of its mask; the mask itself stays as it is."""
    mask, store = _mask(mask_id), services().store
    made = save_version(store, mask, draft_id, principal().owner, who(), body.keep, body.comment)
    saved = next(each for each in versions_of(store, made) if each.mask.id == made.id)
    detail = f"{mask.id} as {made.id}: {saved.added_ml:.2f} ml added, {saved.removed_ml:.2f} ml removed"
    store.audit.record(who(), "correct", mask.study_id, detail)
    return schemas.Mask.of(store, made)


def _mask(mask_id: str) -> Mask:
    mask = services().store.masks.get(mask_id)
    if mask is None:
        raise not_found("mask")
    return mask
