"""Data folders as earlier versions wrote them: their tables as SQL, and the smallest files that a page asks for."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from segmentation.core.volume import LabelMap
from segmentation.writers import write_nifti, write_volume
from tests.webapp.support import BONE_HU, small_volume
from webapp.display.volume_files import write_display, write_display_mask

HERE = Path(__file__).parent
OLD, NEW = "a" * 20, "b" * 20
MASKS = {"c" * 20: "reference", "d" * 20: "model", "e" * 20: "model"}
REFERENCE, FIRST, SECOND = MASKS
ERROR = {"code": "bad_weights", "message": "The model file is damaged.", "hint": "Install again."}
NOTE = {"code": "tilt", "values": {"degrees": "12.5"}}


def write_files(data_dir: Path) -> None:
    """Write the folders of two studies, the older one with a reference and two results."""
    volume = small_volume()
    labels = LabelMap((volume.hu > BONE_HU).astype(np.uint8), volume.grid, "spine")
    for study in (OLD, NEW):
        folder = data_dir / "studies" / study
        folder.mkdir(parents=True)
        write_volume(volume, folder / "original.nii.gz")
        write_display(volume, folder)
        (folder / "thumbnail.png").write_bytes(b"\x89PNG")
    write_nifti(labels, data_dir / "studies" / OLD / "reference.nii.gz")
    for mask in MASKS:
        folder = data_dir / "studies" / OLD / "masks" / mask
        folder.mkdir(parents=True)
        write_nifti(labels, folder / "mask.nii.gz")
        write_display_mask(labels, folder)
        (folder / "1.stl").write_bytes(bytes(84))
        statistics = {"1": {"volume_ml": 1.5, "mean_hu": 600.0, "sd_hu": 1.0, "centre_mm": [0, 0, 0],
                            "low_mm": [0, 0, 0], "high_mm": [1, 1, 1]}}  # fmt: skip
        (folder / "statistics.json").write_text(json.dumps(statistics))


def write_database(path: Path, schema: str, user_version: int | None = None) -> None:
    """Write rows of the two studies into the tables of ``schema_<schema>.sql``.

    The clock was set back by a day after the first job: the later job and mask carry the earlier time.
    """
    with closing(sqlite3.connect(path)) as database, database:
        database.executescript((HERE / f"schema_{schema}.sql").read_text())
        insert(database, "studies", id=OLD, name="old.nii.gz", created_at=2e9, shape="[30, 28, 24]",
               spacing_mm="[1.5, 1.5, 2.0]", orientation="LPS", size_bytes=17, original="original.nii.gz",
               reference="reference.nii.gz")  # fmt: skip
        insert(database, "studies", id=NEW, name="new.nii.gz", created_at=1.9e9, shape="[30, 28, 24]",
               spacing_mm="[1.5, 1.5, 2.0]", orientation="LPS", size_bytes=17, original="original.nii.gz",
               reference=None)  # fmt: skip
        for number, (mask, kind) in enumerate(MASKS.items()):
            insert(database, "masks", id=mask, study_id=OLD, kind=kind, label_map_kind="spine", labels="[1]",
                   volume_ml=1.5, dice=None if kind == "reference" else 0.9, model_id="m", digest="abc",
                   created_at=2e9 - number * 86400)  # fmt: skip
        for number, (study, state, mask) in enumerate(
            [(OLD, "done", FIRST), (OLD, "done", SECOND), (NEW, "done", None), (NEW, "failed", None)]
        ):
            insert(database, "jobs", id=f"job{number}", study_id=study, task="segment", state=state, progress=1.0,
                   stage=state, created_at=2e9 - number * 86400, started_at=2e9, finished_at=2e9 + 5, log='["a line"]',
                   error=json.dumps(ERROR) if state == "failed" else None, mask_id=mask, dice=None,
                   attempts=1)  # fmt: skip
        insert(database, "audit", at=2e9, who="10.0.0.7", action="upload", study_id=OLD, detail="old.nii.gz")
        if user_version is not None:
            database.execute(f"PRAGMA user_version = {user_version}")


def write_annotations(path: Path) -> None:
    """Add what schema 3 has: notes, confidence, a measurement, and reviews of which the later has the earlier time."""
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE studies SET notes = ? WHERE id = ?", (json.dumps([NOTE]), OLD))
        confidence = {"value": 0.6, "level": "low", "reasons": ["gap"]}
        database.execute("UPDATE masks SET confidence = ? WHERE id = ?", (json.dumps(confidence), SECOND))
        insert(database, "measurements", id="m1", study_id=OLD, kind="distance", plane="axial",
               points_mm="[[0, 0, 0], [0, 3, 4]]", label="canal", statistics="{}", created_at=2e9)  # fmt: skip
        for number, verdict in enumerate(("needs_work", "accepted")):
            insert(database, "reviews", id=f"r{number}", study_id=OLD, mask_id=SECOND, verdict=verdict, comment="fine",
                   at_mm="[1, 2, 3]", view="", who="10.0.0.7", created_at=2e9 - number * 86400)  # fmt: skip


def insert(database: sqlite3.Connection, table: str, **columns: Any) -> None:
    names = ", ".join(columns)
    marks = ", ".join("?" * len(columns))
    database.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(columns.values()))
