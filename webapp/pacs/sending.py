"""Send a result to an archive."""

from __future__ import annotations

from webapp.dicomweb.archives import Archives
from webapp.enumerations import DicomKind
from webapp.http.errors import not_found
from webapp.storage.dicom.objects import dicom_object, refuse_without_identity, sources_of
from webapp.storage.store import Store


def send_back(store: Store, archives: Archives, mask_id: str, pacs: str, who: str, kind: DicomKind = "seg") -> None:
    """Store a mask, as a DICOM object of one ``kind``, in the study it was made from, in the archive ``pacs``.

    Raises:
        WebError: no such mask or archive; the study is no DICOM or was de-identified; the archive refused.
    """
    archive = archives.get(pacs)
    mask = store.masks.get(mask_id)
    if mask is None:
        raise not_found("mask")
    sources = sources_of(store, mask)
    refuse_without_identity(sources)
    with dicom_object(store, mask, sources, kind) as path:
        archive.store([path], str(sources.first.StudyInstanceUID))
    store.audit.record(who, "send", mask.study_id, f"{mask.id} {kind} to {pacs}")
