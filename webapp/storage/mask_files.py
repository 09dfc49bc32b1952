"""Write a label map as a mask of the store: NIfTI on the original grid, voxels and surface for the browser.

What a reader changed becomes a mask of its own; the one before stays.
"""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from segmentation.analysis.label_statistics import LabelStatistics, label_statistics
from segmentation.core.atomic import atomic_path
from segmentation.core.labels import label_of, spine_voxels
from segmentation.core.volume import LabelMap, Volume
from segmentation.evaluation.metrics import dice
from segmentation.inference.confidence import Confidence
from segmentation.readers import read_label_map
from segmentation.vertebrae.named_spine import NamedSpine
from segmentation.writers import write_nifti
from segmentation.writers.indexed_mesh import write_indexed_mesh
from webapp.display.volume_files import write_display_mask, write_mesh
from webapp.enumerations import MaskKind
from webapp.http.errors import not_found
from webapp.storage.edits.carry import carry_edits
from webapp.storage.folders import NAMES_FILE, NIFTI_FILE, STATISTICS_FILE, VERSION_FILE
from webapp.storage.store import Store
from webapp.storage.tables import Mask

MeshSuffix = Literal[".bin", ".stl"]


def write_mask(
    label_map: LabelMap,
    volume: Volume,
    folder: Path,
    study_id: str,
    kind: MaskKind,
    model_id: str = "",
    confidence: Confidence | None = None,
) -> Mask:
    """Write a mask's files into the empty ``folder``, whose name becomes its id; ``volume`` is its CT."""
    write_nifti(label_map, folder / NIFTI_FILE)
    statistics = {str(label): asdict(values) for label, values in label_statistics(label_map, volume).items()}
    (folder / STATISTICS_FILE).write_text(json.dumps(statistics), encoding="utf-8")
    digest = write_display_mask(label_map, folder)
    spine = spine_voxels(label_map)
    return Mask(
        id=folder.name,
        study_id=study_id,
        kind=kind,
        label_map_kind=label_map.kind,
        labels=[int(label) for label in np.unique(label_map.labels) if label > 0],
        volume_ml=float(np.count_nonzero(spine)) * label_map.grid.voxel_ml,
        dice=None,
        model_id=model_id,
        digest=digest,
        confidence=confidence,
    )


def write_names(named: NamedSpine, folder: Path) -> None:
    """Write beside a mask what its vertebrae are called and how sure that is."""
    (folder / NAMES_FILE).write_text(json.dumps(named.to_json()), encoding="utf-8")


def read_names(store: Store, mask: Mask) -> dict[str, Any] | None:
    """Read what ``write_names`` wrote, as plain types; None for a mask without names."""
    path = store.mask_folder(mask) / NAMES_FILE
    if not path.is_file():
        return None
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def with_dice(mask: Mask, label_map: LabelMap, reference: LabelMap | None) -> Mask:
    """``mask`` with its Dice against ``reference`` (on the same grid), unchanged where there is none."""
    if reference is None:
        return mask
    return replace(mask, dice=float(dice(spine_voxels(label_map), spine_voxels(reference))))


def mask_statistics(store: Store, mask: Mask) -> dict[int, LabelStatistics]:
    """Read the statistics of each label of a mask from its folder; none for a mask of an older version."""
    path = store.mask_folder(mask) / STATISTICS_FILE
    if not path.exists():
        return {}
    found = json.loads(path.read_text(encoding="utf-8"))
    return {int(label): LabelStatistics(**values) for label, values in found.items()}


def mesh_file(store: Store, mask: Mask, label: int, suffix: MeshSuffix) -> Path:
    """Find the surface of one label of a mask, or make it from the mask: ``.bin`` for the viewer, else STL.

    Args:
        store: Holds the mask.
        mask: Made by this version or by an older one, whose folders hold STL files alone.
        label: One of the mask's.
        suffix: Which of the two.

    Raises:
        WebError: 404, the mask's file is lost.
    """
    path = store.mask_folder(mask) / f"{label}{suffix}"
    if not path.exists():
        write_mesh(label_map_of(store, mask), label, path)
    return path


def label_map_of(store: Store, mask: Mask) -> LabelMap:
    """Read a mask's labels on the study's original grid. Raises WebError: 404, its file is lost."""
    path = store.mask_folder(mask) / NIFTI_FILE
    if not path.is_file():
        raise not_found("file")
    label_map = read_label_map(path)
    return LabelMap(label_map.labels, label_map.grid, mask.label_map_kind, label_map.header)


def distance_file(store: Store, mask: Mask, reference: Mask) -> Path:
    """Return the surface of ``mask`` with its distances to that of ``reference``, made when first asked for.

    Raises:
        InputError: one of the two holds no spine.
        WebError: 404, a file is lost.
    """
    from segmentation.analysis.surface_distance import distance_surface  # VTK takes a second to import

    path = store.mask_folder(mask) / f"distance-{reference.id}.bin"
    if not path.exists():
        measured = distance_surface(label_map_of(store, mask), label_map_of(store, reference))
        write_indexed_mesh(path, measured.points_mm, measured.triangles, measured.distance_mm)
    return path


def gzipped(path: Path) -> Path:
    """Compress a file by gzip into its folder, once; of a mesh a third to a half is then sent."""
    packed = path.with_name(f"{path.name}.gz")
    if not packed.exists():
        with (
            atomic_path(packed, durable=True) as partial,
            path.open("rb") as plain,
            gzip.open(partial, "wb", compresslevel=4) as out,
        ):
            shutil.copyfileobj(plain, out)
    return packed


def rename_labels(store: Store, mask: Mask, numbers: Mapping[int, int], who: str) -> Mask:
    """Store a version of ``mask`` whose labels have other numbers; its voxels stay where they are.

    Args:
        store: Holds the mask.
        mask: The newest of its kind.
        numbers: New number by old one; labels that are not in it keep theirs.
        who: The reader, as in the audit trail.

    Raises:
        WebError: 404, a file is lost; 409, there is a newer version.
    """
    old = label_map_of(store, mask)
    table = np.arange(256, dtype=np.uint8)
    for before, after in numbers.items():
        table[before] = after
    label_map = LabelMap(table[old.labels], old.grid, old.kind, old.header)
    staged = store.stage()
    try:
        write_nifti(label_map, staged / NIFTI_FILE)
        digest = write_display_mask(label_map, staged)
        made = replace(
            mask,
            id=staged.name,
            labels=sorted(int(table[label]) for label in mask.labels),
            digest=digest,
            created_at=datetime.now(UTC),
        )
        _carry_over(store, mask, staged, table)
        carry_edits(store.mask_folder(mask), staged, numbers=numbers)
        change = {str(before): after for before, after in numbers.items()}
        _write(staged / VERSION_FILE, {"parent": mask.id, "who": who, "renamed": change})
        store.masks.add_version(made, staged, mask)
    finally:
        shutil.rmtree(staged, ignore_errors=True)  # nothing is left there once it is in place
    return made


def _carry_over(store: Store, mask: Mask, staged: Path, table: np.ndarray[Any, np.dtype[np.uint8]]) -> None:
    """Take over what was known of each label, and its surface, under its new number."""
    folder = store.mask_folder(mask)
    for label in mask.labels:
        for suffix in get_args(MeshSuffix):
            surface = folder / f"{label}{suffix}"
            if surface.is_file():
                shutil.copyfile(surface, staged / f"{table[label]}{suffix}")
    statistics = folder / STATISTICS_FILE
    if statistics.is_file():
        known = json.loads(statistics.read_text(encoding="utf-8"))
        _write(staged / STATISTICS_FILE, {str(table[int(label)]): values for label, values in known.items()})
    names = read_names(store, mask)
    if names is not None:
        _write(staged / NAMES_FILE, _renamed(names, table))


def _renamed(names: dict[str, Any], table: np.ndarray[Any, np.dtype[np.uint8]]) -> dict[str, Any]:
    """Names as a reader decided them: the row is sure, and there is no other naming."""
    vertebrae = []
    for each in names["vertebrae"]:
        number = int(table[each["label"]])
        vertebrae.append({**each, "label": number, "name": label_of(number).name})
    return {**names, "vertebrae": vertebrae, "sequence": {**names["sequence"], "sure": True, "alternatives": []}}


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content), encoding="utf-8")
