"""Plans as JSON files: written, read and checked value by value. ``docs/navigation.md`` describes each field."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from segmentation.core.errors import UnreadableFile
from segmentation.core.volume import LabelMap, Volume
from segmentation.planning.breach import Check, check_screw
from segmentation.planning.propose import Vertebra, prepare_vertebra
from segmentation.planning.screw import Omission, Rod, Screw, rods_of
from segmentation.registration.register import RESEARCH_USE_ONLY

PLAN_SCHEMA = "spineview.plan/1"
CHECK_SCHEMA = "spineview.plan_check/1"
CONVENTION = "RAS+ mm of the image; right and left are the patient's"

_LONGEST_MM, _SHORTEST_MM = 150.0, 1.0
_LARGEST_FILE = 20_000_000

Coordinate = Annotated[list[FiniteFloat], Field(min_length=3, max_length=3)]


class _ScrewRow(BaseModel):
    model_config = ConfigDict(extra="ignore")
    label: int = Field(ge=1, le=255)
    side: Literal["right", "left"]
    entry_ras_mm: Coordinate
    tip_ras_mm: Coordinate
    diameter_mm: float = Field(gt=0, le=20)


class _PlanFile(BaseModel):
    model_config = ConfigDict(extra="ignore")
    screws: list[_ScrewRow] = Field(max_length=500)


@dataclass(frozen=True, eq=False)
class Plan:
    """Screws, the pedicles without one, and the rods through their heads."""

    screws: list[Screw]
    omissions: list[Omission]
    rods: list[Rod]

    def to_json(self, checks: Sequence[Check] = ()) -> dict[str, Any]:
        """Represent it as plain JSON, each screw with the grade of its check where there is one."""
        found = {id(check.screw): check for check in checks}
        rows = []
        for screw in self.screws:
            check = found.get(id(screw))
            extra = {} if check is None else {"grade": check.grade, "hu_mean": check.to_json()["hu_mean"]}
            rows.append(screw.to_json() | extra)
        return {
            "schema": PLAN_SCHEMA,
            "notice": RESEARCH_USE_ONLY,
            "convention": CONVENTION,
            "screws": rows,
            "not_proposed": [each.to_json() for each in self.omissions],
            "rods": [rod.to_json() for rod in self.rods],
        }


def read_plan(path: Path) -> Plan:
    """Read a plan; of each screw label, side, entry, tip and diameter count, rods are fitted anew.

    Raises:
        InputError: no JSON, a value is missing or impossible.
    """
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise ValueError
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        raise UnreadableFile("plan.not_json", name=path.name) from None
    try:
        rows = _PlanFile.model_validate(content).screws
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "screws"
        raise UnreadableFile("plan.bad_value", name=path.name, place=place) from None
    screws = [
        Screw(row.label, row.side, np.array(row.entry_ras_mm), np.array(row.tip_ras_mm), row.diameter_mm)
        for row in rows
    ]
    for screw in screws:
        if not _SHORTEST_MM <= screw.length_mm <= _LONGEST_MM:
            raise UnreadableFile("plan.bad_length", name=path.name, screw=screw.name, length=screw.length_mm)
    return Plan(screws, [], rods_of(screws))


def check_plan(
    plan: Plan, label_map: LabelMap, volume: Volume | None = None, known: dict[int, Vertebra] | None = None
) -> list[Check]:
    """Check every screw of a plan.

    Args:
        plan: Its screws.
        label_map: In VerSe numbering.
        volume: A CT, for the HU along the path.
        known: Vertebrae that were measured before.

    Raises:
        InputError: the label of a screw is absent.
    """
    vertebrae = dict(known or {})
    checks = []
    for screw in plan.screws:
        if screw.label not in vertebrae:
            vertebrae[screw.label] = prepare_vertebra(label_map, screw.label)
        vertebra = vertebrae[screw.label]
        check = check_screw(screw, vertebra.field, vertebra.frame, label_map)
        checks.append(check if volume is None else _with_hu(check, volume))
    return checks


def _with_hu(check: Check, volume: Volume) -> Check:
    """Add the mean HU along the axis and on a circle of half the radius, from where the check begins."""
    from dataclasses import replace

    from scipy import ndimage

    from segmentation.planning.breach import cylinder

    thin = replace(check.screw, diameter_mm=check.screw.diameter_mm / 2)
    positions, rings = cylinder(thin)
    index = volume.grid.to_index(rings[positions >= check.from_mm - 1e-6].reshape(-1, 3))
    values = ndimage.map_coordinates(volume.hu, index.T, output=np.float32, order=1, mode="constant", cval=np.nan)
    return replace(check, hu=float(np.nanmean(values)) if np.isfinite(values).any() else None)


def checks_to_json(checks: Sequence[Check]) -> dict[str, Any]:
    """Represent the checks of a plan as plain JSON."""
    grades = [check.grade for check in checks]
    return {
        "schema": CHECK_SCHEMA,
        "notice": RESEARCH_USE_ONLY,
        "convention": CONVENTION,
        "screws": [check.to_json() for check in checks],
        "grades": {grade: grades.count(grade) for grade in "ABCDE"},
    }
