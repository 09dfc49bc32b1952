"""Plans, registrations and checks of a study: files in its folder, numbered, of which none is ever changed.

``navigation/plan-000001.json`` and ``navigation/registration-000001.json`` hold all of it, so that they go where the
study goes: into backups, and with it when it is deleted. The highest number is the newest.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from segmentation.core.atomic import atomic_path
from webapp.http.errors import WebError, not_found
from webapp.storage.store import Store

Kind = Literal["plan", "registration", "check"]
FOLDER = "navigation"
MOST_PER_STUDY = 999
"""Of each kind."""
_NAME = re.compile(r"(plan|registration|check)-(\d{6})\.json")


def add_document(store: Store, study_id: str, kind: Kind, content: Mapping[str, Any], author: str) -> dict[str, Any]:
    """Store a plan, a registration or a check; it is on the disk when this returns.

    Returns:
        It, with its number, author and time.

    Raises:
        WebError: the study has too many, or is gone.
    """
    folder = _folder(store, study_id)
    folder.mkdir(exist_ok=True)
    number = max(numbers(store, study_id, kind), default=0) + 1
    made_at = datetime.now(UTC).isoformat()
    while True:
        if number > MOST_PER_STUDY:
            raise WebError(400, "bad_request", "navigation.too_many", count=MOST_PER_STUDY)
        document = {**content, "number": number, "author": author, "created_at": made_at}
        path = folder / f"{kind}-{number:06d}.json"
        try:
            with atomic_path(folder / f"{kind}-new-{os.urandom(6).hex()}", durable=True) as partial:
                partial.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
                os.link(partial, path)  # unlike a rename, never over another's
        except FileExistsError:
            number += 1
            continue
        finally:
            for left in folder.glob(f"{kind}-new-*"):
                left.unlink(missing_ok=True)
        return document


def numbers(store: Store, study_id: str, kind: Kind) -> list[int]:
    """List the numbers of what there is of a kind, ascending."""
    folder = _folder(store, study_id)
    names = [_NAME.fullmatch(path.name) for path in folder.iterdir()] if folder.is_dir() else []
    return sorted(int(name[2]) for name in names if name and name[1] == kind)


def document(store: Store, study_id: str, kind: Kind, number: int) -> dict[str, Any]:
    """Read one.

    Raises:
        WebError: 404, there is none, or it cannot be read.
    """
    try:
        found = json.loads((_folder(store, study_id) / f"{kind}-{number:06d}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise not_found("file") from None
    return dict(found)


def newest(store: Store, study_id: str, kind: Kind) -> dict[str, Any] | None:
    """Read the newest of a kind; None if there is none."""
    known = numbers(store, study_id, kind)
    return document(store, study_id, kind, known[-1]) if known else None


def _folder(store: Store, study_id: str) -> Path:
    if store.studies.get(study_id) is None:
        raise not_found("study")
    return store.folder(study_id) / FOLDER
