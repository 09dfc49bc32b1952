"""The ``spineview`` command: the engine's commands and ``serve``, which starts the web application."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from segmentation.cli import main as engine
from segmentation.cli.main import Command, CommandModule


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the options of ``serve``."""
    command.add_argument("--host", help="address to listen on (127.0.0.1)")
    command.add_argument("--port", type=int, help="port to listen on (8000)")
    command.add_argument("--data", metavar="DIR", type=Path, help="folder of studies and database")


def run(options: argparse.Namespace) -> int:
    """Serve until stopped. What is not given comes from ``SPINEVIEW_*``, else from the defaults."""
    from webapp.serve import serve  # a second of imports that no other command needs

    serve(host=options.host, port=options.port, data_dir=options.data)
    return engine.DONE


def _serve() -> CommandModule:
    from webapp import cli

    return cli


COMMANDS: Mapping[str, Command] = {"serve": Command("start the web application", _serve), **engine.COMMANDS}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit code, see ``segmentation.cli.main.main``."""
    return engine.main(arguments, COMMANDS)


if __name__ == "__main__":
    sys.exit(main())
