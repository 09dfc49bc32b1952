"""Pages of accounts: the forms that open a session, one's own account, share links of a study, administration."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, make_response, redirect, request
from werkzeug.wrappers import Response as WerkzeugResponse

from webapp.context import RequestContext, store_with
from webapp.enumerations import ROLES
from webapp.http.errors import from_status
from webapp.http.sub_path import outward
from webapp.pages.render import for_script, render
from webapp.pages.routes import is_local
from webapp.translations import table

access_pages = Blueprint("access_pages", __name__)
_WORDS = ("access.", "common.", "error.", "role.")


@access_pages.get("/signin")
def sign_in_page() -> WerkzeugResponse:
    """Form that signs in; whoever is signed in is led on."""
    context = _with_accounts()
    wanted = request.args.get("next", "/")
    going_on = wanted if is_local(wanted) else "/"
    if context.principal.kind in ("account", "share"):
        return redirect(going_on, 303)
    provider = context.services.settings.oidc
    name = provider.name if provider else ""
    return _page("access/signin.html", {"next": outward(going_on)}, provider=name, going_on=going_on)


@access_pages.get("/welcome")
def welcome_page() -> Response:
    """Form behind a one-time link: a password, and of the first administrator a name."""
    first = not _with_accounts().services.store.accounts.has_administrator()
    return _page("access/welcome.html", {"first": first}, first=first)


@access_pages.get("/share")
def share_page() -> Response:
    """Page behind a share link, which goes on to the study."""
    _with_accounts()
    return _page("access/share.html", {})


@access_pages.get("/account")
def account_page() -> Response:
    """One's own account."""
    principal = RequestContext.current().principal
    own = principal.account
    if own is None:
        raise from_status(404)
    config = {"second_factor": own.second_factor, "single_sign_on": own.single_sign_on}
    return _page("access/account.html", config, own=own, must_enrol=principal.must_enrol)


@access_pages.get("/studies/<study_id>/sharing")
def sharing_page(study_id: str) -> Response:
    """Alias, group and share links of a study."""
    study = store_with(study_id).studies.get(study_id)
    context = RequestContext.current()
    groups = context.services.store.accounts.groups()
    if context.principal.visible.groups is not None:
        groups = [name for name in groups if name in context.principal.visible.groups]
    may_share = context.principal.may("share")
    return _page("access/sharing.html", {"study": study_id}, study=study, groups=groups, may_share=may_share)


@access_pages.get("/admin")
def admin_page() -> Response:
    """Accounts, groups and the newest lines of the audit trail."""
    own = RequestContext.current().principal.account
    return _page("access/admin.html", {"roles": ROLES, "own": own.id if own else ""}, roles=ROLES)


def _with_accounts() -> RequestContext:
    """Read the context of a page that a server without accounts does not have."""
    context = RequestContext.current()
    if not context.services.access.required:
        raise from_status(404)
    return context


def _page(template: str, config: dict[str, Any], **values: Any) -> Response:
    context = RequestContext.current()
    words = {key: text for key, text in table(context.language).items() if key.startswith(_WORDS)}
    script = for_script({"lang": context.language, "words": words, **config})
    return make_response(render(template, context, config=script, **values))
