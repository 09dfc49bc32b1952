"""Keep measurements and reviews.

Later builds of schema 3 made these tables without a new number, so that they may be there already.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create the tables that are missing."""
    inspector = sa.inspect(op.get_bind())
    if not inspector.has_table("measurements"):
        op.create_table(
            "measurements",
            sa.Column("id", sa.String, primary_key=True),
            _study(),
            sa.Column("kind", sa.String, nullable=False),
            sa.Column("plane", sa.String, nullable=False),
            sa.Column("points_mm", sa.JSON, nullable=False),
            sa.Column("label", sa.String, nullable=False),
            sa.Column("statistics", sa.JSON, nullable=False),
            sa.Column("created_at", sa.Double, nullable=False),
        )
    if not inspector.has_table("reviews"):
        op.create_table(
            "reviews",
            sa.Column("id", sa.String, primary_key=True),
            _study(),
            sa.Column("mask_id", sa.String),
            sa.Column("verdict", sa.String, nullable=False),
            sa.Column("comment", sa.String, nullable=False),
            sa.Column("at_mm", sa.JSON, nullable=False),
            sa.Column("view", sa.String, nullable=False),
            sa.Column("who", sa.String, nullable=False),
            sa.Column("created_at", sa.Double, nullable=False),
        )


def _study() -> sa.Column[str]:
    return sa.Column("study_id", sa.String, sa.ForeignKey("studies.id", ondelete="CASCADE"), nullable=False, index=True)
