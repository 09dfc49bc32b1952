"""What planning and registration do for a study: read its vertebrae, propose, check, register, store."""

from __future__ import annotations

import base64
import binascii
import tempfile
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from segmentation.core.errors import GridMismatch, InputError, Problem
from segmentation.core.labels import NUMBERS, SPINE_NUMBERS, label_of
from segmentation.core.volume import LabelMap, Volume
from segmentation.planning.breach import Check
from segmentation.planning.plan import Plan, check_plan
from segmentation.planning.propose import NOT_CERVICAL, Vertebra, prepare_vertebra, propose
from segmentation.planning.screw import Omission, Screw, rods_of
from segmentation.readers import read_volume
from segmentation.registration import rigid
from segmentation.registration.distance_field import DistanceField
from segmentation.registration.point_files import read_landmarks, read_points
from segmentation.registration.register import RESEARCH_USE_ONLY, Target, prepare, register
from webapp.api.navigation.changes import change_since
from webapp.api.navigation.schemas import NewPlan, NewRegistration, NewScrew, NewScrewCheck, UploadedFile
from webapp.http.errors import WebError, not_found
from webapp.storage.mask_files import label_map_of
from webapp.storage.navigation.documents import add_document, document, newest
from webapp.storage.store import Store
from webapp.storage.tables import Mask

_KEPT = 4  # vertebrae that are measured already, of the last registrations
_KEPT_ALONE = 24  # and without neighbours, of the last plans: a few MB each
_targets: OrderedDict[tuple[str, int], Target] = OrderedDict()
_vertebrae: OrderedDict[tuple[str, int], Vertebra] = OrderedDict()
_lock = Lock()


def make_plan(store: Store, study_id: str, wanted: NewPlan, author: str) -> dict[str, Any]:
    """Propose screws, or check those that are given, and store the plan.

    Raises:
        InputError, WebError: no vertebrae, an unknown level, a screw of no length.
    """
    mask = vertebrae_of(store, study_id, wanted.mask_id)
    label_map = label_map_of(store, mask)
    omissions: list[Omission] = []
    if wanted.screws is None:
        screws, omissions, known = propose(label_map, _levels(wanted.levels, label_map))
        for vertebra in known.values():
            _remember(mask, vertebra)
    else:
        screws = _screws(wanted.screws)
        known = _known(mask, label_map, screws)
    checks = check_plan(Plan(screws, omissions, []), label_map, _volume(store, study_id, label_map), known)
    content = {
        "notice": RESEARCH_USE_ONLY,
        "mask_id": mask.id,
        "screws": [_screw_row(check) for check in checks],
        "not_proposed": [
            {
                "label": each.label,
                "level": label_of(each.label).name,
                "side": each.side,
                "reason": Problem(each.code, each.message).to_json(),
            }
            for each in omissions
        ],
        "rods": [rod.to_json() for rod in rods_of(screws)],
    }
    return add_document(store, study_id, "plan", content, author)


def check_screws(store: Store, study_id: str, wanted: NewScrewCheck) -> list[dict[str, Any]]:
    """Check screws as they are, and keep nothing: while they are dragged.

    Returns:
        For each what a plan holds of it, without HU, and the clearance along its axis.

    Raises:
        InputError, WebError: no vertebrae, no such label, a screw of no length.
    """
    mask = vertebrae_of(store, study_id, wanted.mask_id)
    label_map = label_map_of(store, mask)
    screws = _screws(wanted.screws)
    checks = check_plan(Plan(screws, [], []), label_map, None, _known(mask, label_map, screws))
    return [
        _screw_row(check)
        | {
            "position_mm": np.round(check.positions_mm, 2).tolist(),
            "clearance_mm": np.round(check.clearance_mm, 2).tolist(),
            "checked_from_mm": round(check.from_mm, 2),
        }
        for check in checks
    ]


def _screws(wanted: Sequence[NewScrew]) -> list[Screw]:
    screws = [
        Screw(each.label, each.side, np.array(each.entry_ras_mm), np.array(each.tip_ras_mm), each.diameter_mm)
        for each in wanted
    ]
    for screw in screws:
        if not 1.0 <= screw.length_mm <= 150.0:
            raise InputError("plan.bad_length", name="JSON", screw=screw.name, length=screw.length_mm)
    return screws


def _known(mask: Mask, label_map: LabelMap, screws: Sequence[Screw]) -> dict[int, Vertebra]:
    return {screw.label: _vertebra(mask, label_map, screw.label) for screw in screws}


def _vertebra(mask: Mask, label_map: LabelMap, label: int) -> Vertebra:
    """Measure a vertebra without its neighbours, or remember it."""
    key = (mask.id, label)
    with _lock:
        if key in _targets:
            level = _targets[key].level
            return Vertebra(label, level.field, level.frame)
        if key in _vertebrae:
            _vertebrae.move_to_end(key)
            return _vertebrae[key]
    return _remember(mask, prepare_vertebra(label_map, label))


def _remember(mask: Mask, vertebra: Vertebra) -> Vertebra:
    with _lock:
        _vertebrae[mask.id, vertebra.label] = vertebra
        while len(_vertebrae) > _KEPT_ALONE:
            _vertebrae.popitem(last=False)
    return vertebra


def field_of(store: Store, mask: Mask, label: int) -> DistanceField:
    """Give the surface of a vertebra of a mask.

    Raises:
        InputError: the label is absent.
    """
    return _vertebra(mask, label_map_of(store, mask), label).field


def make_registration(store: Store, study_id: str, wanted: NewRegistration, author: str) -> dict[str, Any]:
    """Register points to a vertebra and store the result, whatever its verdict.

    Raises:
        InputError, WebError: no vertebrae, no such label, points that cannot be a vertebra's.
    """
    mask = vertebrae_of(store, study_id, wanted.mask_id)
    with tempfile.TemporaryDirectory(dir=_temporary(store)) as folder:
        points = read_points(_written(wanted.points, Path(folder)))
        pairs = None if wanted.landmarks is None else read_landmarks(_written(wanted.landmarks, Path(folder)))[1:]
    start = None
    if wanted.from_number is not None:
        start = np.array(document(store, study_id, "registration", wanted.from_number)["image_from_tracker"])
    target = _target(store, mask, wanted.label)
    result = register(target, points, pairs, start, _tips(store, study_id, wanted.label))
    content = {
        **result.to_json(),
        **change_since(
            newest(store, study_id, "registration"), wanted.label, result.image_from_tracker, target.level.targets_mm
        ),
        "level": label_of(wanted.label).name,
        "file": wanted.points.name,
        "mask_id": mask.id,
        "reasons": [Problem(reason.code, reason.message).to_json() for reason in result.reasons],
        "points_ras_mm": np.round(rigid.apply(result.image_from_tracker, points), 2).tolist(),
    }
    return add_document(store, study_id, "registration", content, author)


def vertebrae_of(store: Store, study_id: str, mask_id: str | None) -> Mask:
    """Choose a study's vertebrae: those that are named, else the newest, the model's before the reference.

    Raises:
        WebError: 404, 409.
    """
    masks = [mask for mask in store.masks.of_study(study_id) if mask.label_map_kind == "vertebrae"]
    if mask_id is not None:
        masks = [mask for mask in masks if mask.id == mask_id]
        if not masks:
            raise not_found("mask")
    if not masks:
        raise WebError(409, "no_vertebrae", "navigation.no_vertebrae")
    return next((mask for mask in masks if mask.kind != "reference"), masks[0])


def _levels(wanted: list[str] | None, label_map: LabelMap) -> list[int]:
    if wanted is None:
        return [n for n in label_map.present if n in SPINE_NUMBERS and n not in NOT_CERVICAL]
    unknown = [name for name in wanted if name not in NUMBERS or NUMBERS[name] not in label_map.present]
    if unknown:
        raise InputError("plan.unknown_level", level=", ".join(unknown)[:100])
    return [NUMBERS[name] for name in dict.fromkeys(wanted)]


def _screw_row(check: Check) -> dict[str, Any]:
    screw = check.screw.to_json()
    names = ("name", "label", "level", "side", "entry_ras_mm", "tip_ras_mm", "diameter_mm", "length_mm")
    return {name: screw[name] for name in names} | {
        "grade": check.grade,
        "breach_mm": round(check.breach_mm, 2),
        "direction": check.direction,
        "least_clearance_mm": round(check.least_clearance_mm, 2),
        "hu_mean": None if check.hu is None else round(check.hu, 1),
    }


def _volume(store: Store, study_id: str, label_map: LabelMap) -> Volume | None:
    study = store.studies.get(study_id)
    path = None if study is None else store.folder(study_id) / study.original
    if path is None or not path.exists():
        return None
    try:
        volume = read_volume(path)
    except InputError:
        return None  # a plan without HU is a plan
    if not volume.grid.matches(label_map.grid):
        raise GridMismatch("grids.labels_and_ct")
    return volume


def _target(store: Store, mask: Mask, label: int) -> Target:
    key = (mask.id, label)
    with _lock:
        if key in _targets:
            _targets.move_to_end(key)
            return _targets[key]
    made = prepare(label_map_of(store, mask), label)
    with _lock:
        _targets[key] = made
        while len(_targets) > _KEPT:
            _targets.popitem(last=False)
    return made


def _tips(store: Store, study_id: str, label: int) -> dict[str, Any] | None:
    plan = newest(store, study_id, "plan")
    screws = [screw for screw in plan["screws"] if screw["label"] == label] if plan else []
    return {screw["name"]: np.array(screw["tip_ras_mm"]) for screw in screws} or None


def _temporary(store: Store) -> Path:
    store.temporary.mkdir(exist_ok=True)
    return store.temporary


def _written(file: UploadedFile, folder: Path) -> Path:
    """Write an uploaded file for the readers, which want its ending and say its name."""
    name = "".join(c for c in Path(file.name.replace("\\", "/")).name if c.isprintable())[-100:].lstrip(".") or "points"
    try:
        content = base64.b64decode(file.content, validate=True)
    except (binascii.Error, ValueError):
        raise WebError(400, "bad_request", "field.wrong", field="content") from None
    path = folder / name
    path.write_bytes(content)
    return path
