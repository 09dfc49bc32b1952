"""The commands ``spineview plan propose`` and ``spineview plan check``. Research use only."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from segmentation.cli.options.output import check_writable, write_json
from segmentation.core.atomic import write_atomically
from segmentation.core.errors import BadConfiguration, GridMismatch

if TYPE_CHECKING:
    from segmentation.core.volume import LabelMap, Volume
    from segmentation.planning.breach import Check
    from segmentation.planning.plan import Plan
    from segmentation.planning.propose import Catalogue

_MESHES = (".stl", ".glb", ".ply", ".obj")


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the two actions with their files."""
    actions = command.add_subparsers(dest="action", required=True, metavar="propose|check")
    propose = actions.add_parser("propose", help="propose pedicle screws and rods")
    propose.add_argument("ct", metavar="CT", type=Path, help="the scan, for the HU along each screw")
    propose.add_argument("vertebrae", metavar="VERT.nii.gz", type=Path, help="label map in VerSe numbering")
    propose.add_argument("--levels", help="for instance L3,L4,L5; without it every level from C7 down")
    propose.add_argument("--diameters", metavar="MM,MM", help="diameters that there are, ascending")
    propose.add_argument("--lengths", metavar="MM,MM", help="lengths that there are, ascending")
    check = actions.add_parser("check", help="check the screws of a plan for breaches")
    check.add_argument("plan", metavar="PLAN.json", type=Path)
    check.add_argument("--vertebrae", metavar="VERT.nii.gz", type=Path, required=True)
    check.add_argument("--ct", metavar="CT", type=Path, help="the scan, for the HU along each screw")
    for action in (propose, check):
        action.add_argument("-o", "--output", metavar="FILE.json", type=Path, required=True)
        action.add_argument("--csv", metavar="FILE.csv", type=Path, help="the table of screws, too")
        action.add_argument("--meshes", metavar="FILE", type=Path, help="vertebrae, screws, rods: .stl .glb .ply .obj")
        action.add_argument("--dicom-sr", metavar="OUT.dcm", type=Path, help="of a DICOM CT: the screws as lines in it")


def run(options: argparse.Namespace) -> int:
    """Propose or check; write the files and print the table."""
    from segmentation.planning.plan import check_plan, checks_to_json, read_plan
    from segmentation.readers import read_label_map

    check_writable(options.output, ".json")
    check_writable(options.csv, ".csv")
    check_writable(options.meshes, *_MESHES)
    _check_dicom(options)
    if options.action == "propose":
        catalogue = _catalogue(options)
        label_map = read_label_map(options.vertebrae)
        volume = _volume(options.ct, label_map)
        plan, checks = _proposed(options, label_map, volume, catalogue)
        write_json(plan.to_json(checks), options.output)
    else:
        plan = read_plan(options.plan)
        label_map = read_label_map(options.vertebrae)
        checks = check_plan(plan, label_map, _volume(options.ct, label_map))
        write_json(checks_to_json(checks), options.output)
    _print(plan, checks, options.output)
    if options.csv is not None:
        from segmentation.planning.export import plan_csv

        write_atomically(options.csv, plan_csv(checks))
    if options.meshes is not None:
        _write_meshes(plan, label_map, options.meshes)
    if options.dicom_sr is not None:
        _write_dicom(checks, options)
    return 0


def _check_dicom(options: argparse.Namespace) -> None:
    from segmentation.readers.dicom.reader import is_dicom

    check_writable(options.dicom_sr, ".dcm")
    if options.dicom_sr is not None and (options.ct is None or not is_dicom(options.ct)):
        name = "--ct" if options.ct is None else options.ct.name
        raise BadConfiguration("cli.needs_dicom", option="dicom-sr", name=name)


def _write_dicom(checks: Sequence[Check], options: argparse.Namespace) -> None:
    from segmentation.cli.options.dicom_options import dicom_sources
    from segmentation.report.plan_object import write_plan_object

    if not checks:
        print("note: there is no screw, so no DICOM object was written", file=sys.stderr)
        return
    with dicom_sources(options.ct, "") as sources:
        write_plan_object([check.to_json() for check in checks], sources, options.dicom_sr)
    print(f"{options.dicom_sr}: screws as DICOM")


def _proposed(
    options: argparse.Namespace, label_map: LabelMap, volume: Volume | None, catalogue: Catalogue
) -> tuple[Plan, list[Check]]:
    from segmentation.planning.plan import Plan, check_plan
    from segmentation.planning.propose import propose
    from segmentation.planning.screw import rods_of

    screws, omissions, vertebrae = propose(label_map, _levels(options.levels, label_map), catalogue)
    plan = Plan(screws, omissions, rods_of(screws))
    return plan, check_plan(plan, label_map, volume, vertebrae)


def _levels(wanted: str | None, label_map: LabelMap) -> list[int]:
    from segmentation.core.labels import NUMBERS, SPINE_NUMBERS
    from segmentation.planning.propose import NOT_CERVICAL

    if wanted is None:
        return [n for n in label_map.present if n in SPINE_NUMBERS and n not in NOT_CERVICAL]
    names = wanted.replace(",", " ").split()
    unknown = [name for name in names if name.upper() not in NUMBERS and name not in NUMBERS]
    if unknown or not names:
        raise BadConfiguration("plan.unknown_level", level=", ".join(unknown) or wanted)
    return [NUMBERS[name.upper()] if name.upper() in NUMBERS else NUMBERS[name] for name in dict.fromkeys(names)]


def _catalogue(options: argparse.Namespace) -> Catalogue:
    from segmentation.planning.propose import Catalogue

    sizes = {"diameters_mm": _sizes(options.diameters), "lengths_mm": _sizes(options.lengths)}
    return Catalogue(**{key: value for key, value in sizes.items() if value is not None})


def _sizes(text: str | None) -> tuple[float, ...] | None:
    try:
        return None if text is None else tuple(float(part) for part in text.replace(",", " ").split())
    except ValueError:
        raise BadConfiguration("plan.not_sizes", text=text) from None


def _volume(path: Path | None, label_map: LabelMap) -> Volume | None:
    from segmentation.readers import read_volume

    if path is None:
        return None
    volume = read_volume(path)
    if not volume.grid.matches(label_map.grid):
        raise GridMismatch("grids.labels_and_ct")
    return volume


def _write_meshes(plan: Plan, label_map: LabelMap, path: Path) -> None:
    from segmentation.analysis.surface import surfaces
    from segmentation.planning.export import rod_surface, screw_surface
    from segmentation.writers.mesh import write_surfaces

    labels = sorted({screw.label for screw in plan.screws})
    bones = surfaces(label_map, labels)
    write_surfaces([*bones, *map(screw_surface, plan.screws), *map(rod_surface, plan.rods)], path)
    print(path)


def _print(plan: Plan, checks: Sequence[Check], path: Path) -> None:
    from segmentation.registration.register import RESEARCH_USE_ONLY

    print(RESEARCH_USE_ONLY)
    for check in checks:
        screw = check.screw
        breach = f"breach {check.breach_mm:.1f} mm {check.direction}" if check.breach_mm else "no breach"
        hu = "" if check.hu is None else f", {check.hu:.0f} HU"
        others = f", enters {', '.join(check.touched)}" if check.touched else ""
        size = f"{screw.diameter_mm:g} x {screw.length_mm:.0f} mm"
        print(f"{screw.name:<12} {size:<13} grade {check.grade}, {breach}{hu}{others}")
    for omission in plan.omissions:
        print(omission.message.text())
    for rod in plan.rods:
        print(f"rod {rod.side}: {rod.to_json()['length_mm']:.0f} mm")
    print(path)
