"""``spineview serve``: gunicorn, started from Python, with the one worker that this design asks for."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

os.environ["TRAME_ARGS"] = "--server"  # before trame is imported: else it would parse our own arguments

from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]
from uvicorn_worker import UvicornWorker  # type: ignore[import-untyped]

from webapp.asgi import create_asgi
from webapp.services import EngineFactory
from webapp.settings import Settings, load_settings
from webapp.storage.store import Store

WORKER = "webapp.serve.Worker"
HOLD_S = 5.0  # for a server that is just stopping


class Worker(UvicornWorker):  # type: ignore[misc]
    """A uvicorn worker that does not outlive gunicorn: an orphan would keep the port and the studies."""

    async def callback_notify(self) -> None:
        """Called by uvicorn at each tick of its clock."""
        self.notify()
        if os.getppid() != self.ppid:
            signal.raise_signal(signal.SIGTERM)


class Server(BaseApplication):  # type: ignore[misc]
    """gunicorn with every option given here: it reads no file and no command line."""

    def __init__(self, settings: Settings, engine_factory: EngineFactory | None = None) -> None:
        self._settings = settings
        self._engine_factory = engine_factory
        super().__init__()

    def load_config(self) -> None:
        """Options in gunicorn's own names."""
        options: dict[str, Any] = {
            "bind": f"{self._settings.host}:{self._settings.port}",
            "worker_class": WORKER,
            "workers": 1,  # studies, sessions and the engine live in one process
            "timeout": 0,  # a long segmentation must not look like a dead worker
            "graceful_timeout": 10,
            "keepalive": 30,
            "control_socket_disable": True,  # it would open a socket under $HOME
            "proc_name": "spineview",
            "loglevel": self._settings.log_level,
            "when_ready": _say_where,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """Called in the worker, after the fork."""
        return create_asgi(self._settings, self._engine_factory)


def serve(host: str | None = None, port: int | None = None, data_dir: Path | None = None) -> None:
    """Serve until SIGTERM or Ctrl+C. What is not given comes from ``SPINEVIEW_*``, else from the defaults.

    Raises:
        BadConfiguration: an unknown setting, an impossible value, a data folder that cannot be used.
    """
    settings = load_settings(host=host, port=port, data_dir=data_dir)
    os.umask(0o077)  # scans are for the eyes of this account alone
    _check(settings)
    Server(settings).run()


def _check(settings: Settings) -> None:
    """Say what is wrong with the data folder here, in one sentence, not from a worker that fails to start."""
    store = Store(settings.data_dir)
    try:
        store.hold(HOLD_S)
    finally:
        store.close()


def _say_where(arbiter: Any) -> None:
    host, port = arbiter.LISTENERS[0].sock.getsockname()[:2]
    shown = "127.0.0.1" if host == "0.0.0.0" else host
    sys.stdout.write(f"SpineView answers at http://{shown}:{port}/  (Ctrl+C stops it)\n")
    sys.stdout.flush()
