"""Simulate registrations on the surfaces of label maps: ours, VTK's ICP, small_gicp and Open3D on the same points.

    python bench/registration.py FOLDER_OF_LABEL_MAPS --runs 1000
    python bench/registration.py FOLDER --runs 250 --seed 1 --save 1.json     # in pieces, beside each other
    python bench/registration.py --show 1.json 2.json 3.json 4.json

Points are drawn from the surface half-way between the voxels of a label and its outside, behind and up to 16 mm beside
the median plane: lamina and spinous process, a connected part of it for the overlap. Each gets normal noise in three
directions, outliers lie 3 to 15 mm away; a share of the runs has 1 mm of soft tissue under every point. Half of the
runs give four landmarks with an error of 2 mm in each direction, the others the tracker's axes turned by up to 30
degrees and shifted by up to 30 mm about the points. Each case is also run with the points of the level below and with
mirrored points: accepting one of these is wrong. The goal's cases have 0.5 mm of noise, 20 % outliers and a
start that is 10 degrees and 10 mm off, with 100 or 200 points, once in one patch of 30 % of that surface, once
scattered over all of it. TRE is stated at the middle of the body and at two places in front
of it on both sides (the greatest of the three). Single library calls start where ours does, at the landmarks or axes.
The least error that any method without bias could have there (Cramer and Rao's bound, for one who knew the outliers and
the noise) is drawn for the same points: for one who knew that there is no soft tissue, and for one who does not.

Of each half of the label maps (every second file) it is printed how often the stated radius of the expected error is
exceeded, and the factor (``CALIBRATION``) that would hold 95 % of the first half.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import vtk
from numpy.typing import NDArray
from registration_table import GOALS, LIMIT, LIMIT_TISSUE, Rows, show
from vtk.util.numpy_support import numpy_to_vtk, vtk_to_numpy

from segmentation.core.boxes import bounding_box
from segmentation.core.labels import HEAD_TO_FOOT, NUMBERS
from segmentation.core.volume import LabelMap
from segmentation.phantom import PhantomSpec, make_phantom
from segmentation.readers import read_label_map
from segmentation.registration import rigid
from segmentation.registration.refine import OFFSET_SD_MM
from segmentation.registration.register import Target, prepare, register
from segmentation.registration.search import Level, prepare_level
from segmentation.registration.uncertainty import rows_of

Array = NDArray[np.float64]
LIBRARIES: dict[str, Callable[[Array, Array, Array], Array]] = {}


def true_surface(label_map: LabelMap, label: int, random: np.random.Generator, count: int = 20000) -> Array:
    """Draw points evenly from the surface between a label's voxels and the others."""
    mask = label_map.labels == label
    box = bounding_box(mask)
    assert box is not None
    crop = np.pad(mask[box].astype(np.float32), 1)
    image = vtk.vtkImageData()
    image.SetDimensions(*crop.shape)
    image.GetPointData().SetScalars(numpy_to_vtk(crop.ravel(order="F"), deep=True))
    edges = vtk.vtkFlyingEdges3D()
    edges.SetInputData(image)
    edges.SetValue(0, 0.5)
    edges.Update()
    mesh = edges.GetOutput()
    first = np.array([part.start - 1.0 for part in box])
    vertices = label_map.grid.to_mm(vtk_to_numpy(mesh.GetPoints().GetData()).astype(float) + first)
    corners = vertices[vtk_to_numpy(mesh.GetPolys().GetConnectivityArray()).reshape(-1, 3)]
    areas = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    chosen = corners[random.choice(len(corners), count, p=areas / areas.sum())]
    u = random.random((count, 2))
    u[u.sum(axis=1) > 1] = 1 - u[u.sum(axis=1) > 1]
    return np.asarray(
        chosen[:, 0] + u[:, :1] * (chosen[:, 1] - chosen[:, 0]) + u[:, 1:] * (chosen[:, 2] - chosen[:, 0])
    )


def touched(level: Level, surface: Array, case: dict[str, float], random: np.random.Generator) -> Array:
    """Draw the touched points of a case, in image mm."""
    from scipy.spatial import cKDTree

    near = cKDTree(level.surface_mm).query(surface)[1]
    own = level.frame.to_own(surface)
    behind = surface[level.reachable[near] & (np.abs(own[:, 0]) < 16)]
    centre = behind[random.integers(len(behind))]
    nearest = np.argsort(np.linalg.norm(behind - centre, axis=1))
    part = behind[nearest[: max(int(case["points"]), int(case["overlap"] * len(behind)))]]  # 1 takes all of it
    points = part[random.choice(len(part), int(case["points"]), replace=False)]
    points = points + case["tissue"] * level.field.sample(points)[1] + random.normal(0, case["noise"], points.shape)
    outliers = round(case["outliers"] * len(points))
    ways = random.normal(size=(outliers, 3))
    points[:outliers] += ways / np.linalg.norm(ways, axis=1, keepdims=True) * random.uniform(3, 15, (outliers, 1))
    return points


def motion(points: Array, random: np.random.Generator) -> Array:
    """Draw tracker-from-image: up to 30 degrees about any axis and 30 mm."""
    axis = random.normal(size=3)
    turn = rigid.from_vector(axis / np.linalg.norm(axis) * np.radians(random.uniform(0, 30)))
    return rigid.about(turn, points.mean(axis=0), random.uniform(-30, 30, 3) / np.sqrt(3))


def near_motion(points: Array, random: np.random.Generator) -> Array:
    """Draw tracker-from-image: 10 degrees about any axis and 10 mm in any direction."""
    axis, way = (each / np.linalg.norm(each) for each in random.normal(size=(2, 3)))
    return rigid.about(rigid.from_vector(axis * np.radians(10)), points.mean(axis=0), way * 10)


def landmarks_of(level: Level, tracker: Array, random: np.random.Generator) -> tuple[Array, Array]:
    """Place landmarks on the spinous process, both facets and the upper lamina, each 2 mm off in each direction."""
    own = np.array([[0.0, -35, -5], [18, -8, 0], [-18, -8, 0], [0, -8, 12]])
    image = level.frame.to_mm(own)
    distance, normal = level.field.sample(image)
    image = image - distance[:, None] * normal
    return rigid.apply(tracker, image) + random.normal(0, 2, image.shape), image


def tre(level: Level, found: Array, tracker: Array) -> float:
    """Greatest distance at the three targets."""
    error = rigid.apply(found, rigid.apply(tracker, level.targets_mm)) - level.targets_mm
    return float(np.linalg.norm(error, axis=1).max())


def vtk_icp(points: Array, surface: Array, start: Array) -> Array:
    """VTK's ICP to the surface's points, rigid, 100 steps."""

    def cloud(places: Array) -> Any:
        data, holder = vtk.vtkPolyData(), vtk.vtkPoints()
        holder.SetData(numpy_to_vtk(places, deep=True))
        data.SetPoints(holder)
        vertices = vtk.vtkVertexGlyphFilter()
        vertices.SetInputData(data)
        vertices.Update()
        return vertices.GetOutput()

    icp = vtk.vtkIterativeClosestPointTransform()
    icp.SetSource(cloud(rigid.apply(start, points)))
    icp.SetTarget(cloud(surface))
    icp.GetLandmarkTransform().SetModeToRigidBody()
    icp.SetMaximumNumberOfIterations(100)
    icp.Update()
    matrix = icp.GetMatrix()
    return np.array([[matrix.GetElement(i, j) for j in range(4)] for i in range(4)]) @ start


def add_libraries() -> None:
    """Add what is installed; say what is not."""
    LIBRARIES["VTK 9 ICP"] = vtk_icp
    try:
        import small_gicp

        def gicp(points: Array, surface: Array, start: Array) -> Array:
            result = small_gicp.align(
                surface, points, start, registration_type="GICP", downsampling_resolution=0.5,
                max_correspondence_distance=10.0, num_threads=1, max_iterations=100,
            )  # fmt: skip
            return np.asarray(result.T_target_source)

        LIBRARIES["small_gicp GICP"] = gicp
    except ImportError as error:
        print(f"small_gicp skipped: {error}")
    try:
        import open3d as o3d

        def plane(points: Array, surface: Array, start: Array) -> Array:
            moving, fixed = o3d.geometry.PointCloud(), o3d.geometry.PointCloud()
            moving.points, fixed.points = o3d.utility.Vector3dVector(points), o3d.utility.Vector3dVector(surface)
            fixed.estimate_normals(o3d.geometry.KDTreeSearchParamHybrid(radius=3, max_nn=30))
            reg = o3d.pipelines.registration
            method = reg.TransformationEstimationPointToPlane(reg.TukeyLoss(k=2.5))
            found = reg.registration_icp(
                moving, fixed, 10.0, start, method, reg.ICPConvergenceCriteria(max_iteration=100)
            )
            return np.asarray(found.transformation)

        LIBRARIES["Open3D robust point-to-plane"] = plane
    except (ImportError, OSError) as error:
        print(f"Open3D skipped: {error}")


_EACH = 4  # rounds of cases a vertebra


def least_error(
    level: Level, points: Array, case: dict[str, float], random: np.random.Generator, knows_tissue: bool = True
) -> float:
    """Draw an error at the targets of the best that can be had: from Cramer and Rao's bound."""
    good = points[round(case["outliers"] * len(points)) :]
    rows = rows_of(good, level.field.sample(good)[1])
    information = rows.T @ rows / case["noise"] ** 2 + np.diag([1e-9] * 6 + [1 / OFFSET_SD_MM**2])
    covariance = np.linalg.inv(information[:6, :6]) if knows_tissue else np.linalg.inv(information)[:6, :6]
    change = random.multivariate_normal(np.zeros(6), covariance)
    moved = np.cross(change[:3], level.targets_mm) + change[3:]
    return float(np.linalg.norm(moved, axis=1).max())


def one_map(label_map: LabelMap, runs: int, random: np.random.Generator, rows: Rows) -> None:
    """Run cases on one label of a map that has a neighbour below."""
    present = [n for n in HEAD_TO_FOOT if NUMBERS[n] in label_map.present and n not in ("sacrum", "coccyx")]
    usable = [n for n in present[1:-1] if n in HEAD_TO_FOOT[7:]]
    if not usable:
        return
    name = usable[random.integers(len(usable))]
    below = present[present.index(name) + 1]
    target = prepare(label_map, NUMBERS[name])
    if target.level.field.is_cut:
        return
    rows.vertebrae += 1
    level = target.level
    rows.shares.append(float((level.reachable & (np.abs(level.frame.to_own(level.surface_mm)[:, 0]) < 16)).mean()))
    other = prepare_level(label_map, NUMBERS[below])
    surfaces = [true_surface(label_map, NUMBERS[n], random) for n in (name, below)]
    for _ in range(runs):
        case = {
            "points": random.choice([20, 40, 60, 100, 200]),
            "noise": random.choice([0.25, 0.5, 0.75, 1.0]),
            "outliers": random.choice([0.0, 0.1, 0.2, 0.3]),
            "overlap": random.choice([0.2, 0.3, 0.45, 0.6]),
            "tissue": random.choice([0.0, 0.0, 1.0]),
        }
        one_case(target, surfaces[0], case, random, rows)
        for goal, wanted in GOALS.items():
            one_case(target, surfaces[0], wanted, random, rows, goal)
        false_cases(target, other, surfaces, case, random, rows)


def one_case(
    target: Target,
    surface: Array,
    case: dict[str, float],
    random: np.random.Generator,
    rows: Rows,
    goal: str | None = None,
) -> None:
    """Register one set of points with ours and with each library."""
    level = target.level
    points = touched(level, surface, case, random)
    tracker = near_motion(points, random) if goal else motion(points, random)
    moving = rigid.apply(tracker, points)
    pairs = landmarks_of(level, tracker, random) if not goal and random.random() < 0.5 else None
    begun = time.process_time()
    result = register(target, moving, pairs, np.eye(4) if goal else None)
    error = tre(level, result.image_from_tracker, tracker)
    if goal:
        rows.processor.append(time.process_time() - begun)
        for limit, knows in ((LIMIT, True), (LIMIT_TISSUE, False)):
            rows.goals[goal].setdefault(limit, []).append(least_error(level, points, case, random, knows))
    rows.add("SpineView", error, result.seconds, goal)
    rows.verdicts["touched"].append((result.verdict.value, error))
    rows.ratio[rows.is_tuning].append(error / result.evidence.error95_mm)
    for reason in result.reasons:
        rows.reasons[reason.code] = rows.reasons.get(reason.code, 0) + 1
    start = np.eye(4) if pairs is None else rigid.paired_fit(*pairs)
    for name, method in LIBRARIES.items():
        begun = time.perf_counter()
        found = method(moving, level.surface_mm, start)
        rows.add(name, tre(level, found, tracker), time.perf_counter() - begun, goal)


def false_cases(
    target: Target, other: Level, surfaces: list[Array], case: dict[str, float], random: np.random.Generator, rows: Rows
) -> None:
    """Register the points of the level below, and mirrored points: neither may be accepted."""
    points = touched(other, surfaces[1], case, random)
    result = register(target, rigid.apply(motion(points, random), points))
    rows.verdicts["level below"].append((result.verdict.value, 0.0))
    points = touched(target.level, surfaces[0], case, random) * [-1, 1, 1]
    result = register(target, rigid.apply(motion(points, random), points))
    rows.verdicts["mirrored"].append((result.verdict.value, 0.0))


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--save", type=Path, help="write what was measured, to be shown with other pieces")
    parser.add_argument("--show", type=Path, nargs="+", help="print the tables of pieces that were saved; runs nothing")
    options = parser.parse_args()
    rows = Rows()
    if options.show:
        for path in options.show:
            rows.join(path)
        show(rows)
        return
    add_libraries()
    random = np.random.default_rng(options.seed)
    files = [] if options.folder is None else sorted(options.folder.glob("*.nii.gz"))
    files = [path for path in files if not path.name.endswith(("_subreg.nii.gz", "_bones.nii.gz"))]
    begun, shown = time.perf_counter(), 0
    while len(rows.errors.get("SpineView", [])) < options.runs:
        number = int(random.integers(len(files) + 1))
        if number == len(files):
            spec = PhantomSpec(
                levels=("L1", "L2", "L3", "L4"), sacrum=False, ribs=False, organs=False, spacing_mm=(1,) * 3
            )
            label_map = make_phantom(spec).labels
        else:
            label_map = read_label_map(files[number])
        rows.is_tuning = number % 2 == 0
        one_map(label_map, _EACH, random, rows)
        done = len(rows.errors.get("SpineView", []))
        if done >= shown + 250 or done >= options.runs:
            shown = done
            print(f"\n\n{done} runs in {time.perf_counter() - begun:.0f} s")
            show(rows)
            sys.stdout.flush()
        if options.save:
            rows.save(options.save)


if __name__ == "__main__":
    main()
