"""Reading side by side: bounded, in the order of arrival, and one slow upload holds nobody."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from segmentation.phantom.dicom import DicomSpec, write_dicom
from segmentation.readers.dicom import sandbox
from tests.webapp.support import small_volume, wait_for
from webapp.ingest.read_slots import ReadSlots
from webapp.settings import Settings

URL = "/api/v1/imports"
# Reads like the real one, but for an upload with a file that begins with SLOW: then it waits for the file "go".
READER = """
import io, json, sys, time
from pathlib import Path
from segmentation.readers.dicom import worker
text = sys.stdin.read()
request = json.loads(text)
folder = Path(request.get("path", "/nowhere"))
here = Path(__file__).parent
if folder.is_dir() and any(file.read_bytes().startswith(b"SLOW") for file in folder.iterdir()):
    (here / "reading").touch()
    while not (here / "go").exists():
        time.sleep(0.05)
sys.stdin = io.StringIO(text)
worker.main()
"""


@pytest.fixture
def slow_reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Its folder."""
    (tmp_path / "slow_reader.py").write_text(READER)
    monkeypatch.setattr(sandbox, "_WORKER", "slow_reader")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return tmp_path


def test_a_slow_listing_does_not_hold_another(client: TestClient, settings: Settings, slow_reader: Path):
    assert settings.readers == 2
    files = write_dicom(small_volume(), slow_reader / "ct", DicomSpec())
    ct = [("file", (path.name, path.read_bytes())) for path in files]
    slow = [*ct, ("file", ("hostile", b"SLOW"))]
    with ThreadPoolExecutor(1) as pool:
        hostile = pool.submit(client.post, URL, files=slow)
        wait_for(lambda: (slow_reader / "reading").exists())
        waiting = client.post(URL, files=ct)  # is listed, chosen and read while the other is still being listed
        study = client.post(f"{URL}/{waiting.json()['id']}/studies")
        held = not hostile.done()
        (slow_reader / "go").touch()
        assert (waiting.status_code, study.status_code) == (201, 201)
        assert held
        assert hostile.result().status_code == 201


def test_no_more_read_at_the_same_time_than_there_are_places():
    read_slots, lock = ReadSlots(2), threading.Lock()
    inside, most = 0, 0
    full = threading.Barrier(2, timeout=20)

    def read(_: int) -> None:
        nonlocal inside, most
        with read_slots.taken():
            with lock:
                inside += 1
                most = max(most, inside)
            full.wait()  # passes only if two hold a place together
            with lock:
                inside -= 1

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(read, range(8)))
    assert (most, inside) == (2, 0)


def test_who_waits_longest_is_next_and_a_fault_gives_its_place_back():
    read_slots, order = ReadSlots(1), []
    threads = []

    def read(number: int) -> None:
        with read_slots.taken():
            order.append(number)

    with pytest.raises(ZeroDivisionError), read_slots.taken():
        raise ZeroDivisionError
    with read_slots.taken():
        for number in range(5):
            threads.append(threading.Thread(target=read, args=(number,)))
            threads[-1].start()
            wait_for(lambda expected=number + 1: len(read_slots._waiting) == expected)
    for thread in threads:
        thread.join(20)
    assert order == [0, 1, 2, 3, 4]
