"""A PostgreSQL of the tests' own, and databases in it, each as a first start of the server would make it."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from itertools import count
from pathlib import Path

import pytest

SETTINGS = (
    "listen_addresses=",
    "fsync=off",
    "full_page_writes=off",
    "max_connections=90",
)


class Cluster:
    """PostgreSQL on a socket in a folder of its own. Whoever reaches the socket is its administrator."""

    def __init__(self, programs: Path, folder: Path, settings: Sequence[str] = SETTINGS) -> None:
        self._programs, self.folder, self._settings = programs, folder, settings
        self._prefix = _as_unprivileged(folder)
        self._names = count()
        self._run(
            "initdb", "--auth=trust", "--username=spineview", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8", self.data
        )
        self.start()

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def start(self) -> None:
        settings = " ".join(f"-c {each}" for each in (*self._settings, f"unix_socket_directories={self.folder}"))
        self._run(
            "pg_ctl", "--pgdata", self.data, "--log", self.folder / "log", "--wait", "--options", settings, "start"
        )

    def stop(self) -> None:
        self._run("pg_ctl", "--pgdata", self.data, "--mode=immediate", "--wait", "stop")

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://spineview@/{database}?host={self.folder}"

    def database(self, template: str = "template1") -> str:
        """Make a database; return its address."""
        name = f"test{next(self._names)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        return self.url(name)

    def execute(self, statement: str, database: str = "postgres") -> list[tuple]:
        import psycopg

        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def _run(self, program: str, *arguments: object) -> None:
        command = [*self._prefix, str(self._programs / program), *map(str, arguments)]
        with (self.folder / "programs.log").open("ab") as output:  # a pipe would stay open as long as the server runs
            done = subprocess.run(command, stdout=output, stderr=output, cwd=self.folder, timeout=120, check=False)
        assert done.returncode == 0, (self.folder / "programs.log").read_text()


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A running PostgreSQL; skips where there is none."""
    found = programs()
    if found is None or find_spec("psycopg") is None:
        pytest.skip("there is no PostgreSQL here (scripts/ensure/postgresql), or no psycopg")
    folder = Path(tempfile.mkdtemp(prefix="spineview-pg-"))
    try:
        started = Cluster(found, folder)
        yield started
        started.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def prepared(cluster: Cluster) -> str:
    """Name of a database that holds the tables of this version and no rows."""
    from webapp.storage.postgresql.opening import prepare

    cluster.execute("CREATE DATABASE prepared")
    prepare(cluster.url("prepared"))
    return "prepared"


@pytest.fixture
def postgresql_url(cluster: Cluster, prepared: str) -> Iterator[str]:
    """A database with the tables of this version and no rows."""
    url = cluster.database(prepared)
    yield url
    name = url.partition("@/")[2].partition("?")[0]
    cluster.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """What a store is told of its database: nothing, or the address of one of PostgreSQL."""
    return "" if request.param == "sqlite" else request.getfixturevalue("postgresql_url")


def programs() -> Path | None:
    """Folder of PostgreSQL's programs, the newest there are; None where there are none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    at = str(found[-1]) if found else shutil.which("postgres")
    return Path(at).parent if at else None


def _as_unprivileged(folder: Path) -> list[str]:
    """PostgreSQL refuses to run as root: then it runs as the account that its package made, or as nobody."""
    if os.geteuid() != 0:
        return []
    known = {each.pw_name: each for each in pwd.getpwall()}
    account = known.get("postgres") or known["nobody"]
    os.chown(folder, account.pw_uid, account.pw_gid)
    return ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
