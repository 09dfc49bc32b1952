"""Let reviews be answered and resolved."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add the columns of a thread."""
    op.add_column("reviews", sa.Column("replies", sa.JSON))
    op.add_column("reviews", sa.Column("resolved_by", sa.String))
