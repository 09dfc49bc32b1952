"""Studies and masks of a store, as small as they can be."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from webapp.storage.store import Store
from webapp.storage.tables import Mask, Study


def add(store: Store, name: str = "a.nii", original: str = "original.nii") -> Study:
    staged = store.stage()
    (staged / original).write_bytes(b"x")
    study = Study(staged.name, name, datetime.now(UTC), (4, 5, 6), (1.0, 2.0, 3.0), "LPS", 1, original=original)
    return store.studies.add(study, staged)


def mask_of(study: Study, mask_id: str) -> Mask:
    return Mask(mask_id, study.id, "model", "spine", [1], 1.5, 0.9, "m", "d")


def complete(store: Store, study: Study, job_id: str | None = None) -> Mask:
    """Give a study a mask, as the result of a job."""
    staged = store.stage()
    (staged / "mask.nii.gz").write_bytes(b"mask")
    mask = mask_of(study, staged.name)
    assert store.jobs.complete(job_id or store.jobs.add(study.id).id, mask, staged, "Done")
    return mask


def reopened(store: Store) -> Store:
    """The store as the next server finds it."""
    data_dir: Path = store.data_dir
    store.close()
    again = Store(data_dir)
    again.recover()
    return again
