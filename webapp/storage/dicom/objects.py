"""Make DICOM objects of masks for the series they were made from, and tell which may go back to an archive."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from segmentation.core.labels import spine_voxels
from segmentation.core.version import product_version
from segmentation.core.volume import LabelMap
from segmentation.readers import read_label_map, read_volume
from webapp.enumerations import DicomKind
from webapp.http.errors import WebError, not_found
from webapp.storage.dicom.files import source_instances
from webapp.storage.folders import scratch_folder
from webapp.storage.mask_files import label_map_of
from webapp.storage.store import Store
from webapp.storage.tables import Mask, Study

if TYPE_CHECKING:  # these bring highdicom, which takes a second to import
    from PIL import Image

    from segmentation.writers.dicom import Sources


def sources_of(store: Store, mask: Mask) -> Sources:
    """Read the series that a mask lies on. Raises WebError: 409, its study did not come as DICOM."""
    study = store.studies.get(mask.study_id)
    if study is None:
        raise not_found("mask")
    paths = source_instances(store, study)
    if not paths:
        raise WebError(409, "not_dicom", "dicom_result.study_not_dicom")
    from segmentation.writers.dicom import read_sources

    return read_sources(paths)


@contextmanager
def dicom_object(store: Store, mask: Mask, sources: Sources, kind: DicomKind = "seg") -> Iterator[Path]:
    """Yield a mask as a DICOM file of one ``kind``, which is removed afterwards.

    Raises:
        WebError: 409, nothing is marked in it; 404, its files are lost.
    """
    label_map = label_map_of(store, mask)
    if not label_map.present:
        raise WebError(409, "empty_mask", "dicom_result.empty_mask")
    from segmentation.writers.dicom import Maker, write_capture, write_dicom_seg, write_rtstruct

    maker = Maker(product_version(), mask.model_id)
    with scratch_folder() as folder:
        path = folder / f"{kind}.dcm"
        if kind == "seg":
            write_dicom_seg(label_map, sources, path, maker)
        elif kind == "rtstruct":
            write_rtstruct(label_map, sources, path, maker)
        else:
            write_capture(_pictures(store, mask, label_map, folder), sources, path, maker)
        yield path


def _pictures(store: Store, mask: Mask, label_map: LabelMap, folder: Path) -> dict[str, Image.Image]:
    """Axial, coronal and sagittal comparison of CT and mask, with the study's reference where there is one."""
    from PIL import Image

    from segmentation.analysis.pictures import write_pictures

    study = store.studies.get(mask.study_id)
    if study is None:
        raise not_found("mask")
    volume = read_volume(store.folder(study.id) / study.original)
    reference = None
    if study.reference is not None:
        reference = spine_voxels(read_label_map(store.folder(study.id) / study.reference))
    paths = write_pictures(volume, spine_voxels(label_map), reference, folder)
    return {path.stem: Image.open(path).convert("RGB") for path in paths}


def is_de_identified(store: Store, study: Study) -> bool:
    """Tell whether the files of a DICOM study no longer say who was scanned."""
    from segmentation.writers.dicom import read_sources

    return any(_identity_removed(read_sources([path])) for path in source_instances(store, study)[:1])


def _identity_removed(sources: Sources) -> bool:
    return str(sources.first.get("PatientIdentityRemoved", "")).upper() == "YES"


def refuse_without_identity(sources: Sources) -> None:
    """Raise WebError (409) if the series was de-identified on arrival: no archive could tell whose result it is."""
    if _identity_removed(sources):
        raise WebError(409, "de_identified", "dicom_result.de_identified")
