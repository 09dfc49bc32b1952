"""NIfTI masks read by three libraries: nibabel, SimpleITK and nifti-reader-js put each voxel on the same millimetre."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk
from numpy.typing import NDArray

from segmentation.core.geometry import Grid
from segmentation.core.volume import LabelMap
from segmentation.readers import read_volume
from segmentation.writers import write_nifti
from tests.message_keys import ROOT
from tests.segmentation.conftest import NiftiMaker, ct_values, itk_affine, pixdim_of, setting

VIEWER = ROOT / "static" / "viewer"
pytestmark = pytest.mark.skipif(
    shutil.which("node") is None or not (VIEWER / "node_modules" / "nifti-reader-js").is_dir(),
    reason="node or nifti-reader-js is not installed (npm ci in static/viewer)",
)
READ = """
import { readFileSync } from 'node:fs'
import { decompress, isCompressed, readHeader, readImage } from 'nifti-reader-js'
const found = process.argv.slice(1).map((path) => {
  const file = readFileSync(path)
  let data = file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength)
  if (isCompressed(data)) data = decompress(data)
  const header = readHeader(data)
  const voxels = new Uint8Array(readImage(header, data))
  return { affine: header.affine, size: header.dims.slice(1, 4), first: voxels.indexOf(1) }
})
console.log(JSON.stringify(found))
"""
SHAPE = (24, 22, 20)


def turned(*degrees: float) -> NDArray[np.float64]:
    """Affine of 0.9 x 0.8 x 1.5 mm voxels, turned about each axis."""
    x, y, z = (np.radians(each) for each in degrees)
    about_x = np.array([[1, 0, 0], [0, np.cos(x), -np.sin(x)], [0, np.sin(x), np.cos(x)]])
    about_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    about_z = np.array([[np.cos(z), -np.sin(z), 0], [np.sin(z), np.cos(z), 0], [0, 0, 1]])
    affine = np.eye(4)
    affine[:3, :3] = about_z @ about_y @ about_x @ np.diag([-0.9, -0.8, 1.5])
    affine[:3, 3] = (18, 20, -930)
    return affine


AFFINES = {
    "LPS": turned(0, 0, 0),
    "RAS": np.diag([0.9, 0.8, 1.5, 1.0]),
    "mirrored": turned(0, 0, 0) @ np.diag([-1.0, 1, 1, 1]),
    "coronal": turned(0, 0, 0)[:, [0, 2, 1, 3]],
    "sagittal": turned(0, 0, 0)[:, [1, 2, 0, 3]],
    "oblique": turned(20, -9, 5),
    "half a turn": turned(180, 0, 0),
    "a turn that hides the real part": turned(3, 2, 179.9),
}
Edit = Callable[[Any], None]
HEADERS: dict[str, tuple[tuple[int, int], Edit | None]] = {
    "both forms": ((1, 1), None),
    "the qform alone": ((1, 0), None),
    "the sform alone": ((0, 2), None),
    "a higher qform": ((3, 1), None),
    "a higher sform": ((1, 4), None),
    "a sform that places nothing": ((1, 2), setting(srow_x=0, srow_y=0)),
    "a qform that is no rotation": ((2, 1), setting(quatern_b=1, quatern_c=1)),
    "a negative pixdim": ((1, 1), pixdim_of(-0.9, 0.8, 1.5)),
    "no pixdim": ((0, 1), pixdim_of(0, 0, 0)),
}


def assert_one_place(paths: list[Path], affine: dict[Path, NDArray[np.float64]], voxel: tuple[int, int, int]) -> None:
    answer = subprocess.run(
        ["node", "--input-type=module", "--eval", READ, *map(str, paths)],
        cwd=VIEWER, capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    for path, there in zip(paths, json.loads(answer.stdout), strict=True):
        assert there["size"] == list(SHAPE)
        index = np.unravel_index(there["first"], SHAPE, order="F")
        assert index == voxel
        by_nibabel, by_itk = nib.load(path).affine, itk_affine(sitk.ReadImage(str(path)))
        for corner in np.array(list(np.ndindex(2, 2, 2))) * (np.array(SHAPE) - 1):
            places = [(np.array(each) @ [*corner, 1])[:3] for each in (there["affine"], by_nibabel, by_itk)]
            np.testing.assert_allclose(places, [(affine[path] @ [*corner, 1])[:3]] * 3, atol=2e-3, err_msg=path.name)


def mask_of(grid: Grid, header: Any = None) -> LabelMap:
    labels = np.zeros(SHAPE, np.uint8)
    labels[5, 7, 11] = 1
    return LabelMap(labels, grid, header=header)


def test_a_mask_of_every_orientation_lies_in_one_place(tmp_path: Path) -> None:
    paths = {tmp_path / f"{name}.nii.gz": affine for name, affine in AFFINES.items()}
    for path, affine in paths.items():
        write_nifti(mask_of(Grid(SHAPE, affine)), path)
    assert_one_place(list(paths), paths, (5, 7, 11))


def test_a_mask_under_the_header_of_its_ct_lies_in_one_place_whatever_that_header_lacks(
    nifti: NiftiMaker, tmp_path: Path
) -> None:
    places = {}
    for number, (codes, edit) in enumerate(HEADERS.values()):
        volume = read_volume(nifti(ct_values(SHAPE), turned(20, -9, 5), codes=codes, edit=edit))
        path = tmp_path / f"mask{number}.nii"
        write_nifti(mask_of(volume.grid, volume.header), path)
        places[path] = turned(20, -9, 5)
    assert_one_place(list(places), places, (5, 7, 11))
