"""The process of a worker: it joins the scheduler, works on one job at a time, and joins again when it lost it."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import tempfile
from collections.abc import Callable
from pathlib import Path

from segmentation.core.version import product_version
from webapp.engine.interface import EngineLike, packaged_engine
from webapp.engine.remote.names import read_names, require_dask, security_of
from webapp.engine.remote.task import Host, become
from webapp.engine.segmenting import read_scan  # noqa: F401 - imported now, so that no job waits for it
from webapp.settings import Settings

log = logging.getLogger(__name__)
JOIN_S = 10.0
LEAVE_S = 10.0
AGAIN_S = 1.0


def run_worker(settings: Settings, engine_factory: Callable[[], EngineLike] | None = None) -> None:
    """Load the engine, then work for the scheduler of the settings until SIGTERM or Ctrl+C.

    The job that it works on when it is stopped goes back to the queue.

    Raises:
        InputError: the data folder or the model cannot be used, or Dask is not installed.
    """
    require_dask()
    names = read_names(settings.data_dir)
    engine = (engine_factory or packaged_engine(settings))()
    host = Host(settings.data_dir.absolute(), names, engine, product_version())
    become(host)
    log.info("loaded the model %s on %s", engine.model_id, engine.device)
    with tempfile.TemporaryDirectory(prefix="spineview-worker-") as scratch:
        os.environ["TMPDIR"] = tempfile.tempdir = scratch  # voxels of patients may lie there while they are read
        asyncio.run(_work(settings, host, Path(scratch)))


async def _work(settings: Settings, host: Host, scratch: Path) -> None:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    joined = 0
    was_reached = True
    while not stop.is_set():
        try:
            await _join(settings, host, scratch, f"{socket.gethostname()}-{os.getpid()}-{joined}", stop)
            was_reached = True
        except (OSError, TimeoutError, ValueError, RuntimeError) as error:
            if was_reached:
                log.error("the scheduler %s cannot be reached: %s", settings.dask_scheduler, error)
            was_reached = False
        joined += 1
        try:
            await asyncio.wait_for(stop.wait(), AGAIN_S)
        except TimeoutError:
            continue


async def _join(settings: Settings, host: Host, scratch: Path, name: str, stop: asyncio.Event) -> None:
    """Work until the scheduler is lost, or this process is to stop."""
    from distributed import Client, Worker

    host.name = name
    security = security_of(settings)
    worker = Worker(
        settings.dask_scheduler,
        name=name,
        nthreads=1,
        resources={host.names.resource: 1},
        memory_limit=0,  # nothing of size is kept in Dask's memory
        death_timeout=JOIN_S,
        local_directory=str(scratch),
        security=security,
    )
    try:
        await asyncio.wait_for(worker, JOIN_S + 5)
        async with Client(
            settings.dask_scheduler, asynchronous=True, security=security, timeout=JOIN_S, set_as_default=False
        ) as client:
            client.subscribe_topic(host.names.stops, lambda event: host.stopped.add(event[1]))
            log.info("worker %s takes jobs from %s", name, settings.dask_scheduler)
            ends = {asyncio.ensure_future(worker.finished()), asyncio.ensure_future(stop.wait())}
            _, left = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            for each in left:
                each.cancel()
            if stop.is_set():
                host.stopping.set()
                # Dask's own graceful close leaves at once, and what its last job says with it.
                await asyncio.to_thread(host.idle.wait, LEAVE_S)
            else:
                log.error("the scheduler %s was lost", settings.dask_scheduler)
    finally:
        await worker.close(timeout=2, executor_wait=False, reason="spineview-worker-leaves")
        host.stopped.clear()
