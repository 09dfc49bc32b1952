"""A page under a name that an attacker made point here, in a real Chromium: it reaches nothing."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.browser.support import CHROMIUM, FLAGS, sync_api
from tests.webapp.hostile.test_hostile import ROOT
from tests.webapp.support import wait_for

NAME = "evil.example"
REACH = """async (port) => {
  const answers = {};
  const ask = async (name, address, options) => {
    try { const a = await fetch(address, options); answers[name] = [a.status, await a.text()]; }
    catch (error) { answers[name] = [0, String(error)]; }
  };
  await ask("list", "/api/v1/studies");
  await ask("demo", "/api/v1/studies/demo", { method: "POST" });
  await ask("home", "/");
  answers.socket = await new Promise((resolve) => {
    const socket = new WebSocket(`ws://${location.host}/studies/x/ws/0123456789abcdef0123456789abcdef`);
    socket.onopen = () => resolve("open");
    socket.onerror = () => resolve("refused");
  });
  return answers;
}"""


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    import re

    folder: Path = tmp_path_factory.mktemp("rebinding")
    (folder / "gate").touch()
    with (folder / "log").open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.webapp.gated_server", "0", str(folder / "data"), str(folder / "gate")],
            cwd=ROOT, stdout=out, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        found = wait_for(lambda: re.search(r"answers at http://127.0.0.1:(\d+)/ ", (folder / "log").read_text()), 120)
        yield int(found[1])
    finally:
        process.terminate()
        process.wait(60)


@pytest.fixture(scope="module")
def page() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("there is no Chromium here, and scripts/ensure/chromium could not install one")
    rule = f"--host-resolver-rules=MAP {NAME} 127.0.0.1"
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, rule])
        yield browser.new_page()
        browser.close()


def test_a_page_under_a_rebound_name_reaches_nothing(page: Any, port: int):
    answer = page.goto(f"http://{NAME}:{port}/", timeout=120_000)
    assert answer.status == 421
    assert page.locator("[data-testid=upload-input]").count() == 0
    found = page.evaluate(REACH, port)
    assert [found[name][0] for name in ("list", "demo", "home")] == [421, 421, 421]
    assert "studies" not in found["list"][1].split("error")[0]
    assert found["socket"] == "refused"
    listed = httpx.get(f"http://127.0.0.1:{port}/api/v1/studies", timeout=60).json()
    assert listed == {"studies": []}


def test_the_same_browser_reaches_the_server_by_its_own_name(page: Any, port: int):
    assert page.goto(f"http://127.0.0.1:{port}/", timeout=120_000).status == 200
    assert page.locator("[data-testid=upload-input]").count() == 1
