"""Keep with a study what was unusual in its files (schema 3)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add ``studies.notes``."""
    op.add_column("studies", sa.Column("notes", sa.JSON))
