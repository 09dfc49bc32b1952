"""The ``spineview`` command: the engine's commands, and ``serve``."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from segmentation.phantom import PhantomSpec, write_phantom
from webapp.cli import main

HEAVY = (
    "SimpleITK",
    "aiohttp",
    "dask",
    "distributed",
    "flask",
    "highdicom",
    "httpx",
    "matplotlib",
    "monai",
    "PIL",
    "psycopg",
    "pydantic",
    "pydicom",
    "scipy.ndimage",
    "sqlalchemy",
    "torch",
    "trame",
    "vtk",
    "vtkmodules",
)


def loaded_by(arguments: list[str]) -> list[str]:
    """The heavy modules that a new process holds at the end of a command; numpy and nibabel among them."""
    code = f"""
import sys
from webapp.cli import main
try:
    main({arguments!r})
finally:
    print([name for name in {(*HEAVY, "nibabel", "numpy")!r} if sys.modules.get(name)], file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return list(ast.literal_eval(done.stderr))


def test_serve_hands_its_options_to_the_server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    started: dict[str, object] = {}
    import webapp.serve

    monkeypatch.setattr(webapp.serve, "serve", lambda **given: started.update(given))
    assert main(["serve", "--port", "0", "--data", str(tmp_path)]) == 0
    assert started == {"host": None, "port": 0, "data_dir": tmp_path, "accounts": None, "everybody": None}


def test_help_lists_serve_beside_the_engine_s_commands(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as left:
        main(["--help"])
    assert left.value.code == 0
    printed = capsys.readouterr().out
    for command in ("serve", "worker", "segment", "evaluate", "train", "ablation", "info", "phantom"):
        assert f" {command} " in printed


def test_help_loads_no_library():
    assert loaded_by(["--help"]) == []


def test_info_of_a_nifti_loads_what_reads_it_and_nothing_else(tmp_path: Path):
    write_phantom(tmp_path, PhantomSpec(levels=("L3",), spacing_mm=(4.0, 4.0, 4.0)))
    assert loaded_by(["info", str(tmp_path / "ct.nii.gz")]) == ["nibabel", "numpy"]


FIRST_PAGE = """
import asyncio, sys
from pathlib import Path
import webapp.serve
from webapp.settings import Settings

async def get(app, path):
    sent = []
    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}
    async def send(message):
        sent.append(message)
    scope = {"type": "http", "http_version": "1.1", "method": "GET", "scheme": "http", "path": path, "root_path": "",
             "raw_path": path.encode(), "query_string": b"", "headers": [(b"host", b"127.0.0.1:8000")],
             "client": ("127.0.0.1", 50000), "server": ("127.0.0.1", 8000)}
    await app(scope, receive, send)
    assert sent[0]["status"] == 200, sent

async def main(app):
    async with app.router.lifespan_context(app):
        await get(app, "/")
        assert "webapp.rest" not in sys.modules, "the API is imported after the first page"
        await get(app, "/api/v1/studies")

asyncio.run(main(webapp.serve.create_asgi(Settings(data_dir=Path(sys.argv[1]), preload_model=False))))
"""


def test_the_first_page_waits_for_no_library_that_it_does_not_use(tmp_path: Path):
    code = f"{FIRST_PAGE}\nprint([name for name in {HEAVY!r} if sys.modules.get(name)])"
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert ast.literal_eval(done.stdout) == ["flask", "pydantic", "sqlalchemy"]
