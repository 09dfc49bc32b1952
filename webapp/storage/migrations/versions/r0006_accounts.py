"""Keep accounts, groups and what they prove themselves with; chain the audit trail; give studies a group."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from webapp.storage.audit import START, row_hash
from webapp.storage.tables import APPEND_ONLY, AuditRow

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Create the tables of accounts, add the column of studies, make the audit trail anew with hashes."""
    op.add_column("studies", sa.Column("group", sa.String))
    _accounts()
    _secrets()
    _chain_audit()


def _accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("role", sa.String, nullable=False),
        sa.Column("disabled", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("signed_in_at", sa.Double),
        sa.Column("password_hash", sa.String),
        sa.Column("subject", sa.String),
        sa.Column("single_sign_on", sa.Boolean, nullable=False),
        sa.Column("totp_secret", sa.String),
        sa.Column("totp_step", sa.Integer, nullable=False),
        sa.Column("recovery_hashes", sa.JSON, nullable=False),
        sa.UniqueConstraint("name"),
        sa.UniqueConstraint("subject"),
    )
    op.create_table("groups", sa.Column("name", sa.String, primary_key=True))
    op.create_table(
        "memberships",
        sa.Column("account_id", sa.String, _refers("accounts.id"), primary_key=True),
        sa.Column("group_name", sa.String, _refers("groups.name"), primary_key=True),
    )


def _secrets() -> None:
    op.create_table(
        "shares",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("hash", sa.String, nullable=False),
        sa.Column("study_id", sa.String, _refers("studies.id"), nullable=False, index=True),
        sa.Column("made_by", sa.String, _refers("accounts.id"), nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        *_times(),
        sa.UniqueConstraint("hash"),
    )
    op.create_table(
        "sessions",
        sa.Column("hash", sa.String, primary_key=True),
        sa.Column("id", sa.String, nullable=False),
        sa.Column("account_id", sa.String, _refers("accounts.id"), index=True),
        sa.Column("share_id", sa.String, _refers("shares.id"), index=True),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("seen_at", sa.Double, nullable=False),
        sa.Column("expires_at", sa.Double, nullable=False),
        sa.Column("address", sa.String, nullable=False),
        sa.UniqueConstraint("id"),
    )
    op.create_table(
        "api_tokens",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("hash", sa.String, nullable=False),
        sa.Column("account_id", sa.String, _refers("accounts.id"), nullable=False, index=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("scope", sa.String, nullable=False),
        *_times(),
        sa.UniqueConstraint("hash"),
    )
    op.create_table(
        "invitations",
        sa.Column("hash", sa.String, primary_key=True),
        sa.Column("account_id", sa.String, _refers("accounts.id")),
        sa.Column("expires_at", sa.Double, nullable=False),
    )


def _chain_audit() -> None:
    """Copy the trail as it is, in its order and without gaps in its numbers, each row with its hash."""
    op.create_table(
        "audit_new",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at", sa.Double, nullable=False),
        *(
            sa.Column(name, sa.String, nullable=False)
            for name in ("who", "action", "study_id", "detail", "address", "hash")
        ),
        sqlite_autoincrement=True,
    )
    connection, before = op.get_bind(), START
    columns = "at, who, action, study_id, detail"
    for at, who, action, study_id, detail in connection.exec_driver_sql(f"SELECT {columns} FROM audit ORDER BY id"):
        row = AuditRow(at=at, who=who, action=action, study_id=study_id, detail=detail, address="")
        before = row_hash(before, row)
        values: tuple[Any, ...] = (at, who, action, study_id, detail, "", before)
        names = [*columns.split(", "), "address", "hash"]
        insert = sa.text(
            f"INSERT INTO audit_new ({', '.join(names)}) VALUES ({', '.join(f':{name}' for name in names)})"
        )
        connection.execute(insert, dict(zip(names, values, strict=True)))
    op.drop_table("audit")
    op.rename_table("audit_new", "audit")
    op.create_index("ix_audit_at", "audit", ["at"])
    if connection.dialect.name == "sqlite":
        for statement in APPEND_ONLY:
            op.execute(statement)


def _refers(column: str) -> sa.ForeignKey:
    return sa.ForeignKey(column, ondelete="CASCADE")


def _times() -> tuple[sa.Column[float], sa.Column[float]]:
    return sa.Column("created_at", sa.Double, nullable=False), sa.Column("expires_at", sa.Double, nullable=False)
