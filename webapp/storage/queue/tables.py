"""Tables of batches, and of the jobs that each holds."""

from __future__ import annotations

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from webapp.storage.tables import NUMBER, Base


class BatchRow(Base):
    """Table of batches; columns as in ``webapp.storage.queue.batches.Batch``."""

    __tablename__ = "batches"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012 - as SQLAlchemy wants it
    sequence: Mapped[int] = mapped_column(NUMBER, primary_key=True)
    id: Mapped[str] = mapped_column(unique=True)
    owner: Mapped[str] = mapped_column(index=True)
    created_at: Mapped[float]
    studies: Mapped[list[str]]


class BatchJobRow(Base):
    """Table of which job is part of which batch."""

    __tablename__ = "batch_jobs"
    batch_id: Mapped[str] = mapped_column(ForeignKey("batches.id", ondelete="CASCADE"), primary_key=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    own: Mapped[bool]  # whether the batch asked for the job, and may cancel it
