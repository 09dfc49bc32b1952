"""Threads for slow work of requests, such as reading an upload: they give way to pages and hold no thread of theirs."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar

Result = TypeVar("Result")
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


_POOL = ThreadPoolExecutor(40, thread_name_prefix="background", initializer=work_in_background)


async def in_background(work: Callable[..., Result], *arguments: Any) -> Result:
    """Run ``work`` in one of these threads, in the context of the request, and wait for it."""
    context = contextvars.copy_context()
    call = functools.partial(context.run, work, *arguments)
    return await asyncio.get_running_loop().run_in_executor(_POOL, call)
