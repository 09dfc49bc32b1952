"""Sessions, API tokens, share links and invitations: random secrets of 256 bits, kept as hashes, each with an end."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from webapp.enumerations import ShareKind, TokenScope
from webapp.http.errors import not_found
from webapp.storage.access.accounts import Account, account_of
from webapp.storage.access.tables import AccountRow, InvitationRow, SessionRow, ShareRow, TokenRow
from webapp.storage.database import Database, new_id

TOKEN_PREFIX = "spv_"  # noqa: S105 - what every token begins with
"""Of API tokens, so that scanners of source code find one that was committed."""
_SEEN_EVERY_S = 60.0
Clock = Callable[[], float]


@dataclass(frozen=True)
class Share:
    """A link to one study. ``kind`` is ``"view"`` or ``"review"``; ``made_by`` is the name of an account."""

    id: str
    study_id: str
    kind: ShareKind
    made_by: str
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class Token:
    """An API token. What it proves is shown once, when it is made."""

    id: str
    name: str
    scope: TokenScope
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class BrowserSession:
    """A browser that is signed in."""

    id: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    address: str


@dataclass(frozen=True)
class Proven:
    """Who a secret stands for: an account, or a share link. ``id`` is the session's or token's.

    Attributes:
        scope: Of a token; None of a session.
    """

    id: str
    account: Account | None
    share: Share | None = None
    scope: TokenScope | None = None


class Credentials:
    """The tables of secrets. Expired ones count as absent, and are removed when others are made."""

    def __init__(self, database: Database, clock: Clock = time.time) -> None:
        self._database = database
        self._now = clock

    def open_session(self, account_id: str, lifetime_s: float, address: str) -> tuple[str, str]:
        """Sign an account in; return the session's secret and id."""
        with self._database.transaction() as session:
            self._remove_expired(session)
            secret, row = self._session(lifetime_s, address)
            row.account_id = account_id
            session.add(row)
            account = session.get(AccountRow, account_id)
            if account is not None:
                account.signed_in_at = self._now()
            return secret, row.id

    def open_shared(self, share_secret: str, lifetime_s: float, address: str) -> tuple[str, Share] | None:
        """Open a browser session on a share link; None if the link is unknown, revoked or expired."""
        with self._database.transaction() as session:
            self._remove_expired(session)
            found = session.scalar(select(ShareRow).where(ShareRow.hash == _hash(share_secret)))
            if found is None or not self._maker_is_active(session, found):
                return None
            secret, row = self._session(min(lifetime_s, found.expires_at - self._now()), address)
            row.share_id = found.id
            session.add(row)
            return secret, _share(session, found)

    def of_session(self, secret: str, idle_s: float, uses: bool = True) -> Proven | None:
        """Find who a session's secret stands for; None if it ended, or was not used for ``idle_s``.

        With ``uses`` it is used by this.
        """
        now = self._now()
        with self._database.reading() as session:
            row = session.get(SessionRow, _hash(secret))
            if row is None or row.expires_at <= now or row.seen_at + idle_s <= now:
                return None
            seen_at, proven = row.seen_at, self._proven(session, row)
        if proven is not None and uses and now - seen_at > min(_SEEN_EVERY_S, idle_s / 4):
            with self._database.transaction() as session:
                used = session.get(SessionRow, _hash(secret))
                if used is not None:
                    used.seen_at = now
        return proven

    def of_token(self, secret: str) -> Proven | None:
        """Find who an API token stands for; None if it ended."""
        with self._database.reading() as session:
            row = session.scalar(select(TokenRow).where(TokenRow.hash == _hash(secret)))
            if row is None or row.expires_at <= self._now():
                return None
            account = account_of(session, row.account_id)
            if account is None or account.disabled:
                return None
            return Proven(row.id, account, scope=cast(TokenScope, row.scope))

    def close_session(self, session_id: str, account_id: str | None = None) -> bool:
        """End a session, of ``account_id`` where that is given; False if there is none."""
        with self._database.transaction() as session:
            row = session.scalar(select(SessionRow).where(SessionRow.id == session_id))
            if row is None or (account_id is not None and row.account_id != account_id):
                return False
            session.delete(row)
            return True

    def sessions(self, account_id: str) -> list[BrowserSession]:
        """List the open sessions of an account, newest first."""
        with self._database.reading() as session:
            rows = select(SessionRow).where(SessionRow.account_id == account_id, SessionRow.expires_at > self._now())
            return [
                BrowserSession(row.id, _at(row.created_at), _at(row.seen_at), _at(row.expires_at), row.address)
                for row in session.scalars(rows.order_by(SessionRow.created_at.desc()))
            ]

    def add_token(self, account_id: str, name: str, scope: TokenScope, lifetime_s: float) -> tuple[str, Token]:
        """Make an API token; return its secret, which is not kept, and what is kept."""
        secret, now = TOKEN_PREFIX + secrets.token_urlsafe(32), self._now()
        row = TokenRow(id=new_id(), hash=_hash(secret), account_id=account_id, name=name, scope=scope)
        row.created_at, row.expires_at = now, now + lifetime_s
        with self._database.transaction() as session:
            self._remove_expired(session)
            session.add(row)
            session.flush()
            return secret, _token(row)

    def tokens(self, account_id: str) -> list[Token]:
        """List the API tokens of an account, newest first."""
        with self._database.reading() as session:
            rows = select(TokenRow).where(TokenRow.account_id == account_id, TokenRow.expires_at > self._now())
            return [_token(row) for row in session.scalars(rows.order_by(TokenRow.created_at.desc()))]

    def revoke_token(self, token_id: str, account_id: str) -> None:
        """Revoke an API token of an account. Raises WebError: 404, it has no such token."""
        with self._database.transaction() as session:
            row = session.get(TokenRow, token_id)
            if row is None or row.account_id != account_id:
                raise not_found("token")
            session.delete(row)

    def add_share(self, study_id: str, made_by: str, kind: ShareKind, lifetime_s: float) -> tuple[str, Share]:
        """Make a share link to a study; return its secret, which is not kept, and what is kept."""
        secret, now = secrets.token_urlsafe(32), self._now()
        row = ShareRow(id=new_id(), hash=_hash(secret), study_id=study_id, made_by=made_by, kind=kind)
        row.created_at, row.expires_at = now, now + lifetime_s
        with self._database.transaction() as session:
            self._remove_expired(session)
            session.add(row)
            session.flush()
            return secret, _share(session, row)

    def shares(self, study_id: str) -> list[Share]:
        """List the links to a study, newest first."""
        with self._database.reading() as session:
            rows = select(ShareRow).where(ShareRow.study_id == study_id, ShareRow.expires_at > self._now())
            return [_share(session, row) for row in session.scalars(rows.order_by(ShareRow.created_at.desc()))]

    def share(self, share_id: str) -> Share | None:
        """One link, or None."""
        with self._database.reading() as session:
            row = session.get(ShareRow, share_id)
            return _share(session, row) if row else None

    def revoke_share(self, share_id: str) -> None:
        """Revoke a link, with the sessions opened by it. Raises WebError: 404, there is none."""
        with self._database.transaction() as session:
            row = session.get(ShareRow, share_id)
            if row is None:
                raise not_found("share")
            session.delete(row)

    def invite(self, account_id: str | None, lifetime_s: float) -> str:
        """Make a one-time link for an account, or for the first administrator; earlier ones are void."""
        secret = secrets.token_urlsafe(32)
        with self._database.transaction() as session:
            session.execute(delete(InvitationRow).where(InvitationRow.account_id.is_(account_id)))
            expires_at = self._now() + lifetime_s
            session.add(InvitationRow(hash=_hash(secret), account_id=account_id, expires_at=expires_at))
        return secret

    def invited(self, secret: str) -> tuple[str | None] | None:
        """Find the account that a one-time link is for, ``(None,)`` the first administrator; None if it is void."""
        with self._database.reading() as session:
            row = session.get(InvitationRow, _hash(secret))
            return None if row is None or row.expires_at <= self._now() else (row.account_id,)

    def use_invitation(self, secret: str) -> bool:
        """Take a one-time link; False if it was used or is void."""
        with self._database.transaction() as session:
            row = session.get(InvitationRow, _hash(secret))
            if row is None or row.expires_at <= self._now():
                return False
            session.delete(row)
            return True

    def _session(self, lifetime_s: float, address: str) -> tuple[str, SessionRow]:
        secret, now = secrets.token_urlsafe(32), self._now()
        row = SessionRow(hash=_hash(secret), id=new_id(), created_at=now, seen_at=now, address=address)
        row.expires_at = now + lifetime_s
        return secret, row

    def _proven(self, session: Session, row: SessionRow) -> Proven | None:
        if row.share_id is not None:
            share = session.get(ShareRow, row.share_id)
            if share is None or share.expires_at <= self._now() or not self._maker_is_active(session, share):
                return None
            return Proven(row.id, None, _share(session, share))
        account = account_of(session, row.account_id or "")
        return None if account is None or account.disabled else Proven(row.id, account)

    def _maker_is_active(self, session: Session, share: ShareRow) -> bool:
        maker = session.get(AccountRow, share.made_by)
        return maker is not None and not maker.disabled and share.expires_at > self._now()

    def _remove_expired(self, session: Session) -> None:
        for table in (SessionRow, TokenRow, ShareRow, InvitationRow):
            session.execute(delete(table).where(table.expires_at <= self._now()))


def _hash(secret: str) -> str:
    """Hash a secret of 256 random bits, which needs no salt and no slowness."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _token(row: TokenRow) -> Token:
    return Token(row.id, row.name, cast(TokenScope, row.scope), _at(row.created_at), _at(row.expires_at))


def _share(session: Session, row: ShareRow) -> Share:
    maker = session.get(AccountRow, row.made_by)
    name = maker.name if maker else ""
    return Share(row.id, row.study_id, cast(ShareKind, row.kind), name, _at(row.created_at), _at(row.expires_at))


def _at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
