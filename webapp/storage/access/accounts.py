"""Accounts and groups."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from webapp.enumerations import Role
from webapp.http.errors import WebError, not_found
from webapp.storage.access.tables import (
    AccountRow,
    GroupRow,
    InvitationRow,
    MembershipRow,
    SessionRow,
    ShareRow,
    TokenRow,
)
from webapp.storage.database import Database, new_id
from webapp.storage.tables import StudyRow


@dataclass(frozen=True)
class Account:
    """One person who may sign in.

    Attributes:
        name: What it signs in with, lower case.
        groups: Groups whose studies it sees.
        has_password: False until its one-time link was used, and of single sign-on.
        single_sign_on: Whether it signs in by the hospital's identity provider alone.
        second_factor: Whether codes are asked for.
    """

    id: str
    name: str
    role: Role
    groups: tuple[str, ...]
    disabled: bool
    has_password: bool
    single_sign_on: bool
    second_factor: bool
    created_at: datetime
    signed_in_at: datetime | None


@dataclass(frozen=True)
class Secrets:
    """What an account proves itself with."""

    password_hash: str | None
    totp_secret: str | None
    totp_step: int
    recovery_hashes: tuple[str, ...]


class Accounts:
    """The tables of accounts and groups."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[Account]:
        """All accounts, by name."""
        with self._database.reading() as session:
            rows = session.scalars(select(AccountRow).order_by(AccountRow.name)).all()
            return [_account(session, row) for row in rows]

    def get(self, account_id: str) -> Account | None:
        """One account, or None."""
        with self._database.reading() as session:
            row = session.get(AccountRow, account_id)
            return _account(session, row) if row else None

    def named(self, name: str) -> Account | None:
        """Find an account by the name it signs in with, or None."""
        return self._where(AccountRow.name == name.lower())

    def of_subject(self, subject: str) -> Account | None:
        """Find an account by the subject of its identity provider, or None."""
        return self._where(AccountRow.subject == subject)

    def any(self) -> bool:
        """Tell whether there is an account."""
        with self._database.reading() as session:
            return session.scalar(select(AccountRow.id).limit(1)) is not None

    def has_administrator(self) -> bool:
        """Tell whether somebody can sign in as administrator."""
        with self._database.reading() as session:
            return _administrators(session) > 0

    def secrets(self, account_id: str) -> Secrets:
        """Read what an account proves itself with; of one that is gone nothing."""
        with self._database.reading() as session:
            row = session.get(AccountRow, account_id)
            if row is None:
                return Secrets(None, None, 0, ())
            return Secrets(row.password_hash, row.totp_secret, row.totp_step, tuple(row.recovery_hashes))

    def add(self, name: str, role: Role, groups: Iterable[str] = (), single_sign_on: bool = False) -> Account:
        """Add an account without a password.

        Raises:
            WebError: 409, the name is taken; 404, there is no such group.
        """
        with self._database.transaction() as session:
            if session.scalar(select(AccountRow.id).where(AccountRow.name == name)) is not None:
                raise WebError(409, "conflict", "account.name_taken", name=name)
            row = AccountRow(id=new_id(), name=name, role=role, created_at=time.time(), recovery_hashes=[])
            row.single_sign_on = single_sign_on
            session.add(row)
            session.flush()
            _set_groups(session, row.id, groups)
            return _account(session, row)

    def change(
        self,
        account_id: str,
        role: Role | None = None,
        disabled: bool | None = None,
        groups: Iterable[str] | None = None,
    ) -> Account:
        """Change what is given. Whoever gets another role, or is disabled, is signed out everywhere.

        Raises:
            WebError: 404, there is no such account or group; 409, nobody would be left to administer.
        """
        with self._database.transaction() as session:
            row, before = _row(session, account_id), _administrators(session)
            if (role is not None and role != row.role) or disabled:
                _sign_out(session, account_id)
            if disabled:
                _revoke(session, account_id)
            row.role = role or row.role
            row.disabled = row.disabled if disabled is None else disabled
            if groups is not None:
                _set_groups(session, account_id, groups)
            session.flush()
            _check_administrators(session, before)
            return _account(session, row)

    def remove(self, account_id: str) -> Account:
        """Remove an account with its sessions, tokens and links; the audit trail keeps its name.

        Raises:
            WebError: 404, there is no such account; 409, nobody would be left to administer.
        """
        with self._database.transaction() as session:
            row, before = _row(session, account_id), _administrators(session)
            removed = _account(session, row)
            session.delete(row)
            session.flush()
            _check_administrators(session, before)
            return removed

    def set_password(self, account_id: str, password_hash: str, but: str = "") -> None:
        """Set a password's hash; signs out everywhere but in the session ``but``."""
        with self._database.transaction() as session:
            _row(session, account_id).password_hash = password_hash
            _sign_out(session, account_id, but)

    def reset(self, account_id: str) -> None:
        """Remove password, second factor, sessions, tokens and links: a one-time link sets a new password."""
        with self._database.transaction() as session:
            row = _row(session, account_id)
            row.password_hash = row.totp_secret = None
            row.recovery_hashes = []
            _sign_out(session, account_id)
            _revoke(session, account_id)

    def set_second_factor(self, account_id: str, secret: str | None, recovery_hashes: Iterable[str], step: int) -> None:
        """Set the secret of the codes, or remove it; ``step`` is that of the code that proved it."""
        with self._database.transaction() as session:
            row = _row(session, account_id)
            row.totp_secret, row.recovery_hashes, row.totp_step = secret, list(recovery_hashes), step

    def use_code(self, account_id: str, step: int) -> bool:
        """Take the code of a time step; False if it, or a later one, was used before."""
        with self._database.transaction() as session:
            row = _row(session, account_id)
            if step <= row.totp_step:
                return False
            row.totp_step = step
            return True

    def use_recovery_code(self, account_id: str, code_hash: str) -> bool:
        """Take a recovery code, which is gone then; False if it is none of the account's."""
        with self._database.transaction() as session:
            row = _row(session, account_id)
            if code_hash not in row.recovery_hashes:
                return False
            row.recovery_hashes = [each for each in row.recovery_hashes if each != code_hash]
            return True

    def is_bound(self, account_id: str) -> bool:
        """Tell whether an account is bound to a subject already."""
        with self._database.reading() as session:
            row = session.get(AccountRow, account_id)
            return row is not None and row.subject is not None

    def bind(self, account_id: str, subject: str) -> None:
        """Bind an account of single sign-on to the subject that its provider knows it by."""
        with self._database.transaction() as session:
            _row(session, account_id).subject = subject

    def groups(self) -> list[str]:
        """List all groups, by name."""
        with self._database.reading() as session:
            return list(session.scalars(select(GroupRow.name).order_by(GroupRow.name)))

    def add_group(self, name: str) -> None:
        """Add a group, if it is not there."""
        with self._database.transaction() as session:
            if session.get(GroupRow, name) is None:
                session.add(GroupRow(name=name))

    def remove_group(self, name: str) -> None:
        """Remove a group that has no studies.

        Raises:
            WebError: 404, there is none of that name; 409, studies belong to it.
        """
        with self._database.transaction() as session:
            row = session.get(GroupRow, name)
            if row is None:
                raise not_found("group")
            if session.scalar(select(func.count()).select_from(StudyRow).where(StudyRow.group == name)):
                raise WebError(409, "conflict", "account.group_in_use", name=name)
            session.delete(row)

    def _where(self, condition: object) -> Account | None:
        with self._database.reading() as session:
            row = session.scalar(select(AccountRow).where(condition))  # type: ignore[arg-type]
            return _account(session, row) if row else None


def account_of(session: Session, account_id: str) -> Account | None:
    """Read an account in an open transaction."""
    row = session.get(AccountRow, account_id)
    return _account(session, row) if row else None


def _row(session: Session, account_id: str) -> AccountRow:
    row = session.get(AccountRow, account_id)
    if row is None:
        raise not_found("account")
    return row


def _account(session: Session, row: AccountRow) -> Account:
    names = select(MembershipRow.group_name).where(MembershipRow.account_id == row.id)
    return Account(
        id=row.id,
        name=row.name,
        role=cast(Role, row.role),
        groups=tuple(session.scalars(names.order_by(MembershipRow.group_name))),
        disabled=row.disabled,
        has_password=row.password_hash is not None,
        single_sign_on=row.single_sign_on,
        second_factor=row.totp_secret is not None,
        created_at=datetime.fromtimestamp(row.created_at, UTC),
        signed_in_at=datetime.fromtimestamp(row.signed_in_at, UTC) if row.signed_in_at else None,
    )


def _set_groups(session: Session, account_id: str, groups: Iterable[str]) -> None:
    session.execute(delete(MembershipRow).where(MembershipRow.account_id == account_id))
    for name in sorted(set(groups)):
        if session.get(GroupRow, name) is None:
            raise not_found("group")
        session.add(MembershipRow(account_id=account_id, group_name=name))
    session.flush()


def _administrators(session: Session) -> int:
    """Count who can administer; an account that has not used its one-time link yet counts, too."""
    wanted = select(func.count()).select_from(AccountRow)
    return session.scalar(wanted.where(AccountRow.role == "administrator", AccountRow.disabled.is_(False))) or 0


def _check_administrators(session: Session, before: int) -> None:
    """Refuse what would leave nobody to administer."""
    if before and not _administrators(session):
        raise WebError(409, "conflict", "account.last_administrator")


def _sign_out(session: Session, account_id: str, but: str = "") -> None:
    session.execute(delete(SessionRow).where(SessionRow.account_id == account_id, SessionRow.id != but))


def _revoke(session: Session, account_id: str) -> None:
    session.execute(delete(TokenRow).where(TokenRow.account_id == account_id))
    session.execute(delete(ShareRow).where(ShareRow.made_by == account_id))
    session.execute(delete(InvitationRow).where(InvitationRow.account_id == account_id))
