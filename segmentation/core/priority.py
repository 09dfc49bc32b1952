"""Let long computations give way to whoever waits for an answer."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress

BACKGROUND_NICE = 10


def work_in_background() -> None:
    """Lower the priority of the calling thread, and of the threads and processes that it starts from now on.

    Linux gives every thread a priority of its own (setpriority(2)); elsewhere nothing happens, since it would be that
    of the whole process. There is no way back without privileges: call it in a thread that does nothing else.
    """
    if sys.platform == "linux":
        thread = threading.get_native_id()
        with suppress(OSError):
            lowest = max(BACKGROUND_NICE, os.getpriority(os.PRIO_PROCESS, thread))
            os.setpriority(os.PRIO_PROCESS, thread, lowest)
