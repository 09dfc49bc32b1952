"""Records of a study in its own folder, from which a lost database can be made again.

``study.json`` and ``masks/<id>/mask.json`` hold the columns of their rows, ``annotations.json`` those of the study's
measurements and reviews. The database is what is asked; these files follow it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from segmentation.core.atomic import write_atomically
from webapp.storage.tables import Base, MaskRow, MeasurementRow, ReviewRow, StudyRow

STUDY_RECORD, MASK_RECORD, ANNOTATIONS = "study.json", "mask.json", "annotations.json"
Row = TypeVar("Row", bound=Base)
Columns = dict[str, Any]


def columns_of(row: Base) -> Columns:
    """Convert the columns of a row to what JSON holds."""
    return {column.name: getattr(row, column.name) for column in row.__table__.columns}


def row_of(table: type[Row], columns: Columns) -> Row:
    """Make a row of columns that ``columns_of`` gave; its place in the order is a new one.

    Raises:
        KeyError: a column is missing that must be there.
        TypeError: ``columns`` is not an object.
    """
    wanted = [column for column in table.__table__.columns if column.name != "sequence"]
    return table(
        **{each.name: columns.get(each.name) if each.nullable else columns[each.name] for each in wanted},
    )


def write_study_record(folder: Path, row: StudyRow, durable: bool = True) -> None:
    """Write ``study.json`` into a study's folder; on the disk at once if ``durable``."""
    _write(folder / STUDY_RECORD, columns_of(row), durable)


def write_mask_record(folder: Path, row: MaskRow, job_id: str | None, durable: bool = True) -> None:
    """Write ``mask.json`` into a mask's folder, with the job that made it; on the disk at once if ``durable``."""
    _write(folder / MASK_RECORD, {**columns_of(row), "job_id": job_id}, durable)


def write_annotations(session: Session, folder: Path, study_id: str, durable: bool = True) -> None:
    """Write ``annotations.json``: the measurements and reviews of a study, as ``session`` sees them."""
    session.flush()
    if folder.is_dir():
        _write(
            folder / ANNOTATIONS,
            {
                kind.__tablename__: [columns_of(row) for row in session.scalars(_of_study(kind, study_id))]
                for kind in (MeasurementRow, ReviewRow)
            },
            durable,
        )


def read_record(path: Path) -> Columns | None:
    """Read the content of a record, or None if there is none or it is damaged."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _of_study(table: Any, study_id: str) -> Any:
    return select(table).where(table.study_id == study_id).order_by(table.sequence)


def _write(path: Path, content: Columns, durable: bool) -> None:
    write_atomically(path, json.dumps(content, ensure_ascii=False), durable=durable)
