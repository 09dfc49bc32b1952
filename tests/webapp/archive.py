"""A real archive, and a series in it that came there as from a scanner."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from pydicom import dcmread
from pynetdicom.ae import ApplicationEntity
from pynetdicom.presentation import StoragePresentationContexts

from tests.orthanc import AET, PASSWORD, USER, Orthanc, running_orthanc
from webapp.dicomweb.config import PacsServer


@pytest.fixture(scope="session")
def orthanc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    with running_orthanc(tmp_path_factory.mktemp("orthanc")) as running:
        yield running


@pytest.fixture
def archive(orthanc: Orthanc) -> Iterator[Orthanc]:
    """The same, empty."""
    orthanc.clear()
    yield orthanc
    orthanc.clear()


@pytest.fixture
def server(orthanc: Orthanc) -> PacsServer:
    return PacsServer(name="Hospital", url=orthanc.dicomweb, username=USER, password=PASSWORD)


def send_by_c_store(orthanc: Orthanc, paths: Sequence[Path]) -> None:
    """Store files as a scanner does."""
    send_to(orthanc.dicom_port, AET, "SCANNER", paths)


def send_to(port: int, called: str, calling: str, paths: Sequence[Path]) -> list[int]:
    """C-STORE each file; the status of each, 0 for success. An association that is refused fails the test."""
    entity = ApplicationEntity(ae_title=calling)
    entity.requested_contexts = StoragePresentationContexts
    association = entity.associate("127.0.0.1", port, ae_title=called)
    assert association.is_established
    statuses = [association.send_c_store(dcmread(path)).Status for path in paths]
    association.release()
    return statuses
