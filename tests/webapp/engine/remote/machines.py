"""A Dask scheduler and workers with the tests' small engine, in processes of their own on 127.0.0.1, over TLS."""

from __future__ import annotations

import datetime
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from webapp.settings import Settings

ROOT = Path(__file__).parents[4]
PATIENCE_S = 90.0


class Machines:
    """A scheduler and workers of one data folder. ``gate`` holds every job back in its middle while it is missing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.gate = folder / "gate"
        self.let_go = folder / "gate.let-go"
        self.workers: list[subprocess.Popen[bytes]] = []
        self._scheduler: subprocess.Popen[bytes] | None = None
        self.cert, self.key = make_certificate(folder)
        with socket.create_server(("127.0.0.1", 0)) as found:
            self.address = f"tls://127.0.0.1:{found.getsockname()[1]}"

    @property
    def settings(self) -> Settings:
        return Settings(
            data_dir=self.folder / "data",
            min_free_bytes=0,
            executor="dask",
            dask_scheduler=self.address,
            dask_ca_file=self.cert,
            dask_cert_file=self.cert,
            dask_key_file=self.key,
        )

    def start_scheduler(self) -> None:
        tls = ["--tls-ca-file", str(self.cert), "--tls-cert", str(self.cert), "--tls-key", str(self.key)]
        port = self.address.rsplit(":", 1)[1]
        where = ["--host", "tls://127.0.0.1", "--port", port, "--no-dashboard"]
        self._scheduler = self._start("scheduler", ["-m", "distributed.cli.dask_scheduler", *where, *tls])

    def end_scheduler(self) -> None:
        assert self._scheduler is not None
        self._scheduler.kill()
        self._scheduler.wait(PATIENCE_S)

    def have_workers(self, count: int) -> None:
        """Start workers until there are that many."""
        self.workers = [worker for worker in self.workers if worker.poll() is None]
        while len(self.workers) < count:
            script = Path(__file__).with_name("bone_worker.py")
            self.workers.append(self._start("workers", [str(script), self.settings.model_dump_json(), str(self.gate)]))

    def at_work(self, lines: list[str]) -> subprocess.Popen[bytes]:
        """The worker that the last attempt in a job's log runs on."""
        name = [line for line in lines if line.startswith("On worker ")][-1].split()[2]
        return next(worker for worker in self.workers if f"-{worker.pid}-" in name)

    def end(self, worker: subprocess.Popen[bytes], number: int = signal.SIGKILL) -> int:
        worker.send_signal(number)
        return worker.wait(PATIENCE_S)

    def end_all(self) -> None:
        for process in filter(None, (*self.workers, self._scheduler)):
            process.kill()
            process.wait(PATIENCE_S)

    def log(self) -> str:
        return (self.folder / "workers.log").read_text()[-5000:]

    def _start(self, name: str, command: list[str]) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
        with (self.folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, *command], stdout=log, stderr=subprocess.STDOUT, env=environment, cwd=self.folder
            )


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """One that signs itself, for everybody: who has it belongs to the installation."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "spineview")])
    begin = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(begin).not_valid_after(begin + datetime.timedelta(days=10))
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    cert = folder / "cert.pem"
    cert.write_bytes(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    path = folder / "key.pem"
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(key.private_bytes(*form))
    return cert, path
