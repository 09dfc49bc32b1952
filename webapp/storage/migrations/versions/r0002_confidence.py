"""Keep with a mask how far the engine trusts it (schema 2)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add ``masks.confidence``."""
    op.add_column("masks", sa.Column("confidence", sa.JSON))
