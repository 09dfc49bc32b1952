"""Versions of masks that readers corrected: made of a draft, with what they add and remove, and taken back."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from segmentation.analysis.label_statistics import LabelStatistics
from segmentation.core.geometry import to_canonical
from segmentation.core.labels import HEAD_TO_FOOT, NUMBERS, SACRUM, label_of
from segmentation.core.volume import LabelMap
from segmentation.readers import read_label_map, read_volume
from webapp.http.errors import WebError, not_found
from webapp.storage.edits import drafts
from webapp.storage.edits.blocks import apply_blocks, decode_blocks
from webapp.storage.edits.carry import carry_edits
from webapp.storage.folders import DRAFTS_FOLDER, NAMES_FILE, STATISTICS_FILE, VERSION_FILE
from webapp.storage.mask_files import label_map_of, read_names, with_dice, write_mask
from webapp.storage.recovery.records import MASK_RECORD
from webapp.storage.store import Store
from webapp.storage.tables import Mask

Keep = Literal["if_newest", "with_theirs", "as_own"]
"""What becomes of a correction of a mask that is not the newest any more: refused; made in the newest one, where it
changed voxels; or a version of its own beside theirs."""
Change = Literal["made", "renamed", "corrected", "restored"]
Difference = dict[int, tuple[float, float]]


@dataclass(frozen=True)
class Version:
    """One version of a mask.

    Attributes:
        number: Counts the masks of its kind from 1.
        change: How it came about.
        who: The reader who made it; "" where the engine did.
        parent: Id of the mask that it changed; None of what a reader did not make.
        comment: What the reader says of it.
        difference: Millilitres added and removed by label, against the version before it.
    """

    mask: Mask
    number: int
    change: Change
    who: str
    parent: str | None
    comment: str
    difference: Difference

    @property
    def added_ml(self) -> float:
        """Of all labels."""
        return sum(added for added, _ in self.difference.values())

    @property
    def removed_ml(self) -> float:
        """Of all labels."""
        return sum(removed for _, removed in self.difference.values())


def editable_labels(mask: Mask) -> list[int]:
    """List the labels that a correction of a mask may write: all vertebrae, or the one of a spine in one piece.

    Raises:
        WebError: 422, a reference stays as it came.
    """
    if mask.kind == "reference":
        raise WebError(422, "reference", "edits.reference")
    if mask.label_map_kind == "spine":
        return [1]
    return sorted({*NUMBERS.values(), *mask.labels}, key=_from_head)


def versions_of(store: Store, mask: Mask) -> list[Version]:
    """List the versions of a mask, the newest first."""
    same = [other for other in reversed(store.masks.of_study(mask.study_id)) if other.kind == mask.kind]
    return [_version(store, other, n) for n, other in enumerate(same, 1)][::-1]


def save_version(store: Store, mask: Mask, draft_id: str, owner: str, who: str, keep: Keep, comment: str = "") -> Mask:
    """Make a version of a draft, and remove the draft.

    Args:
        store: Holds the mask.
        mask: Which the draft begins with.
        draft_id: One of ``owner``'s.
        owner: Who edits.
        who: The same in words.
        keep: What to do if ``mask`` is not the newest of its kind.
        comment: What the reader says of it.

    Raises:
        WebError: 404, a file or the draft is lost; 409, there is a newer version, or nothing was changed; 507.
    """
    folder = store.mask_folder(mask)
    payloads = drafts.read_draft(folder, draft_id, owner)
    newest = store.masks.newest_like(mask)
    if newest.id != mask.id and keep == "if_newest":
        raise WebError(409, "mask_changed", "edits.newer_version")
    base = label_map_of(store, mask)
    mine = LabelMap(base.labels.copy(), base.grid, base.kind, base.header)
    displayed = to_canonical(mine.labels, mine.grid)
    for data in payloads:
        i, j, k = displayed.shape
        apply_blocks(decode_blocks(data, (i, j, k), editable_labels(mask)), displayed)
    if newest.id != mask.id and keep == "with_theirs":
        base, mine = _joined(store, mask, newest, base, mine)
        mask = newest
    difference = _difference(base, mine)
    if not difference:
        raise WebError(409, "unchanged", "edits.nothing")
    note = {"parent": mask.id, "who": str(who), "comment": comment, "corrected": _as_json(difference)}
    made = _store(store, mask, mine, newest, note, set(difference))
    drafts.remove_draft(folder, draft_id, owner)
    return made


def restore_version(store: Store, mask: Mask, who: str) -> Mask:
    """Make an older version the newest again, as a copy of it; what came between stays.

    Raises:
        WebError: 404, a file is lost; 409, it is the newest, or somebody saved one meanwhile.
    """
    newest = store.masks.newest_like(mask)
    if newest.id == mask.id:
        raise WebError(409, "unchanged", "edits.is_newest")
    difference = _difference(label_map_of(store, newest), label_map_of(store, mask))
    staged = store.stage()
    try:
        shutil.copytree(
            store.mask_folder(mask),
            staged,
            ignore=shutil.ignore_patterns(VERSION_FILE, MASK_RECORD, DRAFTS_FOLDER, ".*"),
            dirs_exist_ok=True,
        )
        note = {"parent": newest.id, "who": str(who), "restored": mask.id, "corrected": _as_json(difference)}
        (staged / VERSION_FILE).write_text(json.dumps(note), encoding="utf-8")
        made = replace(mask, id=staged.name, created_at=datetime.now(UTC))
        store.masks.add_version(made, staged, newest)
    finally:
        shutil.rmtree(staged, ignore_errors=True)  # nothing is left there once it is in place
    return made


def _joined(store: Store, mask: Mask, newest: Mask, base: LabelMap, mine: LabelMap) -> tuple[LabelMap, LabelMap]:
    """Make my changes in the newest version: return it, and it with them.

    Raises:
        WebError: 409, the newest one is no descendant of mine: it was segmented again.
    """
    numbers = _renamed_since(store, mask, newest)
    theirs = label_map_of(store, newest)
    changed = base.labels != mine.labels
    both = theirs.labels.copy()
    both[changed] = numbers[mine.labels[changed]]
    return theirs, LabelMap(both, theirs.grid, theirs.kind, theirs.header)


def _renamed_since(store: Store, mask: Mask, newest: Mask) -> NDArray[np.uint8]:
    """Follow the names of labels from a mask to its descendant: the new number of each old one."""
    tables, at = [], newest.id
    while at != mask.id:
        known = store.masks.get(at)
        note = None if known is None else _note(store.mask_folder(known))
        if note is None or "restored" in note:
            raise WebError(409, "mask_changed", "edits.segmented_again")
        table = np.arange(256, dtype=np.uint8)
        for before, after in note.get("renamed", {}).items():
            table[int(before)] = after
        tables.append(table)
        at = note["parent"]
    numbers = np.arange(256, dtype=np.uint8)
    for table in reversed(tables):
        numbers = table[numbers]
    return numbers


def _store(
    store: Store, mask: Mask, label_map: LabelMap, newest: Mask, note: Mapping[str, Any], touched: set[int]
) -> Mask:
    """Write all files of a version of ``mask``, and add it behind ``newest``."""
    study = store.studies.get(mask.study_id)
    if study is None:
        raise not_found("study")
    folder = store.folder(study.id)
    staged = store.stage()
    try:
        volume = read_volume(folder / study.original)
        made = write_mask(label_map, volume, staged, study.id, mask.kind, mask.model_id)
        made = with_dice(made, label_map, read_label_map(folder / study.reference) if study.reference else None)
        _carry_surfaces(store.mask_folder(mask), staged, set(made.labels) - touched)
        names = read_names(store, mask)
        if names is not None:
            corrected = _corrected_names(names, _statistics_in(staged), label_map, touched)
            (staged / NAMES_FILE).write_text(json.dumps(corrected), encoding="utf-8")
        carry_edits(store.mask_folder(mask), staged, touched)
        (staged / VERSION_FILE).write_text(json.dumps(note), encoding="utf-8")
        store.masks.add_version(made, staged, newest)
    finally:
        shutil.rmtree(staged, ignore_errors=True)  # nothing is left there once it is in place
    return made


def _statistics_in(staged: Path) -> dict[int, LabelStatistics]:
    rows = json.loads((staged / STATISTICS_FILE).read_text(encoding="utf-8"))
    return {int(label): LabelStatistics(**values) for label, values in rows.items()}


def _carry_surfaces(source: Path, staged: Path, labels: set[int]) -> None:
    """Take over the surfaces of labels that are as they were; the others are made when they are asked for."""
    for label in labels:
        for path in source.glob(f"{label}.*"):
            shutil.copyfile(path, staged / path.name)


def _corrected_names(
    names: Mapping[str, Any], statistics: Mapping[int, LabelStatistics], label_map: LabelMap, touched: set[int]
) -> dict[str, Any]:
    """List the vertebrae that there are now; of one that a reader touched, its voxels are no reason for doubt."""
    before = {each["label"]: each for each in names["vertebrae"]}
    vertebrae = []
    for label in sorted((n for n in statistics if n != SACRUM), key=_from_head):
        known, found = before.get(label), statistics[label]
        if known is not None and label not in touched:
            vertebrae.append(known)
            continue
        centre = [round(mm, 2) for mm in found.centre_mm]
        kept = [each for each in (known or {}).get("reasons", ()) if each in ("name_doubtful", "no_landmark")]
        vertebrae.append({
            "label": label,
            "name": label_of(label).name,
            "confidence": (known or {}).get("confidence", "medium") if kept or known is None else "high",
            "reasons": kept,
            "centroid_ras_mm": centre,
            "body_ras_mm": known["body_ras_mm"] if known is not None else centre,
            "volume_ml": round(found.volume_ml, 2),
            "cut_by_border": _touches_border(label_map.labels, label),
            "name_probability": known["name_probability"] if known is not None else 1.0,
        })  # fmt: skip
    return {**names, "vertebrae": vertebrae}


def _touches_border(labels: NDArray[np.uint8], label: int) -> bool:
    faces = (labels[0], labels[-1], labels[:, 0], labels[:, -1], labels[:, :, 0], labels[:, :, -1])
    return any(bool((face == label).any()) for face in faces)


def _difference(before: LabelMap, after: LabelMap) -> Difference:
    """Compute what each label gained and lost, in millilitres; labels that stayed are left out."""
    changed = before.labels != after.labels
    lost, gained = (np.bincount(each.labels[changed], minlength=256) for each in (before, after))
    voxel_ml = after.grid.voxel_ml
    labels = np.flatnonzero(lost + gained)
    return {int(n): (float(gained[n]) * voxel_ml, float(lost[n]) * voxel_ml) for n in labels if n}


def _as_json(difference: Difference) -> dict[str, list[float]]:
    return {str(label): [round(added, 4), round(removed, 4)] for label, (added, removed) in difference.items()}


def _note(folder: Path) -> dict[str, Any] | None:
    try:
        found = json.loads((folder / VERSION_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and "parent" in found else None


def _version(store: Store, mask: Mask, number: int) -> Version:
    note = _note(store.mask_folder(mask))
    if note is None:
        return Version(mask, number, "made", "", None, "", {})
    difference = {int(label): (added, removed) for label, (added, removed) in note.get("corrected", {}).items()}
    change: Change = "restored" if "restored" in note else "renamed" if "renamed" in note else "corrected"
    return Version(mask, number, change, note["who"], note["parent"], note.get("comment", ""), difference)


def _from_head(label: int) -> int:
    name = label_of(label).name
    return HEAD_TO_FOOT.index(name) if name in HEAD_TO_FOOT else 100 + label
