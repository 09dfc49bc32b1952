"""Sign in by password and code, by one-time link, and by share link; each opens a session of its own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address

from webapp.accounts import passwords, second_factor
from webapp.accounts.throttle import Throttle
from webapp.http.errors import WebError, not_found
from webapp.settings import OidcProvider, Settings
from webapp.storage.access.accounts import Account
from webapp.storage.audit import Who
from webapp.storage.store import Store

NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,63}")
"""Of an account: an address of e-mail, or a word."""
INVITED_S = 24 * 3600.0


@dataclass(frozen=True)
class Opened:
    """A session that was opened: its secret for the cookie, and the address to go on to ("" as the page likes)."""

    secret: str
    url: str = ""


class SignIn:
    """Opens sessions. Safe to use from any thread; slow by intention, so not from the event loop."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings
        self.throttle = Throttle()

    def by_password(self, name: str, password: str, code: str, address: str) -> Opened:
        """Sign in.

        Raises:
            WebError: 401, name, password or code are wrong, whichever; 401 ``second_factor``, a code is needed;
                429, there were too many failures.
        """
        name = name.strip().lower()
        self.throttle.check(name, address)
        account = self._store.accounts.named(name)
        known = self._store.accounts.secrets(account.id) if account else None
        is_right = passwords.matches(password, known.password_hash if known else None)
        if account is None or known is None or not is_right or account.disabled or account.single_sign_on:
            raise self._refusal(name, address, account)
        if known.totp_secret is not None:
            if not code:
                raise WebError(401, "second_factor", "sign_in.second_factor")
            if not self.takes_code(account.id, code):
                raise self._refusal(name, address, account)
        self.throttle.succeeded(name, address)
        if passwords.is_outdated(known.password_hash or ""):
            self._store.accounts.set_password(account.id, passwords.hashed(password))
        return self.open(account, address)

    def takes_code(self, account_id: str, code: str) -> bool:
        """Take a code of the second factor, or a recovery code, once; False if it is neither."""
        known = self._store.accounts.secrets(account_id)
        if known.totp_secret is None or len(code) > 32:
            return False
        step = second_factor.step_of(known.totp_secret, code)
        if step is not None:
            return self._store.accounts.use_code(account_id, step)
        return self._store.accounts.use_recovery_code(account_id, second_factor.recovery_hash(code, account_id))

    def open(self, account: Account, address: str, how: str = "password") -> Opened:
        """Open a session for somebody who has proven who they are."""
        secret, _ = self._store.credentials.open_session(account.id, self._settings.session_hours * 3600, address)
        self._store.audit.record(Who(account.name, address), "sign-in", "", how)
        return Opened(secret)

    def by_invitation(self, secret: str, name: str, password: str, address: str) -> Opened:
        """Set a password by a one-time link, and sign in; of the first administrator the name too.

        Raises:
            WebError: 401, the link was used or is void; 400, the name or the password cannot be one; 429.
        """
        self.throttle.check("", address)
        found = self._store.credentials.invited(secret)
        if found is None or (found[0] is None and self._store.accounts.has_administrator()):
            self.throttle.failed("", address)
            raise WebError(401, "void_link", "sign_in.void_invitation")
        account = self._invited_account(found[0])
        name = checked_name(name) if account is None else account.name
        passwords.check_new(password, name)
        password_hash = passwords.hashed(password)
        if not self._store.credentials.use_invitation(secret):
            raise WebError(401, "void_link", "sign_in.void_invitation")
        account = account or self._store.accounts.add(name, "administrator")
        self._store.accounts.set_password(account.id, password_hash)
        self._store.audit.record(Who(account.name, address), "set-password", "", "by one-time link")
        if account.second_factor:  # who holds the link alone does not get past it
            return Opened("")
        return self.open(account, address, "one-time link")

    def by_provider(self, provider: OidcProvider, claims: Mapping[str, object], address: str) -> Opened:
        """Sign in whom an identity provider vouches for.

        Args:
            provider: Which one.
            claims: Of its ID token, whose signature, issuer, audience, nonce and times have been checked.
            address: Where the browser is.

        Raises:
            WebError: 401, nobody here belongs to these claims.
        """
        subject = f"{provider.issuer} {claims['sub']}"
        account = self._store.accounts.of_subject(subject) or self._first_time(provider, claims, subject)
        if account is None or account.disabled:
            self._store.audit.record(Who(account.name if account else "", address), "sign-in-refused", "", "provider")
            raise WebError(401, "unknown_person", "sign_in.unknown_person")
        return self.open(account, address, "provider")

    def _first_time(self, provider: OidcProvider, claims: Mapping[str, object], subject: str) -> Account | None:
        """Find the account that somebody added for these claims, or make one where the settings say so.

        An account with a password is never taken over: its name is nobody's but its own.
        """
        name = str(claims.get(provider.name_claim, "")).lower()
        if not NAME.fullmatch(name) or (provider.name_claim == "email" and claims.get("email_verified") is not True):
            return None
        account = self._store.accounts.named(name)
        if account is None and provider.role is not None:
            account = self._store.accounts.add(name, provider.role, single_sign_on=True)
        if account is None or not account.single_sign_on or self._store.accounts.is_bound(account.id):
            return None
        self._store.accounts.bind(account.id, subject)
        return account

    def by_share(self, secret: str, address: str) -> Opened:
        """Open what a share link leads to.

        Raises:
            WebError: 401, the link is unknown, revoked or expired; 429.
        """
        self.throttle.check("", address)
        opened = self._store.credentials.open_shared(secret, self._settings.session_hours * 3600, address)
        if opened is None:
            self.throttle.failed("", address)
            raise WebError(401, "void_link", "sign_in.void_share")
        cookie, share = opened
        who = Who(f"link {share.id} of {share.made_by}", address)
        self._store.audit.record(who, "open-share", share.study_id, share.kind)
        return Opened(cookie, f"/studies/{share.study_id}")

    def _invited_account(self, account_id: str | None) -> Account | None:
        if account_id is None:
            return None
        account = self._store.accounts.get(account_id)
        if account is None or account.disabled or account.single_sign_on:
            raise WebError(401, "void_link", "sign_in.void_invitation")
        return account

    def _refusal(self, name: str, address: str, account: Account | None) -> WebError:
        """Count a failure, and say no more than that something was wrong. What is no account's name is not kept."""
        self.throttle.failed(name, address)
        self._store.audit.record(Who(account.name if account else "", address), "sign-in-refused", "")
        return WebError(401, "wrong_credentials", "sign_in.refused")


def checked_name(name: str) -> str:
    """Return an account's name as it is kept.

    Raises:
        WebError: 400, it cannot be one.
    """
    lowered = name.strip().lower()
    if not NAME.fullmatch(lowered) or _is_address(lowered):
        raise WebError(400, "bad_request", "account.bad_name")
    return lowered


def _is_address(name: str) -> bool:
    """Tell whether a name looks like whoever comes without an account."""
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def invite(store: Store, account_name: str | None) -> str:
    """Make the path of a one-time link: for an account, or with None for the first administrator.

    The secret stands behind ``#``, which browsers keep to themselves.

    Raises:
        WebError: 404, there is no such account.
    """
    account = None if account_name is None else store.accounts.named(account_name)
    if account_name is not None and account is None:
        raise not_found("account")
    return f"/welcome#{store.credentials.invite(account.id if account else None, INVITED_S)}"
