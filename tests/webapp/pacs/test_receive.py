"""The C-STORE provider, and senders that may and may not."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pynetdicom.ae import ApplicationEntity
from pynetdicom.sop_class import CTImageStorage, Verification  # type: ignore[attr-defined]
from starlette.testclient import TestClient

from segmentation.core.errors import BadConfiguration, UnreadableFile
from segmentation.core.volume import Volume
from segmentation.phantom import Phantom
from tests.dicom_series import PATIENT, scanner_grid, write_series
from tests.webapp.archive import send_to
from tests.webapp.support import BoneEngine, wait_for
from webapp.asgi import create_asgi
from webapp.pacs.receive import Receiver
from webapp.settings import Settings, load_settings
from webapp.storage.store import Store

GRID = scanner_grid((16, 16, 6), (2.0, 2.0, 3.0))


class Admitted:
    """Keeps what it was handed, in place of the intake."""

    def __init__(self) -> None:
        self.studies: list[dict[str, np.ndarray]] = []
        self.refuse = False

    def __call__(self, folder: Path, who: str) -> str:
        if self.refuse:
            raise UnreadableFile(f"{PATIENT} has a bad scan")
        found = map(pydicom.dcmread, sorted(folder.iterdir()))
        self.studies.append({str(each.SOPInstanceUID): each.pixel_array for each in found})
        return f"study-{len(self.studies)}"


@pytest.fixture
def admitted() -> Admitted:
    return Admitted()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "data")
    yield store
    store.close()


def settings_of(tmp_path: Path, **changes: object) -> Settings:
    defaults = {"dicom_port": 0, "dicom_allowed_aets": ("SCANNER",), "min_free_bytes": 0}
    return Settings(data_dir=tmp_path / "data", **{**defaults, **changes})  # type: ignore[arg-type]


@pytest.fixture
def receiver(tmp_path: Path, store: Store, admitted: Admitted) -> Iterator[Receiver]:
    receiver = Receiver(settings_of(tmp_path), store, admitted)
    receiver.start()
    yield receiver
    receiver.stop()


def series(folder: Path, seed: int = 1) -> list[Path]:
    hu = np.random.default_rng(seed).integers(-1000, 1000, GRID.shape).astype(np.int16)
    return write_series(Volume(hu, GRID), folder)


def may_associate(port: int, called: str, calling: str) -> bool:
    entity = ApplicationEntity(ae_title=calling)
    entity.add_requested_context(Verification)
    entity.add_requested_context(CTImageStorage)
    association = entity.associate("127.0.0.1", port, ae_title=called)
    established = bool(association.is_established)
    if established:
        assert association.send_c_echo().Status == 0
        association.release()
    return established


def test_a_scanner_s_images_arrive_voxel_for_voxel(
    receiver: Receiver, store: Store, admitted: Admitted, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)
    paths = series(tmp_path / "ct")
    assert send_to(receiver.port or 0, "SPINEVIEW", "SCANNER", paths) == [0] * 6
    wait_for(lambda: store.audit.entries())
    [study] = admitted.studies
    for sent in map(pydicom.dcmread, paths):
        assert np.array_equal(study[str(sent.SOPInstanceUID)], sent.pixel_array)
    [entry] = store.audit.entries()
    assert (entry.who, entry.action, entry.study_id) == ("SCANNER", "receive", "study-1")
    assert "Doe" not in caplog.text
    wait_for(lambda: not list((tmp_path / "data" / "incoming").iterdir()))


def test_two_studies_of_one_association_are_two(receiver: Receiver, admitted: Admitted, tmp_path: Path):
    send_to(receiver.port or 0, "SPINEVIEW", "SCANNER", [*series(tmp_path / "a", 1), *series(tmp_path / "b", 2)])
    wait_for(lambda: len(admitted.studies) == 2)
    assert [len(study) for study in admitted.studies] == [6, 6]


@pytest.mark.parametrize(("called", "calling", "welcome"), [("SPINEVIEW", "SCANNER", True), ("OTHER", "SCANNER", False),
                                                            ("SPINEVIEW", "STRANGER", False)])  # fmt: skip
def test_only_the_listed_may_send_and_only_to_us(receiver: Receiver, called: str, calling: str, welcome: bool):
    assert may_associate(receiver.port or 0, called, calling) is welcome


def test_a_port_without_anybody_who_may_send_is_refused(tmp_path: Path):
    with pytest.raises(BadConfiguration, match=r"dicom_allowed_aets is wrong.*nobody may send"):
        load_settings(data_dir=tmp_path, dicom_port=11112)


def test_without_a_port_nothing_listens(tmp_path: Path, store: Store, admitted: Admitted):
    assert Settings(data_dir=tmp_path).dicom_port is None  # off, unless somebody turns it on
    receiver = Receiver(settings_of(tmp_path, dicom_port=None), store, admitted)
    receiver.start()
    assert receiver.port is None
    receiver.stop()


def test_a_port_in_use_is_said(receiver: Receiver, tmp_path: Path, store: Store, admitted: Admitted):
    second = Receiver(settings_of(tmp_path, dicom_port=receiver.port), store, admitted)
    with pytest.raises(BadConfiguration, match="cannot be used to receive DICOM"):
        second.start()
    second.stop()


def test_more_than_fits_is_refused_with_a_status(tmp_path: Path, store: Store, admitted: Admitted):
    receiver = Receiver(settings_of(tmp_path, max_upload_bytes=3000), store, admitted)
    receiver.start()
    try:
        statuses = send_to(receiver.port or 0, "SPINEVIEW", "SCANNER", series(tmp_path / "ct"))
    finally:
        receiver.stop()
    assert statuses[0] == 0
    assert set(statuses[2:]) == {0xA700}


def test_a_refused_study_is_noted_without_what_its_header_says(
    receiver: Receiver, store: Store, admitted: Admitted, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    admitted.refuse = True
    send_to(receiver.port or 0, "SPINEVIEW", "SCANNER", series(tmp_path / "ct"))
    wait_for(lambda: store.audit.entries())
    [entry] = store.audit.entries()
    assert (entry.action, entry.detail) == ("refuse", "unreadable_file")
    assert "Doe" not in caplog.text


def test_what_a_scanner_pushes_becomes_a_study_without_names(tmp_path: Path, small_phantom: Phantom):
    settings = settings_of(tmp_path)
    volume = Volume(small_phantom.volume.hu.astype(np.int16), small_phantom.volume.grid)
    with TestClient(create_asgi(settings, BoneEngine)) as client:
        port = client.app.state.services.receiver.port  # type: ignore[attr-defined]
        statuses = send_to(port, "SPINEVIEW", "SCANNER", write_series(volume, tmp_path / "ct"))
        assert set(statuses) == {0}
        [study] = wait_for(lambda: client.get("/api/v1/studies").json()["studies"], 60)
        assert study["shape"] == list(volume.grid.shape)
        kept = list((tmp_path / "data" / "studies" / study["id"] / "dicom").iterdir())
        assert len(kept) == volume.grid.shape[2]
        assert not [path for path in kept if b"Doe" in path.read_bytes()]
