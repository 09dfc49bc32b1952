"""Number the rows, so that "latest" does not depend on a clock; keep the version of each study's picture.

SQLite cannot change a primary key in place: each table is made anew, filled in the order in which its rows came, and
takes the old one's name. Foreign keys must be off meanwhile.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make each table anew with ``sequence``; ``studies`` with ``thumbnail`` too."""
    for table, columns in _tables().items():
        _renew(table, columns)


def _renew(table: str, columns: list[sa.Column[Any]]) -> None:
    new = f"{table}_new"
    op.create_table(
        new,
        sa.Column("sequence", sa.Integer, primary_key=True),
        sa.Column("id", sa.String, nullable=False),
        *columns,
        sa.UniqueConstraint("id"),
        sqlite_autoincrement=True,
    )
    there = {column["name"] for column in sa.inspect(op.get_bind()).get_columns(table)}
    kept = ", ".join(["id", *(column.name for column in columns if column.name in there)])
    if op.get_bind().dialect.name == "sqlite":
        # The hidden rowid counts up as rows come, whatever the clock says.
        op.execute(f"INSERT INTO {new} ({kept}) SELECT {kept} FROM {table} ORDER BY rowid")
        op.drop_table(table)
    else:
        op.execute(f"INSERT INTO {new} ({kept}) SELECT {kept} FROM {table} ORDER BY created_at")
        op.execute(f"DROP TABLE {table} CASCADE")  # with the keys of tables that are made anew after it
    op.rename_table(new, table)
    if table != "studies":
        op.create_index(f"ix_{table}_study_id", table, ["study_id"])
    if table == "jobs":
        op.create_index("ix_jobs_state", table, ["state"])


def _tables() -> dict[str, list[sa.Column[Any]]]:
    return {**_made_by_the_program(), **_made_by_people()}


def _made_by_the_program() -> dict[str, list[sa.Column[Any]]]:
    return {
        "studies": [
            sa.Column("name", sa.String, nullable=False),
            sa.Column("created_at", sa.Double, nullable=False),
            sa.Column("shape", sa.JSON, nullable=False),
            sa.Column("spacing_mm", sa.JSON, nullable=False),
            sa.Column("orientation", sa.String, nullable=False),
            sa.Column("size_bytes", sa.Integer, nullable=False),
            sa.Column("original", sa.String, nullable=False),
            sa.Column("reference", sa.String),
            sa.Column("notes", sa.JSON),
            sa.Column("thumbnail", sa.String),
        ],
        "jobs": [
            _study(),
            sa.Column("task", sa.String, nullable=False),
            sa.Column("state", sa.String, nullable=False),
            sa.Column("progress", sa.Double, nullable=False),
            sa.Column("stage", sa.String, nullable=False),
            sa.Column("created_at", sa.Double, nullable=False),
            sa.Column("started_at", sa.Double),
            sa.Column("finished_at", sa.Double),
            sa.Column("eta_s", sa.Double),
            sa.Column("log", sa.JSON, nullable=False),
            sa.Column("error", sa.JSON),
            sa.Column("mask_id", sa.String),
            sa.Column("dice", sa.Double),
            sa.Column("attempts", sa.Integer, nullable=False),
        ],
        "masks": [
            _study(),
            sa.Column("kind", sa.String, nullable=False),
            sa.Column("label_map_kind", sa.String, nullable=False),
            sa.Column("labels", sa.JSON, nullable=False),
            sa.Column("volume_ml", sa.Double, nullable=False),
            sa.Column("dice", sa.Double),
            sa.Column("model_id", sa.String, nullable=False),
            sa.Column("digest", sa.String, nullable=False),
            sa.Column("created_at", sa.Double, nullable=False),
            sa.Column("confidence", sa.JSON),
        ],
    }


def _made_by_people() -> dict[str, list[sa.Column[Any]]]:
    return {
        "measurements": [
            _study(),
            sa.Column("kind", sa.String, nullable=False),
            sa.Column("plane", sa.String, nullable=False),
            sa.Column("points_mm", sa.JSON, nullable=False),
            sa.Column("label", sa.String, nullable=False),
            sa.Column("statistics", sa.JSON, nullable=False),
            sa.Column("created_at", sa.Double, nullable=False),
        ],
        "reviews": [
            _study(),
            sa.Column("mask_id", sa.String),
            sa.Column("verdict", sa.String, nullable=False),
            sa.Column("comment", sa.String, nullable=False),
            sa.Column("at_mm", sa.JSON, nullable=False),
            sa.Column("view", sa.String, nullable=False),
            sa.Column("who", sa.String, nullable=False),
            sa.Column("created_at", sa.Double, nullable=False),
        ],
    }


def _study() -> sa.Column[str]:
    return sa.Column("study_id", sa.String, sa.ForeignKey("studies.id", ondelete="CASCADE"), nullable=False)
