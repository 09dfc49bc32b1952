"""Tables of accounts, groups, sessions, tokens, share links and invitations. Secrets are kept as hashes alone."""

from __future__ import annotations

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from webapp.storage.tables import Base

_OF_ACCOUNT = "accounts.id"


class AccountRow(Base):
    """Table of accounts; columns as in ``webapp.storage.access.accounts.Account``, and secrets."""

    __tablename__ = "accounts"
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)  # lower case
    role: Mapped[str]
    disabled: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[float]
    signed_in_at: Mapped[float | None]
    password_hash: Mapped[str | None]  # argon2id
    subject: Mapped[str | None] = mapped_column(unique=True)  # issuer and subject of single sign-on, once bound
    single_sign_on: Mapped[bool] = mapped_column(default=False)
    totp_secret: Mapped[str | None]
    totp_step: Mapped[int] = mapped_column(default=0)  # the last one used: no code is taken twice
    recovery_hashes: Mapped[list[str]]


class GroupRow(Base):
    """Table of groups, such as departments."""

    __tablename__ = "groups"
    name: Mapped[str] = mapped_column(primary_key=True)


class MembershipRow(Base):
    """Table of who is in which group."""

    __tablename__ = "memberships"
    account_id: Mapped[str] = mapped_column(ForeignKey(_OF_ACCOUNT, ondelete="CASCADE"), primary_key=True)
    group_name: Mapped[str] = mapped_column(ForeignKey("groups.name", ondelete="CASCADE"), primary_key=True)


class SessionRow(Base):
    """Table of browser sessions, of an account or of a share link."""

    __tablename__ = "sessions"
    hash: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(unique=True)
    account_id: Mapped[str | None] = mapped_column(ForeignKey(_OF_ACCOUNT, ondelete="CASCADE"), index=True)
    share_id: Mapped[str | None] = mapped_column(ForeignKey("shares.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[float]
    seen_at: Mapped[float]
    expires_at: Mapped[float]
    address: Mapped[str]


class TokenRow(Base):
    """Table of API tokens."""

    __tablename__ = "api_tokens"
    id: Mapped[str] = mapped_column(primary_key=True)
    hash: Mapped[str] = mapped_column(unique=True)
    account_id: Mapped[str] = mapped_column(ForeignKey(_OF_ACCOUNT, ondelete="CASCADE"), index=True)
    name: Mapped[str]
    scope: Mapped[str]
    created_at: Mapped[float]
    expires_at: Mapped[float]


class ShareRow(Base):
    """Table of share links."""

    __tablename__ = "shares"
    id: Mapped[str] = mapped_column(primary_key=True)
    hash: Mapped[str] = mapped_column(unique=True)
    study_id: Mapped[str] = mapped_column(ForeignKey("studies.id", ondelete="CASCADE"), index=True)
    made_by: Mapped[str] = mapped_column(ForeignKey(_OF_ACCOUNT, ondelete="CASCADE"))
    kind: Mapped[str]
    created_at: Mapped[float]
    expires_at: Mapped[float]


class InvitationRow(Base):
    """Table of one-time links: each sets the password of one account, or makes the first administrator."""

    __tablename__ = "invitations"
    hash: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str | None] = mapped_column(ForeignKey(_OF_ACCOUNT, ondelete="CASCADE"))
    expires_at: Mapped[float]
