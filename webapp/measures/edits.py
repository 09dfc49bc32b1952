"""Values of measures that readers changed, in the folder of their mask: one of each measure, the newest."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from segmentation.core.atomic import write_atomically
from segmentation.morphometry.drawings import Drawing, Line, drawings, value_of
from segmentation.morphometry.results import SpineMeasures
from webapp.http.errors import WebError, not_found
from webapp.storage.database import new_id
from webapp.storage.folders import MEASURE_EDITS_FILE
from webapp.storage.store import Store
from webapp.storage.tables import Mask

EDITS_FILE = MEASURE_EDITS_FILE
ANONYMOUS = "reader"


@dataclass(frozen=True)
class StoredEdit:
    """A reader's value of one measure.

    Attributes:
        target: Of ``segmentation.morphometry.drawings.drawings``.
        value: That follows from ``lines_mm``, in the measure's unit.
        lines_mm: Each two points, RAS+ mm.
        who: The reader, as in the audit trail.
    """

    id: str
    target: str
    value: float
    lines_mm: tuple[Line, ...]
    who: str
    created_at: datetime


class Edits:
    """Edited values of the masks of a store. Safe to use from any thread."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()

    def of(self, mask: Mask) -> list[StoredEdit]:
        """List the edits of a mask, oldest first."""
        try:
            content = json.loads(self._path(mask).read_text(encoding="utf-8"))
            return [_from_json(each) for each in content["edits"]]
        except (OSError, KeyError, TypeError, ValueError):
            return []

    def dropped(self, mask: Mask, measures: SpineMeasures) -> list[str]:
        """List the targets of changes that do not hold any more: their vertebrae were corrected, or are gone."""
        try:
            content = json.loads(self._path(mask).read_text(encoding="utf-8"))
            left = [str(target) for target in content.get("dropped", [])]
        except (OSError, TypeError, AttributeError, ValueError):
            return []
        now, edited = drawings(measures), [each.target for each in self.of(mask)]
        gone = [target for target in edited if target not in now]
        return [target for target in dict.fromkeys([*left, *gone]) if target in gone or target not in edited]

    def add(self, mask: Mask, measures: SpineMeasures, target: str, lines: Sequence[Line], who: str) -> StoredEdit:
        """Store a reader's lines of one measure in the place of earlier ones.

        Args:
            mask: That was measured.
            measures: As the program measured it.
            target: The measure.
            lines: As many as it has.
            who: The reader.

        Raises:
            WebError: 422, it is no measure that can be changed, or these are not its lines; 404, the mask is gone.
            OSError: the disk is full.
        """
        drawing = drawings(measures).get(target)
        if drawing is None or not drawing.formula:
            raise WebError(422, "not_editable", "measure.not_editable")
        edit = StoredEdit(new_id(), target, _value(drawing, lines), tuple(lines), str(who), datetime.now(UTC))
        with self._lock:
            self._write(mask, [each for each in self.of(mask) if each.target != target] + [edit])
        return edit

    def remove(self, mask: Mask, edit_id: str) -> StoredEdit | None:
        """Go back to the program's value; None if there is no such edit.

        Raises:
            WebError: 404, the mask is gone.
            OSError: the disk is full.
        """
        with self._lock:
            before = self.of(mask)
            removed = next((each for each in before if each.id == edit_id), None)
            if removed is not None:
                self._write(mask, [each for each in before if each is not removed])
        return removed

    def applied(self, mask: Mask, measures: SpineMeasures, anonymous: str = ANONYMOUS) -> SpineMeasures:
        """Put the readers' values in the place of the program's; ``anonymous`` names whoever has no account."""
        from segmentation.morphometry.edits import Edit, with_edits  # scipy takes a moment

        edits = {e.target: Edit(e.value, e.lines_mm, shown_author(e.who, anonymous)) for e in self.of(mask)}
        return with_edits(measures, edits)

    def _write(self, mask: Mask, edits: Sequence[StoredEdit]) -> None:
        path = self._path(mask)
        if not path.parent.is_dir():
            raise not_found("mask")
        content = {**_kept_beside(path), "edits": [_to_json(each) for each in edits]}
        write_atomically(path, json.dumps(content, ensure_ascii=False), durable=True)

    def _path(self, mask: Mask) -> Path:
        return self._store.mask_folder(mask) / EDITS_FILE


def _kept_beside(path: Path) -> dict[str, Any]:
    """Read what the file holds beside the edits: which were not taken over."""
    try:
        return {"dropped": json.loads(path.read_text(encoding="utf-8"))["dropped"]}
    except (OSError, KeyError, TypeError, ValueError):
        return {}


def shown_author(who: str, anonymous: str = ANONYMOUS) -> str:
    """Name a reader for people: ``anonymous`` where there are no accounts, and only an address is known."""
    try:
        ip_address(who)
    except ValueError:
        return who or anonymous
    return anonymous


def _value(drawing: Drawing, lines: Sequence[Line]) -> float:
    if len(lines) != len(drawing.lines):
        raise WebError(422, "bad_lines", "measure.bad_lines", count=len(drawing.lines))
    try:
        return round(value_of(drawing.formula, lines), 3)
    except ValueError:
        raise WebError(422, "bad_lines", "measure.bad_lines", count=len(drawing.lines)) from None


def _to_json(edit: StoredEdit) -> dict[str, Any]:
    return {**vars(edit), "created_at": edit.created_at.isoformat()}


def _from_json(content: dict[str, Any]) -> StoredEdit:
    lines = tuple((_point(first), _point(second)) for first, second in content["lines_mm"])
    at = datetime.fromisoformat(content["created_at"])
    return StoredEdit(**{**content, "lines_mm": lines, "created_at": at})


def _point(content: Sequence[float]) -> tuple[float, float, float]:
    x, y, z = content
    return float(x), float(y), float(z)
