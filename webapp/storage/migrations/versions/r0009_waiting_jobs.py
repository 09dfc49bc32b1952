"""Find the job whose turn it is among a hundred thousand; PostgreSQL: numbers of 64 bits, and the trail's head."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
_WAITING, _BEGUN = sa.text("state = 'queued'"), sa.text("turn IS NOT NULL")
_NUMBERED = {
    **dict.fromkeys(("studies", "jobs", "masks", "measurements", "reviews", "batches"), "sequence"),
    "audit": "id",
}


def upgrade() -> None:
    """Add the indexes; PostgreSQL only: widen the columns, add the table and the triggers."""
    op.create_index(
        "ix_jobs_waiting",
        "jobs",
        ["priority", "owner", "sequence"],
        sqlite_where=_WAITING,
        postgresql_where=_WAITING,
    )
    op.create_index("ix_jobs_owner_turn", "jobs", ["owner", "turn"], sqlite_where=_BEGUN, postgresql_where=_BEGUN)
    op.create_index("ix_jobs_turn", "jobs", ["turn"])
    if op.get_bind().dialect.name == "postgresql":
        _postgresql()


def _postgresql() -> None:
    from webapp.storage.postgresql.schema import complete

    connection = op.get_bind()
    for table, column in _NUMBERED.items():
        op.alter_column(table, column, type_=sa.BigInteger)
        sequence = connection.scalar(sa.text(f"SELECT pg_get_serial_sequence('{table}', '{column}')"))
        op.execute(f"ALTER SEQUENCE {sequence} AS BIGINT")
    op.alter_column("studies", "size_bytes", type_=sa.BigInteger)
    op.alter_column("jobs", "turn", type_=sa.BigInteger)
    complete(connection)
