"""The ``spineview`` command: the engine's commands, and those of the server, its data and its accounts."""

from __future__ import annotations

import argparse
import gc
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from segmentation.cli import main as engine
from segmentation.cli.main import Command, CommandModule


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the options of ``serve``."""
    command.add_argument("--host", help="address to listen on (127.0.0.1)")
    command.add_argument("--port", type=int, help="port to listen on (8000)")
    command.add_argument("--data", metavar="DIR", type=Path, help="folder of studies and database")
    who = command.add_mutually_exclusive_group()
    who.add_argument("--accounts", action="store_true", default=None, help="people must sign in")
    who.add_argument("--open", action="store_true", default=None, help="serve other machines without accounts")


def run(options: argparse.Namespace) -> int:
    """Serve until stopped. What is not given comes from ``SPINEVIEW_*``, else from the defaults."""
    gc.disable()  # a tenth of the start goes there, and of what is imported nothing is garbage; ``serve`` enables it
    try:
        from webapp.serve import serve  # a second of imports that no other command needs

        given = {"host": options.host, "port": options.port, "data_dir": options.data}
        serve(**given, accounts=options.accounts, everybody=options.open)
    finally:
        gc.enable()
    return engine.DONE


def _serve() -> CommandModule:
    from webapp import cli

    return cli


def _maintenance(name: str) -> Callable[[], CommandModule]:
    def load() -> CommandModule:
        from webapp.maintenance.commands import COMMANDS as MAINTENANCE

        return MAINTENANCE[name]()

    return load


def _worker() -> CommandModule:
    from webapp.engine.remote import command

    return command


def _doctor() -> CommandModule:
    from webapp.maintenance import doctor

    return doctor


def _user() -> CommandModule:
    from webapp.accounts import user_command

    return user_command


def _audit() -> CommandModule:
    from webapp.accounts import audit_command

    return audit_command


COMMANDS: Mapping[str, Command] = {
    "serve": Command("start the web application", _serve),
    "worker": Command("segment for a server on another machine, see docs/scale.md", _worker),
    "backup": Command("copy all studies and the database, while the server runs", _maintenance("backup")),
    "restore": Command("put a backup into an empty data folder", _maintenance("restore")),
    "repair": Command("bring database and study folders together, and say what is wrong", _maintenance("repair")),
    "database": Command("copy all rows between SQLite and PostgreSQL, see docs/scale.md", _maintenance("database")),
    "doctor": Command("say what of this installation is missing or wrong", _doctor),
    "user": Command("add, list, change, disable, reset or remove accounts, and add groups", _user),
    "audit": Command("verify the audit trail, or export it", _audit),
    **engine.COMMANDS,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit code, see ``segmentation.cli.main.main``."""
    return engine.main(arguments, COMMANDS)


if __name__ == "__main__":
    sys.exit(main())
