"""Format the server's log: the program's own lines, each on one line that no client can forge."""

from __future__ import annotations

import logging
import sys

LINE = "%(asctime)s [%(process)d] [%(levelname)s] %(name)s: %(message)s"
TIME = "[%Y-%m-%d %H:%M:%S %z]"  # gunicorn's


class LineFormatter(logging.Formatter):
    """Write a record on one line: what cannot be printed, such as a line break in a file's name, is escaped.

    Tracebacks follow indented, so that no line of them looks like a record.
    """

    def __init__(self) -> None:
        super().__init__(LINE, TIME)

    def formatMessage(self, record: logging.LogRecord) -> str:
        """Write the first line."""
        return _escaped(super().formatMessage(record))

    def formatException(self, ei: object) -> str:
        """Write the traceback."""
        text = super().formatException(ei)  # type: ignore[arg-type]
        return "\n".join(f"    {_escaped(line)}" for line in text.split("\n"))


def set_up_logging(level: str) -> None:
    """Send the program's records from ``level`` on, and the warnings of libraries, to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LineFormatter())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for name in ("segmentation", "webapp"):
        logging.getLogger(name).setLevel(level.upper())


def _escaped(text: str) -> str:
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode("ascii") for each in text)
