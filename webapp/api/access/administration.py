"""REST of administration: accounts, groups, and the audit trail."""

from __future__ import annotations

from flask import Blueprint

from webapp.accounts.sign_in import checked_name, invite
from webapp.api.access import schemas
from webapp.api.operations import json_route
from webapp.context import principal, services, who
from webapp.http.errors import WebError, not_found
from webapp.storage.access.accounts import Account

administration = Blueprint("administration", __name__)


@administration.get("/accounts")
@json_route("administration", schemas.AccountList)
def list_accounts() -> schemas.AccountList:
    """List all accounts."""
    return schemas.AccountList(accounts=[schemas.Account.of(each) for each in services().store.accounts.all()])


@administration.post("/accounts")
@json_route("administration", schemas.Invited, 201, errors=(404, 409), body=schemas.NewAccount)
def create_account(body: schemas.NewAccount) -> schemas.Invited:
    """Add an account; its person sets a password by the link in the answer."""
    store = services().store
    made = store.accounts.add(checked_name(body.name), body.role, body.groups, body.single_sign_on)
    store.audit.record(who(), "add-account", "", f"{made.name} {made.role}")
    return _invited(made)


@administration.patch("/accounts/<account_id>")
@json_route("administration", schemas.Account, errors=(404, 409), body=schemas.ChangedAccount)
def change_account(account_id: str, body: schemas.ChangedAccount) -> schemas.Account:
    """Change an account's role or groups, disable it or enable it again."""
    store = services().store
    changed = store.accounts.change(account_id, body.role, body.disabled, body.groups)
    store.audit.record(who(), "change-account", "", f"{changed.name} {_described(changed)}")
    return schemas.Account.of(changed)


@administration.delete("/accounts/<account_id>")
@json_route("administration", None, 204, errors=(404, 409))
def delete_account(account_id: str) -> None:
    """Remove an account; what its person did stays in the audit trail."""
    _not_oneself(account_id)
    removed = services().store.accounts.remove(account_id)
    services().store.audit.record(who(), "remove-account", "", removed.name)


@administration.post("/accounts/<account_id>/reset")
@json_route("administration", schemas.Invited, errors=(404, 409))
def reset_account(account_id: str) -> schemas.Invited:
    """Remove password, second factor, sessions, tokens and links; a new password is set by the link in the answer."""
    _not_oneself(account_id)
    store = services().store
    store.accounts.reset(account_id)
    found = store.accounts.get(account_id)
    if found is None:
        raise not_found("account")
    store.audit.record(who(), "reset-account", "", found.name)
    return _invited(found)


@administration.get("/groups")
@json_route("administration", schemas.GroupList)
def list_groups() -> schemas.GroupList:
    """List all groups."""
    return schemas.GroupList(groups=services().store.accounts.groups())


@administration.post("/groups")
@json_route("administration", schemas.GroupList, 201, body=schemas.NewGroup)
def create_group(body: schemas.NewGroup) -> schemas.GroupList:
    """Add a group."""
    services().store.accounts.add_group(body.name)
    services().store.audit.record(who(), "add-group", "", body.name)
    return schemas.GroupList(groups=services().store.accounts.groups())


@administration.delete("/groups/<name>")
@json_route("administration", None, 204, errors=(404, 409))
def delete_group(name: str) -> None:
    """Remove a group that no study belongs to."""
    services().store.accounts.remove_group(name)
    services().store.audit.record(who(), "remove-group", "", name)


@administration.get("/audit")
@json_route("administration", schemas.AuditPage, errors=(400,), query=schemas.AuditQuery)
def get_audit(query: schemas.AuditQuery) -> schemas.AuditPage:
    """Read the newest lines of the audit trail."""
    found = services().store.audit.latest(query.limit)
    return schemas.AuditPage(entries=[schemas.AuditLine.of(each) for each in found])


def _invited(account: Account) -> schemas.Invited:
    link = None
    if not account.single_sign_on:
        link = services().settings.public_url.rstrip("/") + invite(services().store, account.name)
    return schemas.Invited(account=schemas.Account.of(account), link=link)


def _described(account: Account) -> str:
    return f"{account.role}, {'disabled' if account.disabled else 'enabled'}, groups: {', '.join(account.groups)}"


def _not_oneself(account_id: str) -> None:
    own = principal().account
    if own is not None and own.id == account_id:
        raise WebError(409, "conflict", "account.oneself")
