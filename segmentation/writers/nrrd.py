"""Writer of NRRD masks as 3D Slicer writes them (``.seg.nrrd``): they open there as named segments.

Keys: https://slicer.readthedocs.io/en/latest/developer_guide/modules/segmentations.html ("Segmentation
representation"). Other readers of NRRD see an ordinary label map.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from segmentation.core.atomic import atomic_path
from segmentation.core.geometry import RAS_TO_LPS
from segmentation.core.labels import label_of
from segmentation.core.volume import LabelMap


def write_nrrd(label_map: LabelMap, path: Path) -> None:
    """Write a mask as uint8 on its grid, in ``left-posterior-superior`` space, compressed, with names and colours.

    The file appears whole or not at all. A sheared grid (a tilted gantry) keeps its shear, unlike in NIfTI.
    """
    grid = label_map.grid
    spacing = np.array(grid.spacing_mm)
    direction = RAS_TO_LPS[:, None] * grid.affine[:3, :3] / spacing
    import SimpleITK as sitk  # half a second

    image = sitk.GetImageFromArray(np.ascontiguousarray(label_map.labels.T))
    image.SetSpacing([float(mm) for mm in spacing])
    image.SetOrigin([float(mm) for mm in RAS_TO_LPS * grid.affine[:3, 3]])
    image.SetDirection([float(part) for part in direction.ravel()])
    for key, value in _table(label_map).items():
        image.SetMetaData(key, value)
    with atomic_path(path, keep_suffix=True) as partial:  # ITK chooses the format by the suffix
        sitk.WriteImage(image, str(partial), useCompression=True)


def _table(label_map: LabelMap) -> dict[str, str]:
    entries: dict[str, str] = {}
    for row, number in enumerate(label_map.present):
        label = label_of(number, label_map.kind)
        entries |= {
            f"Segment{row}_ID": f"Segment_{number}",
            f"Segment{row}_Name": label.name,
            f"Segment{row}_Color": " ".join(f"{part / 255:.6f}" for part in label.rgb),
            f"Segment{row}_LabelValue": str(number),
            f"Segment{row}_Layer": "0",
            f"Segment{row}_Tags": f"TerminologyEntry:{_terminology(label.snomed, label.meaning)}|",
        }
    return entries


def _terminology(code: str, meaning: str) -> str:
    """Make the seven parts that Slicer wants: category, type and anatomic region, each of a list, with modifiers."""
    category = (
        f"Segmentation category and type - DICOM master list~SCT^123037004^Anatomical Structure~SCT^{code}^{meaning}"
    )
    return f"{category}~^^~Anatomic codes - DICOM master list~^^~^^"
