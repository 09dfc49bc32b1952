"""Files for the tests of readers and training, good and bad."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from numpy.typing import NDArray

from segmentation.phantom import Phantom
from segmentation.writers import write_nifti, write_volume

NiftiMaker = Callable[..., Path]


def ct_values(shape: tuple[int, ...] = (24, 22, 20), seed: int = 0) -> NDArray[np.int16]:
    """Random values that can be HU."""
    return np.random.default_rng(seed).integers(-1024, 1500, shape).astype(np.int16)


def itk_affine(image: Any) -> NDArray[np.float64]:
    """The (4, 4) affine from voxel index to RAS+ mm of a SimpleITK image."""
    affine = np.eye(4)
    affine[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) * image.GetSpacing()
    affine[:3, 3] = image.GetOrigin()
    return np.diag([-1.0, -1.0, 1.0, 1.0]) @ affine


@pytest.fixture(scope="module")
def case(small_phantom: Phantom, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A labelled case as training and evaluation read it: the small phantom's CT and labels. Leave it as it is."""
    folder = tmp_path_factory.mktemp("case")
    write_volume(small_phantom.volume, folder / "ct.nii.gz")
    write_nifti(small_phantom.labels, folder / "vert.nii.gz")
    return folder


@pytest.fixture
def nifti(tmp_path: Path) -> NiftiMaker:
    """Write a NIfTI file and return its path; ``edit`` may spoil the header's raw fields afterwards."""

    def make(
        array: NDArray[Any] | None = None,
        affine: NDArray[np.float64] | None = None,
        name: str = "ct.nii",
        edit: Callable[[Any], None] | None = None,
        codes: tuple[int, int] = (1, 1),
        kind: Any = nib.Nifti1Image,
    ) -> Path:
        array = ct_values() if array is None else array
        image = kind(array, np.diag([2.0, 2.0, 2.0, 1.0]) if affine is None else affine)
        image.set_qform(image.affine, code=codes[0])
        image.set_sform(image.affine, code=codes[1])
        path = tmp_path / name
        nib.save(image, path)
        if edit is not None:
            _edit(path, edit, kind.header_class)
        return path

    return make


def _edit(path: Path, edit: Callable[[Any], None], header_class: Any) -> None:
    size = header_class.template_dtype.itemsize
    data = path.read_bytes()
    header = header_class(data[:size], check=False)
    edit(header)
    path.write_bytes(header.binaryblock + data[size:])


def setting(**fields: Any) -> Callable[[Any], None]:
    """Make an edit of a NIfTI header that sets fields."""

    def edit(header: Any) -> None:
        for name, value in fields.items():
            header[name] = value

    return edit


def pixdim_of(*values: float) -> Callable[[Any], None]:
    """Make an edit of a NIfTI header that sets its three spacings."""

    def edit(header: Any) -> None:
        header["pixdim"][1:4] = values

    return edit
