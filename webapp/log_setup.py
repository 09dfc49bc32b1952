"""Format the server's log: the program's own records, each on one line that no client can forge, as text or as JSON."""

from __future__ import annotations

import json
import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Literal

LINE = "%(asctime)s [%(process)d] [%(levelname)s] %(name)s: %(message)s"
TIME = "[%Y-%m-%d %H:%M:%S %z]"  # gunicorn's
REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="")
"""Of the request that is being served; "" outside of one."""
JOB_ID: ContextVar[str] = ContextVar("job_id", default="")
"""Of the job that is being worked on; "" outside of one."""
Form = Literal["text", "json"]


class LineFormatter(logging.Formatter):
    """Write a record on one line: what cannot be printed, such as a line break in a file's name, is escaped.

    The ids of request and job stand at its end. Tracebacks follow indented: no line of them looks like a record.
    """

    def __init__(self) -> None:
        super().__init__(LINE, TIME)

    def formatMessage(self, record: logging.LogRecord) -> str:
        """Write the first line."""
        ids = " ".join(f"{name}={identity}" for name, identity in current_ids().items())
        return _escaped(super().formatMessage(record)) + (f" [{ids}]" if ids else "")

    def formatException(self, ei: object) -> str:
        """Write the traceback."""
        text = super().formatException(ei)  # type: ignore[arg-type]
        return "\n".join(f"    {_escaped(line)}" for line in text.split("\n"))


class JsonFormatter(logging.Formatter):
    """Write a record as one JSON object on one line."""

    def format(self, record: logging.LogRecord) -> str:
        """Write time, level, logger, message, ids, and the traceback where there is one."""
        fields: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "process": record.process,
            **current_ids(),
        }
        if record.exc_info:
            fields["traceback"] = self.formatException(record.exc_info)
        return json.dumps(fields)  # ASCII alone: every line break and control character is escaped


def current_ids() -> dict[str, str]:
    """Name the request and the job that this thread or task works for; empty outside of both."""
    found = {"request": REQUEST_ID.get(), "job": JOB_ID.get()}
    return {name: identity for name, identity in found.items() if identity}


def formatter(form: Form) -> logging.Formatter:
    """Make the formatter of a form."""
    return JsonFormatter() if form == "json" else LineFormatter()


def set_up_logging(level: str, form: Form = "text") -> None:
    """Send the program's records from ``level`` on, and the warnings of libraries, to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter(form))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for name in ("segmentation", "webapp"):
        logging.getLogger(name).setLevel(level.upper())


def _escaped(text: str) -> str:
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode("ascii") for each in text)
