"""Repair a data folder whose server is stopped: adopt studies from their folders, report, set aside what is unknown."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from webapp.maintenance.backup import copy_database
from webapp.maintenance.invariants import violations
from webapp.storage.database import DATABASE_FILE
from webapp.storage.folders import Folders, scratch_folder
from webapp.storage.store import Store

_HOLD_S = 5.0


@dataclass(frozen=True)
class Report:
    """What a repair found and did.

    Attributes:
        adopted: Ids of studies that were taken up from their folders.
        unknown: Names in ``studies`` that are no study.
        moved: Whether these were moved to ``lost``; else they are where they were.
        lost: What lies in ``lost`` now.
        violations: What is still wrong, a sentence each.
    """

    studies: int
    adopted: list[str]
    unknown: list[str]
    moved: bool
    lost: list[str]
    violations: list[str]


def repair(data_dir: Path, move: bool = False, database_url: str = "") -> Report:
    """Bring database and folders together, as a start does, and say what was found.

    Args:
        data_dir: The folder; a damaged database in it is moved to ``lost`` and made anew from the studies.
        move: Whether what is no study is moved out of ``studies`` into ``lost``.
        database_url: Of the PostgreSQL that holds the rows, if that does.

    Raises:
        BadConfiguration: a server uses it, a later version wrote it, or it cannot be written.
    """
    store = Store(data_dir, database_url)
    try:
        store.hold(_HOLD_S)
        before = {study.id for study in store.studies.all()}
        store.recover()
        after = {study.id for study in store.studies.all()}
        folders = Folders(data_dir)
        unknown = [path for path in sorted(folders.studies.iterdir()) if path.name not in after]
        if move:
            for path in unknown:
                _set_aside(path, folders.lost)
        left = sorted(path.name for path in folders.lost.iterdir()) if folders.lost.is_dir() else []
        wrong = _violations(data_dir, database_url)
    finally:
        store.close()
    return Report(len(after), sorted(after - before), [path.name for path in unknown], move, left, wrong)


def _violations(data_dir: Path, database_url: str) -> list[str]:
    if not database_url:
        return violations(data_dir, deep=True)
    with scratch_folder() as scratch:
        copy_database(data_dir, database_url, scratch / DATABASE_FILE)
        return violations(data_dir, deep=True, database=scratch / DATABASE_FILE)


def _set_aside(path: Path, lost: Path) -> None:
    lost.mkdir(exist_ok=True)
    target, number = lost / path.name, 1
    while target.exists():
        number += 1
        target = lost / f"{path.name}-{number}"
    os.rename(path, target)
