"""Run the server: gunicorn, started from Python, with the one worker that holds sessions, queue and engine."""

from __future__ import annotations

import errno
import gc
import logging
import os
import signal
import socket
import sys
import tempfile
from pathlib import Path
from typing import Any, ClassVar

os.environ["TRAME_ARGS"] = "--server"  # before trame is imported: else it would parse our own arguments

from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]
from gunicorn.glogging import Logger  # type: ignore[import-untyped]
from uvicorn_worker import UvicornWorker  # type: ignore[import-untyped]

from segmentation.core.errors import BadConfiguration
from webapp.accounts.access import is_required
from webapp.accounts.sign_in import invite
from webapp.asgi import create_asgi
from webapp.engine.remote.names import require_dask
from webapp.http.hosts import is_loopback, outward_address
from webapp.log_setup import formatter, set_up_logging
from webapp.services import EngineFactory
from webapp.settings import PREFIX, Settings, load_settings
from webapp.storage.store import Store

log = logging.getLogger(__name__)

WORKER = "webapp.serve.Worker"
LOG = "webapp.serve.ServerLog"
HOLD_S = 5.0  # for a server that is just stopping
BACKLOG = 2048  # gunicorn's own
LARGEST_FRAME_BYTES = 2 << 20  # of a socket
SWITCH_S = 0.0005
"""How long a thread that computes may keep the interpreter while others wait: a page's thread waits several times."""
_OPEN_TO_ALL = "There are no accounts: whoever reaches this address can see, change and delete every study."


class Worker(UvicornWorker):  # type: ignore[misc]
    """A uvicorn worker that does not outlive gunicorn: an orphan would keep the port and the studies."""

    CONFIG_KWARGS: ClassVar[dict[str, Any]] = {
        **UvicornWorker.CONFIG_KWARGS,
        "http": "webapp.http.bounded_head:BoundedHead",
        "ws_max_size": LARGEST_FRAME_BYTES,
    }

    async def callback_notify(self) -> None:
        """Handle each tick of uvicorn's clock."""
        self.notify()
        if os.getppid() != self.ppid:
            signal.raise_signal(signal.SIGTERM)


class ServerLog(Logger):  # type: ignore[misc]
    """gunicorn's log, written as the program's own is."""

    def setup(self, cfg: Any) -> None:
        """Set the handlers up, then their form."""
        super().setup(cfg)
        for handler in (*self.error_log.handlers, *self.access_log.handlers):
            handler.setFormatter(formatter(cfg.env_orig.get(f"{PREFIX}LOG_FORMAT", "text")))


class Server(BaseApplication):  # type: ignore[misc]
    """gunicorn with every option given here: it reads no file and no command line.

    Attributes:
        socket: It listens already; gunicorn closes it.

    Args:
        invitation: Path of the link that makes the first administrator; it is printed.

    Raises:
        BadConfiguration: the address cannot be listened on.
    """

    def __init__(
        self, settings: Settings, engine_factory: EngineFactory | None = None, invitation: str | None = None
    ) -> None:
        self._settings = settings
        self._invitation = invitation
        self._engine_factory = engine_factory
        self.socket = listen(settings.host, settings.port)
        super().__init__()

    def load_config(self) -> None:
        """Options in gunicorn's own names."""
        options: dict[str, Any] = {
            "bind": f"fd://{self.socket.fileno()}",
            "worker_class": WORKER,
            "workers": 1,  # studies, sessions and the engine live in one process
            "timeout": 0,  # a long segmentation must not look like a dead worker
            "graceful_timeout": 10,
            "keepalive": 30,
            "control_socket_disable": True,  # it would open a socket under $HOME
            "proc_name": "spineview",
            "logger_class": LOG,
            "loglevel": self._settings.log_level,
            "forwarded_allow_ips": ",".join(map(str, self._settings.trusted_proxies)),
            "when_ready": self._say_where,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def run(self) -> None:
        """Serve until SIGTERM or Ctrl+C."""
        self.socket.detach()  # gunicorn closes it
        super().run()

    def _say_where(self, arbiter: Any) -> None:
        host, port = arbiter.LISTENERS[0].sock.getsockname()[:2]
        shown = outward_address(host)
        address = f"[{shown}]" if ":" in shown else shown
        base = self._settings.public_url.rstrip("/") or f"http://{address}:{port}"
        sys.stdout.write(f"SpineView answers at {base}/  (Ctrl+C stops it)\n")
        if self._settings.open:
            sys.stdout.write(f"WARNING: {_OPEN_TO_ALL}\n")
        if self._invitation is not None:
            sys.stdout.write(f"The first administrator is made, once and within a day, at {base}{self._invitation}\n")
        sys.stdout.flush()

    def load(self) -> Any:
        """Set the worker up, after the fork."""
        set_up_logging(self._settings.log_level, self._settings.log_format)
        sys.setswitchinterval(SWITCH_S)
        # Voxels of patients lie there while they are read; what a killed server leaves, the next start removes.
        os.environ["TMPDIR"] = tempfile.tempdir = str(self._settings.data_dir / "tmp")
        app = create_asgi(self._settings, self._engine_factory)
        collect_from_now_on()
        return app


def serve(
    host: str | None = None,
    port: int | None = None,
    data_dir: Path | None = None,
    accounts: bool | None = None,
    everybody: bool | None = None,
) -> None:
    """Serve until SIGTERM or Ctrl+C. What is not given comes from ``SPINEVIEW_*``, else from the defaults.

    Raises:
        BadConfiguration: an unknown setting, an impossible value, a data folder or an address that cannot be used; or
            other machines could reach it, and nobody would have to sign in.
    """
    settings = load_settings(host=host, port=port, data_dir=data_dir, accounts=accounts, open=everybody)
    os.umask(0o077)  # scans are for the eyes of this account alone
    set_up_logging(settings.log_level, settings.log_format)
    invitation = _check(settings)
    server = Server(settings, invitation=invitation)
    if settings.open:
        log.warning(_OPEN_TO_ALL)
    collect_from_now_on()
    server.run()


def collect_from_now_on() -> None:
    """Collect garbage, but not among what the start has made: looking through that stops every thread for long."""
    gc.freeze()
    gc.enable()


def listen(host: str, port: int) -> socket.socket:
    """Open the socket to serve on; port 0 takes a free one.

    Raises:
        BadConfiguration: the port is taken or not allowed, or the address is none of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        key = {errno.EADDRINUSE: "taken", errno.EACCES: "not_allowed"}.get(error.errno or 0, "no_address")
        raise BadConfiguration(f"serve.{key}", host=host, port=port) from error


def _check(settings: Settings) -> str | None:
    """Say what is wrong with the data folder here, in one sentence, not from a worker that fails to start.

    Returns:
        Path of the link that makes the first administrator, if there must be one.

    Raises:
        BadConfiguration: the folder cannot be used, or everybody could do everything and nobody said so.
    """
    if settings.executor == "dask":
        require_dask()
    store = Store(settings.data_dir, settings.rows_at)
    try:
        store.hold(HOLD_S)
        store.recover()
        required = is_required(store, settings)
        if required and settings.open:
            raise BadConfiguration("serve.open_with_accounts")
        if not required and not settings.open and _others_reach(settings):
            raise BadConfiguration("serve.needs_accounts")
        return invite(store, None) if required and not store.accounts.has_administrator() else None
    finally:
        store.close()


def _others_reach(settings: Settings) -> bool:
    """Tell whether other machines can reach this server, by its address or through a proxy on this machine."""
    through_proxy = settings.trusted_proxies or settings.allowed_origins or settings.public_url
    return not is_loopback(settings.host) or bool(through_proxy)
