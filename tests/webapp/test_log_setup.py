from __future__ import annotations

import logging

from webapp.log_setup import LineFormatter

FORGED = "scan.nii\n[2026-01-01 00:00:00 +0000] [1] [ERROR] webapp: disk lost\x1b[2J\u2028\u202e"


def record(message: str, *values: object, error: BaseException | None = None) -> logging.LogRecord:
    info = (type(error), error, error.__traceback__) if error else None
    return logging.LogRecord("webapp.jobs", logging.INFO, __file__, 1, message, values, info)


def test_a_client_s_text_makes_no_lines_of_its_own():
    line = LineFormatter().format(record("read %s", FORGED))
    assert line.isprintable()
    assert "webapp.jobs: read scan.nii\\n[2026" in line


def test_a_traceback_is_indented_whatever_it_quotes():
    try:
        raise ValueError(FORGED)
    except ValueError as error:
        first, *others = LineFormatter().format(record("failed", error=error)).split("\n")
    assert first.endswith("webapp.jobs: failed")
    assert len(others) > 3
    assert all(line.startswith("    ") and line.isprintable() for line in others)


def test_what_can_be_printed_stays():
    assert LineFormatter().format(record("脊柱 µ %s", "é")).endswith("webapp.jobs: 脊柱 µ é")
