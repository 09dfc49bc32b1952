"""REST of share links, listed and made under a study."""

from __future__ import annotations

from flask import Blueprint

from webapp.api.access import schemas
from webapp.api.operations import json_route
from webapp.context import principal, services, who
from webapp.http.errors import WebError, from_status, not_found

shares = Blueprint("shares", __name__)
_DAY_S = 86400.0
_MOST = 100


@shares.get("/studies/<study_id>/shares")
@json_route("shares", schemas.ShareList, errors=(404,))
def list_shares(study_id: str) -> schemas.ShareList:
    """List the links to a study."""
    found = services().store.credentials.shares(study_id)
    return schemas.ShareList(shares=[schemas.Share.model_validate(each) for each in found])


@shares.post("/studies/<study_id>/shares")
@json_route("shares", schemas.MadeShare, 201, errors=(404, 409), body=schemas.NewShare)
def create_share(study_id: str, body: schemas.NewShare) -> schemas.MadeShare:
    """Make a link to a study, to look at it or to review it."""
    own, store = principal().account, services().store
    if own is None:
        raise from_status(404)
    if len(store.credentials.shares(study_id)) >= _MOST:
        raise WebError(409, "conflict", "share.too_many")
    secret, share = store.credentials.add_share(study_id, own.id, body.kind, body.days * _DAY_S)
    store.audit.record(who(), "share", study_id, f"{share.id} {share.kind}")
    link = f"{services().settings.public_url.rstrip('/')}/share#{secret}"
    return schemas.MadeShare(share=schemas.Share.model_validate(share), link=link)


@shares.delete("/shares/<share_id>")
@json_route("shares", None, 204, errors=(404,))
def revoke_share(share_id: str) -> None:
    """Revoke a link; who came by it is out."""
    found = services().store.credentials.share(share_id)
    if found is None:
        raise not_found("share")
    services().store.credentials.revoke_share(share_id)
    services().store.audit.record(who(), "revoke-share", found.study_id, share_id)
