"""Threads for slow work of requests, such as reading an upload: they give way to pages and hold no thread of theirs."""

from __future__ import annotations

import asyncio
import contextvars
import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from segmentation.core.priority import work_in_background

Result = TypeVar("Result")
_POOL = ThreadPoolExecutor(40, thread_name_prefix="background", initializer=work_in_background)


async def in_background(work: Callable[..., Result], *arguments: Any) -> Result:
    """Run ``work`` in one of these threads, in the context of the request, and wait for it."""
    context = contextvars.copy_context()
    call = functools.partial(context.run, work, *arguments)
    return await asyncio.get_running_loop().run_in_executor(_POOL, call)
