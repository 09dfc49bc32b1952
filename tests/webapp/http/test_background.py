from __future__ import annotations

import os
import sys
import threading

import pytest

from webapp.http.background import BACKGROUND_NICE, work_in_background


@pytest.mark.skipif(sys.platform != "linux", reason="only there has a thread a priority of its own")
def test_only_the_thread_that_asks_gives_way_and_what_it_starts():
    found: list[int] = []

    def look() -> None:
        found.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    def work() -> None:
        work_in_background()
        look()
        inner = threading.Thread(target=look)
        inner.start()
        inner.join()

    before = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    worker = threading.Thread(target=work)
    worker.start()
    worker.join()
    assert found == [max(before, BACKGROUND_NICE)] * 2
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == before
