"""The command ``spineview register``: touched points to a vertebra of a label map. Research use only."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from segmentation.cli.options.output import check_writable, write_json
from segmentation.core.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from segmentation.registration.register import Registration


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the label map, the points and the result."""
    command.add_argument("vertebrae", metavar="VERT.nii.gz", type=Path, help="label map in VerSe numbering")
    which = command.add_mutually_exclusive_group(required=True)
    which.add_argument("--label", type=int, help="VerSe number of the vertebra, for instance 22: L3")
    which.add_argument("--labels", metavar="L3,L4", help="several vertebrae, softly linked; points need a column label")
    command.add_argument("--points", metavar="FILE", type=Path, required=True, help="x,y,z in mm; .csv, .ply or .xyz")
    command.add_argument("--landmarks", metavar="PAIRS.csv", type=Path, help="name,x,y,z,r,a,s: tracker and image")
    command.add_argument("--start", metavar="FILE.json", type=Path, help="an earlier registration to begin with")
    command.add_argument("--plan", metavar="PLAN.json", type=Path, help="errors at the tips of its screws, too")
    command.add_argument("-o", "--output", metavar="FILE.json", type=Path, required=True)


def run(options: argparse.Namespace) -> int:
    """Register, write the JSON file and print the verdict."""
    from segmentation.readers import read_label_map
    from segmentation.registration.point_files import read_landmarks, read_points
    from segmentation.registration.register import prepare, register

    check_writable(options.output, ".json")
    if options.labels is not None:
        return _run_spine(options)
    points = read_points(options.points)
    pairs = None if options.landmarks is None else read_landmarks(options.landmarks)[1:]
    start = None if options.start is None else _start(options.start)
    sites = None if options.plan is None else _tips(options.plan, options.label)
    target = prepare(read_label_map(options.vertebrae), options.label)
    result = register(target, points, pairs, start, sites)
    write_json(result.to_json() | {"prepare_seconds": round(target.seconds, 3)}, options.output)
    _print(result, options.output)
    return 0


def _run_spine(options: argparse.Namespace) -> int:
    """Register several vertebrae at once, write the JSON file and print the verdicts."""
    from segmentation.readers import read_label_map
    from segmentation.registration.point_files import read_landmarks, read_points_by_label
    from segmentation.registration.register import RESEARCH_USE_ONLY, prepare
    from segmentation.registration.spine import pairs_by_label, register_spine

    labels = _labels(options.labels)
    points = read_points_by_label(options.points, labels)
    pairs = None if options.landmarks is None else read_landmarks(options.landmarks)[1:]
    start = None if options.start is None else _start(options.start)
    label_map = read_label_map(options.vertebrae)
    targets = {label: prepare(label_map, label) for label in labels}
    result = register_spine(targets, points, pairs_by_label(targets, pairs), start)
    write_json(result.to_json(), options.output)
    print(RESEARCH_USE_ONLY)
    for found in result.registrations.values():
        _print_one(found)
    for link in result.to_json()["links"]:
        print(
            f"{link['upper']} to {link['lower']}: turned {link['turned_deg']:.1f} degrees, {link['shifted_mm']:.1f} mm"
        )
    print(options.output)
    return 0


def _labels(text: str) -> list[int]:
    from segmentation.core.errors import BadConfiguration
    from segmentation.core.labels import NUMBERS

    names = text.replace(",", " ").upper().split()
    unknown = [name for name in names if name not in NUMBERS]
    if unknown or not names:
        raise BadConfiguration("plan.unknown_level", level=", ".join(unknown) or text)
    return [NUMBERS[name] for name in dict.fromkeys(names)]


def _start(path: Path) -> NDArray[np.float64]:
    import numpy as np

    try:
        matrix = np.array(json.loads(path.read_text(encoding="utf-8"))["image_from_tracker"], dtype=np.float64)
        turn = matrix[:3, :3]
        if matrix.shape != (4, 4) or not np.allclose(turn @ turn.T, np.eye(3), atol=1e-3) or np.linalg.det(turn) < 0:
            raise ValueError
    except (OSError, ValueError, KeyError, TypeError, IndexError, np.linalg.LinAlgError):
        raise InputError("registration.bad_start", name=path.name) from None
    return matrix


def _tips(path: Path, label: int) -> dict[str, NDArray[np.float64]]:
    from segmentation.planning.plan import read_plan

    return {screw.name: screw.tip_mm for screw in read_plan(path).screws if screw.label == label}


def _print(result: Registration, path: Path) -> None:
    from segmentation.registration.register import RESEARCH_USE_ONLY

    print(RESEARCH_USE_ONLY)
    _print_one(result)
    print(path)


def _print_one(result: Registration) -> None:
    evidence = result.evidence
    print(f"{evidence.name}: {result.verdict.value.replace('_', ' ')}")
    for reason in result.reasons:
        print(f"  {reason.message.text()} {reason.message.hint()}".rstrip())
    print(
        f"  {evidence.points} points, {evidence.inliers:.0%} on the surface (rms {result.rms_mm:.2f} mm), "
        f"expected error {evidence.error95_mm:.2f} mm (95 %), coverage {result.coverage:.0%}, {result.seconds:.2f} s"
    )
