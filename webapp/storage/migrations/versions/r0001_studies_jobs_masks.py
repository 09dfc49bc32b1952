"""Keep studies, jobs, masks and the audit trail: the tables of the first version (its schema 1)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "studies",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False, index=True),
        sa.Column("shape", sa.JSON, nullable=False),
        sa.Column("spacing_mm", sa.JSON, nullable=False),
        sa.Column("orientation", sa.String, nullable=False),
        sa.Column("size_bytes", sa.Integer, nullable=False),
        sa.Column("original", sa.String, nullable=False),
        sa.Column("reference", sa.String),
    )
    op.create_table(
        "jobs",
        sa.Column("id", sa.String, primary_key=True),
        _study(),
        sa.Column("task", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False, index=True),
        sa.Column("progress", sa.Double, nullable=False),
        sa.Column("stage", sa.String, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False, index=True),
        sa.Column("started_at", sa.Double),
        sa.Column("finished_at", sa.Double),
        sa.Column("eta_s", sa.Double),
        sa.Column("log", sa.JSON, nullable=False),
        sa.Column("error", sa.JSON),
        sa.Column("mask_id", sa.String),
        sa.Column("dice", sa.Double),
        sa.Column("attempts", sa.Integer, nullable=False),
    )
    op.create_table(
        "masks",
        sa.Column("id", sa.String, primary_key=True),
        _study(),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("label_map_kind", sa.String, nullable=False),
        sa.Column("labels", sa.JSON, nullable=False),
        sa.Column("volume_ml", sa.Double, nullable=False),
        sa.Column("dice", sa.Double),
        sa.Column("model_id", sa.String, nullable=False),
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False, index=True),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("at", sa.Double, nullable=False, index=True),
        sa.Column("who", sa.String, nullable=False),
        sa.Column("action", sa.String, nullable=False),
        sa.Column("study_id", sa.String, nullable=False),
        sa.Column("detail", sa.String, nullable=False),
    )


def _study() -> sa.Column[str]:
    return sa.Column("study_id", sa.String, sa.ForeignKey("studies.id", ondelete="CASCADE"), nullable=False, index=True)
