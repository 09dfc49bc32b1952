"""Start the process that reads DICOM, wait for it, and survive whatever a file does to it."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from segmentation.core.errors import InputError, TooLarge, UnreadableFile
from segmentation.readers.limits import ReadLimits

_WORKER = "segmentation.readers.dicom.worker"
_NOT_STARTED = (1, 2)  # Python's own, for a module that cannot be imported; the worker has another for a task
_log = logging.getLogger(__name__)
_ROOT = Path(__file__).resolve().parents[3]


def run(task: str, request: dict[str, Any], limits: ReadLimits) -> dict[str, Any]:
    """Do one of the worker's tasks in a process of its own; return its result.

    Raises:
        InputError: what the task raised; or the process died, went beyond its memory or time, or did not start.
    """
    whole = {
        **request,
        "task": task,
        "limits": asdict(limits),
        "memory_bytes": limits.process_bytes,
        "cpu_s": limits.process_s,
        "file_bytes": limits.max_bytes,
    }
    try:
        with tempfile.TemporaryDirectory(prefix="spineview-") as nowhere:
            done = subprocess.run(
                [sys.executable, "-P", "-m", _WORKER],
                input=json.dumps(whole).encode(),
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # may quote a header: names of patients do not belong into a log
                cwd=nowhere,  # the user's folder may hold anything, modules with the names of libraries included
                env=_environment(),
                timeout=limits.process_s,
                check=False,
            )
    except subprocess.TimeoutExpired as error:
        raise TooLarge("dicom.too_slow", seconds=limits.process_s) from error
    except OSError as error:
        raise InputError("dicom.reader_not_started", status=error.strerror or "?") from error
    return _reply(done, limits)


def _reply(done: subprocess.CompletedProcess[bytes], limits: ReadLimits) -> dict[str, Any]:
    try:
        reply: dict[str, Any] = json.loads(done.stdout)
    except ValueError as error:
        _log.warning("the process that reads DICOM ended with status %d", done.returncode)
        if done.returncode in _NOT_STARTED:
            raise InputError("dicom.reader_not_started", status=done.returncode) from error
        raise UnreadableFile("dicom.reader_stopped") from error
    if "memory" in reply:
        raise TooLarge("dicom.too_much_memory", gib=limits.process_bytes / 1024**3)
    if "error" in reply:
        raise InputError.from_json(reply["error"])
    result: dict[str, Any] = reply["ok"]
    return result


def _environment() -> dict[str, str]:
    """Copy the environment with one thread for each library: threads would take address space, which is limited."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    given = filter(os.path.isabs, os.environ.get("PYTHONPATH", "").split(os.pathsep))
    path = os.pathsep.join((str(_ROOT), *given))
    return {**os.environ, **threads, "PYTHONPATH": path}
