"""Transfers: one at a time of each series, stopped when asked, and their end told. The archive is a stand-in here."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from segmentation.core.errors import NotAVolume, OperationCancelled
from segmentation.core.progress import CancelCheck, never
from tests.webapp.support import wait_for
from webapp.http.errors import WebError
from webapp.pacs.transfers import Transfer, Transfers
from webapp.storage.store import Store


class SlowArchive:
    """Gives three images; waits before the second until it may go on."""

    name = "Slow"

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.begun = threading.Event()
        self.fault: Exception | None = None

    def retrieve(
        self, study_uid: str, series_uid: str, folder: Path, progress: Callable[[int, int], None],
        cancelled: CancelCheck = never, most_bytes: int = 0,
    ) -> list[Path]:  # fmt: skip
        for number in (1, 2, 3):
            (folder / f"{number}.dcm").write_bytes(b"x" * 10)
            progress(number, 10 * number)
            self.begun.set()
            while not self.gate.wait(0.02):
                if cancelled():
                    raise OperationCancelled
            if self.fault:
                raise self.fault
        return sorted(folder.iterdir())


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path)
    yield store
    store.close()


@pytest.fixture
def archive() -> SlowArchive:
    return SlowArchive()


def admit(folder: Path, who: str) -> str:
    return f"{who}-{len(list(folder.iterdir()))}"


@pytest.fixture
def transfers(store: Store) -> Iterator[Transfers]:
    transfers = Transfers(store, admit, 1000)
    yield transfers
    transfers.stop()


def over(transfers: Transfers, transfer: Transfer) -> Transfer:
    """The transfer when it has ended."""

    def ended() -> Transfer | None:
        now = transfers.get(transfer.id)
        assert now is not None
        return now if now.state in ("done", "failed", "cancelled") else None

    found = wait_for(ended)
    assert found is not None
    return found


def incoming(store: Store) -> list[Path]:
    return list((store.data_dir / "incoming").iterdir())


def test_a_series_becomes_a_study_and_is_told_on_its_way(transfers: Transfers, archive: SlowArchive, store: Store):
    begun = transfers.start(archive, "1.2", "1.3", 3, "me")  # type: ignore[arg-type]
    archive.begun.wait(10)
    now = transfers.get(begun.id)
    assert now is not None
    assert (now.state, now.images, now.received_bytes, now.images_expected) == ("fetching", 1, 10, 3)
    assert transfers.start(archive, "1.2", "1.3", 3, "me").id == begun.id  # type: ignore[arg-type]
    archive.gate.set()
    done = over(transfers, begun)
    assert (done.state, done.study_id, done.images) == ("done", "me-3", 3)
    assert [(e.action, e.study_id, e.detail) for e in store.audit.entries()] == [("fetch", "me-3", "Slow")]
    assert wait_for(lambda: not incoming(store))


def test_one_that_is_stopped_leaves_nothing(transfers: Transfers, archive: SlowArchive, store: Store):
    begun = transfers.start(archive, "1.2", "1.3", 3, "me")  # type: ignore[arg-type]
    archive.begun.wait(10)
    stopped = transfers.cancel(begun.id)
    assert stopped is not None
    assert stopped.state == "cancelled"
    assert wait_for(lambda: not incoming(store))
    assert over(transfers, begun).state == "cancelled"
    assert transfers.cancel("none") is None
    archive.gate.set()
    again = transfers.start(archive, "1.2", "1.3", 3, "me")  # type: ignore[arg-type]
    assert over(transfers, again).state == "done"


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (WebError(502, "pacs_unreachable", "pacs.silent", name="Slow"), "pacs_unreachable"),
        (NotAVolume("slices.single", name="Series 1"), "not_a_volume"),
        (RuntimeError("Doe^Jane"), "internal"),
    ],
)
def test_a_failure_is_told_in_one_body(
    transfers: Transfers, archive: SlowArchive, store: Store, fault: Exception, code: str,
    caplog: pytest.LogCaptureFixture,
):  # fmt: skip
    archive.fault = fault
    archive.gate.set()
    failed = over(transfers, transfers.start(archive, "1.2", "1.3", None, "me"))  # type: ignore[arg-type]
    assert failed.state == "failed"
    assert failed.error is not None
    assert failed.error.code == code
    assert "Doe" not in failed.error.message.text() + caplog.text
    assert wait_for(lambda: not incoming(store))


def test_the_server_stops_without_waiting_for_the_archive(store: Store, archive: SlowArchive):
    transfers = Transfers(store, admit, 1000)
    begun = transfers.start(archive, "1.2", "1.3", 3, "me")  # type: ignore[arg-type]
    archive.begun.wait(10)
    transfers.stop()
    now = transfers.get(begun.id)
    assert now is not None
    assert now.state == "cancelled"
