"""Command line of the engine: ``segment | measure | evaluate | train | ablation | info | phantom | register | plan |
tracker``.

Exit 0: done. 2: bad input, with one plain line on stderr. 1: a bug, with its traceback. 130: Ctrl+C.
A command's module, with its options and whatever it imports, is loaded when that command is asked for.
The web application adds ``serve`` to these commands (``webapp/cli.py``) and is not needed here:
``python -m segmentation.cli``.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn, Protocol

from segmentation.core.errors import InputError

DONE, BAD_INPUT, INTERRUPTED = 0, 2, 130


class CommandModule(Protocol):
    """Interface of a module that holds one command."""

    def add_options(self, command: argparse.ArgumentParser) -> None:
        """Declare the command's options."""

    def run(self, options: argparse.Namespace) -> int:
        """Run the command and return its exit code."""


@dataclass(frozen=True)
class Command:
    """One line of ``--help``, and the import of the module behind it."""

    help: str
    load: Callable[[], CommandModule]


def _segment() -> CommandModule:
    from segmentation.cli import segment

    return segment


def _measure() -> CommandModule:
    from segmentation.cli import measure

    return measure


def _evaluate() -> CommandModule:
    from segmentation.cli import evaluate

    return evaluate


def _train() -> CommandModule:
    from segmentation.cli import train

    return train


def _ablation() -> CommandModule:
    from segmentation.cli import ablation

    return ablation


def _info() -> CommandModule:
    from segmentation.cli import info

    return info


def _phantom() -> CommandModule:
    from segmentation.cli import phantom

    return phantom


def _register() -> CommandModule:
    from segmentation.cli import register

    return register


def _plan() -> CommandModule:
    from segmentation.cli import plan

    return plan


def _tracker() -> CommandModule:
    from segmentation.cli import tracker

    return tracker


COMMANDS: Mapping[str, Command] = {
    "segment": Command("write the spine mask of a CT", _segment),
    "measure": Command("measure the vertebrae of a label map: heights, angles, canal, density", _measure),
    "evaluate": Command("measure a model on scans; prints a table for each option", _evaluate),
    "train": Command("train a model as a configuration file says; goes on where it stopped", _train),
    "ablation": Command("train and measure networks and preprocessings side by side", _ablation),
    "info": Command("geometry and HU range of a scan, and why it would be refused", _info),
    "phantom": Command("write a synthetic spine CT whose geometry is known", _phantom),
    "register": Command("register touched points to a vertebra, for research", _register),
    "plan": Command("propose pedicle screws, or check them for breaches, for research", _plan),
    "tracker": Command("simulate, record or replay a tracked tool over OpenIGTLink, for research", _tracker),
}


class Parser(argparse.ArgumentParser):
    """ArgumentParser whose complaint is one line, without the usage text."""

    def error(self, message: str) -> NoReturn:
        """Print what is wrong and exit with 2."""
        self.exit(BAD_INPUT, f"{self.prog}: {message} (see {self.prog} --help)\n")


def main(arguments: Sequence[str] | None = None, commands: Mapping[str, Command] = COMMANDS) -> int:
    """Run one command; return the exit code. A bug is raised, which Python ends with 1."""
    arguments = sys.argv[1:] if arguments is None else arguments
    options = build_parser(arguments, commands).parse_args(arguments)
    try:
        return commands[options.command].load().run(options)
    except InputError as error:
        print(" ".join(f"spineview: {error.message} {error.hint}".split()), file=sys.stderr)
        return BAD_INPUT
    except OSError as error:
        # A full disk, a folder that may not be written: the person's to mend, not a bug of ours.
        print(f"spineview: {error.strerror or error}: {error.filename or 'a file'}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        print("spineview: stopped", file=sys.stderr)
        return INTERRUPTED


def build_parser(arguments: Sequence[str] = (), commands: Mapping[str, Command] = COMMANDS) -> argparse.ArgumentParser:
    """Build the parser of every command, with the options of the one in ``arguments``; ``options.command`` names it."""
    parser = Parser(prog="spineview", description="Finds the spine in a CT. For research use only.")
    parser.add_argument("--version", action=_Version, nargs=0, help="show program's version number and exit")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=Parser)
    # Before the command stand only options without a value.
    asked = next((word for word in arguments if not word.startswith("-")), "")
    for name, command in commands.items():
        subparser = subparsers.add_parser(name, help=command.help)
        if name == asked:
            command.load().add_options(subparser)
    return parser


class _Version(argparse.Action):
    """``--version``, which looks the version up only when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> NoReturn:
        from segmentation.core.version import product_version

        print(f"spineview {product_version()}")
        parser.exit(DONE)


if __name__ == "__main__":
    sys.exit(main())
