"""REST of one's own account: password, second factor, API tokens and sessions."""

from __future__ import annotations

from flask import Blueprint

from webapp.accounts import passwords, second_factor
from webapp.api.access import schemas
from webapp.api.operations import json_route
from webapp.context import principal, services, who
from webapp.http.errors import WebError, from_status, not_found
from webapp.storage.access.accounts import Account

account = Blueprint("account", __name__, url_prefix="/account")
_DAY_S = 86400.0


@account.get("")
@json_route("account", schemas.OwnAccount)
def get_own_account() -> schemas.OwnAccount:
    """Read who one is, and what one may do."""
    return schemas.OwnAccount.of(_own(), principal())


@account.put("/password")
@json_route("account", None, 204, errors=(401, 409, 429), body=schemas.ChangedPassword)
def change_password(body: schemas.ChangedPassword) -> None:
    """Change the password; every other session ends."""
    own = _prove(body.current)
    passwords.check_new(body.new, own.name)
    services().store.accounts.set_password(own.id, passwords.hashed(body.new), but=principal().key)
    services().store.audit.record(who(), "set-password", "")


@account.post("/second-factor")
@json_route("account", schemas.NewSecondFactor)
def propose_second_factor() -> schemas.NewSecondFactor:
    """Make a secret for an authenticator."""
    secret = second_factor.new_secret()
    return schemas.NewSecondFactor(secret=secret, picture=second_factor.picture(secret, _own().name))


@account.put("/second-factor")
@json_route("account", schemas.RecoveryCodes, errors=(401, 409, 429), body=schemas.ConfirmedSecondFactor)
def set_second_factor(body: schemas.ConfirmedSecondFactor) -> schemas.RecoveryCodes:
    """Ask for codes from now on, once one has proven the authenticator's secret."""
    own = _prove(body.password)
    if own.second_factor:
        raise WebError(409, "conflict", "account.has_second_factor")
    step = second_factor.step_of(body.secret, body.code)
    if step is None:
        raise WebError(400, "wrong_code", "account.wrong_code")
    codes = second_factor.recovery_codes()
    hashes = [second_factor.recovery_hash(code, own.id) for code in codes]
    services().store.accounts.set_second_factor(own.id, body.secret, hashes, step)
    services().store.audit.record(who(), "set-second-factor", "")
    return schemas.RecoveryCodes(recovery_codes=codes)


@account.delete("/second-factor")
@json_route("account", None, 204, errors=(401, 409, 429), body=schemas.RemovedSecondFactor)
def remove_second_factor(body: schemas.RemovedSecondFactor) -> None:
    """Ask for codes no longer."""
    own = _prove(body.password)
    if services().settings.require_second_factor:
        raise WebError(409, "conflict", "account.second_factor_required")
    door, address = services().access.sign_in, who().address
    if not door.takes_code(own.id, body.code):
        door.throttle.failed(own.name, address)
        raise WebError(400, "wrong_code", "account.wrong_code")
    services().store.accounts.set_second_factor(own.id, None, [], 0)
    services().store.audit.record(who(), "remove-second-factor", "")


@account.get("/tokens")
@json_route("account", schemas.TokenList)
def list_tokens() -> schemas.TokenList:
    """List one's API tokens."""
    found = services().store.credentials.tokens(_own().id)
    return schemas.TokenList(tokens=[schemas.Token.model_validate(each) for each in found])


@account.post("/tokens")
@json_route("account", schemas.MadeToken, 201, errors=(409,), body=schemas.NewToken)
def create_token(body: schemas.NewToken) -> schemas.MadeToken:
    """Make an API token."""
    store, own = services().store, _own()
    if body.scope == "metrics" and own.role != "administrator":
        raise WebError(403, "forbidden", "access.forbidden")
    if len(store.credentials.tokens(own.id)) >= 50:
        raise WebError(409, "conflict", "account.too_many_tokens")
    secret, token = store.credentials.add_token(own.id, body.name, body.scope, body.days * _DAY_S)
    store.audit.record(who(), "make-token", "", f"{token.id} {token.scope}")
    return schemas.MadeToken(token=schemas.Token.model_validate(token), secret=secret)


@account.delete("/tokens/<token_id>")
@json_route("account", None, 204, errors=(404,))
def revoke_token(token_id: str) -> None:
    """Revoke one of one's API tokens; requests with it are refused from now on."""
    services().store.credentials.revoke_token(token_id, _own().id)
    services().store.audit.record(who(), "revoke-token", "", token_id)


@account.get("/sessions")
@json_route("account", schemas.SessionList)
def list_sessions() -> schemas.SessionList:
    """List the browsers that one is signed in with."""
    found = services().store.credentials.sessions(_own().id)
    return schemas.SessionList(sessions=[schemas.BrowserSession.of(each, principal().key) for each in found])


@account.delete("/sessions/<session_id>")
@json_route("account", None, 204, errors=(404,))
def end_session(session_id: str) -> None:
    """Sign another browser out."""
    if not services().store.credentials.close_session(session_id, _own().id):
        raise not_found("session")
    services().store.audit.record(who(), "sign-out", "", "another browser")


def _own() -> Account:
    own = principal().account
    if own is None:
        raise from_status(404)
    return own


def _prove(password: str) -> Account:
    """Check the password once more before something that a borrowed browser must not do."""
    own, door, address = _own(), services().access.sign_in, who().address
    if own.single_sign_on:
        raise WebError(409, "conflict", "account.single_sign_on")
    door.throttle.check(own.name, address)
    if not passwords.matches(password, services().store.accounts.secrets(own.id).password_hash):
        door.throttle.failed(own.name, address)
        raise WebError(400, "wrong_password", "account.wrong_password")
    return own
