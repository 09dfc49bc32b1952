"""Give jobs an owner, a priority and a turn; keep batches; know what a mask was computed from."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the columns of jobs and masks, and the tables of batches."""
    op.add_column("jobs", sa.Column("owner", sa.String, nullable=False, server_default=""))
    op.add_column("jobs", sa.Column("priority", sa.Integer, nullable=False, server_default="1"))
    op.add_column("jobs", sa.Column("turn", sa.Integer))
    op.add_column("jobs", sa.Column("anew", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("jobs", sa.Column("reused", sa.String))
    op.add_column("masks", sa.Column("inputs", sa.String))
    op.create_index("ix_masks_inputs", "masks", ["inputs"])
    op.create_table(
        "batches",
        sa.Column("sequence", sa.Integer, primary_key=True),
        sa.Column("id", sa.String, nullable=False),
        sa.Column("owner", sa.String, nullable=False, index=True),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("studies", sa.JSON, nullable=False),
        sa.UniqueConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "batch_jobs",
        sa.Column("batch_id", sa.String, sa.ForeignKey("batches.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("job_id", sa.String, sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("own", sa.Boolean, nullable=False),
    )
