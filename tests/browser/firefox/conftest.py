"""A Firefox a module instead of a Chromium: what is imported here is shown to work in both.

Firefox has WebGL only where there is a screen, so it gets one of its own that nobody sees (Xvfb). Playwright drives the
distribution's own Firefox over WebDriver BiDi.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.browser.support import sync_api

FIREFOX = os.environ.get("FIREFOX") or shutil.which("firefox-esr") or shutil.which("firefox")
XVFB = shutil.which("Xvfb")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if FIREFOX is None or XVFB is None:
        pytest.skip("there is no Firefox with Xvfb here, and scripts/ensure/firefox could not install them")
    with screen() as display, sync_api.sync_playwright() as playwright:
        browser = playwright.firefox.launch(
            channel="moz-firefox",
            executable_path=FIREFOX,
            headless=False,
            env={**os.environ, "DISPLAY": display, "LIBGL_ALWAYS_SOFTWARE": "1"},
            firefox_user_prefs={"webgl.force-enabled": True},
        )
        yield browser
        browser.close()


@contextmanager
def screen() -> Iterator[str]:
    """An X server without a monitor, until the block ends: its display."""
    assert XVFB is not None
    reading, writing = os.pipe()
    command = [XVFB, "-displayfd", str(writing), "-screen", "0", "1600x1400x24", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[writing], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(writing)
    try:
        with os.fdopen(reading) as answer:
            yield f":{answer.readline().strip()}"
    finally:
        server.terminate()
        server.wait(10)
