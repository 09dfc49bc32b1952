"""The import contracts of pyproject.toml: each is broken by the import that it is there to forbid."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
# Contract to a module, and the import added to a copy of it.
FORBIDDEN = {
    "The web application stands on the engine": ("segmentation/core/progress.py", "webapp.paths"),
    "The engine's packages": ("segmentation/core/notes.py", "segmentation.readers.limits"),
    "The web application's modules": ("webapp/paths.py", "webapp.storage.tables"),
    "The engine knows nothing of the web": ("segmentation/core/labels.py", "flask"),
    "Only the two modules of surfaces use VTK": ("webapp/display/voxel_codec.py", "vtkmodules"),
    "Only the network, its training and its inference": ("segmentation/readers/limits.py", "torch"),
    "Only the package of remote workers uses Dask": ("webapp/engine/local.py", "distributed"),
    "Only webapp.jobs starts work on the engine": ("webapp/pages/render.py", "segmentation.inference.engine"),
}


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What lint-imports prints of a copy of the packages with every forbidden import in it."""
    copy = tmp_path_factory.mktemp("copy")
    for package in ("segmentation", "webapp"):
        shutil.copytree(ROOT / package, copy / package, ignore=shutil.ignore_patterns("weights", "__pycache__"))
    (copy / "segmentation" / "weights").mkdir()
    (copy / "segmentation" / "weights" / "__init__.py").touch()
    shutil.copy(ROOT / "pyproject.toml", copy)
    for file, module in FORBIDDEN.values():
        with (copy / file).open("a", encoding="utf-8") as text:
            text.write(f"\n\ndef _forbidden() -> None:\n    import {module}\n")
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]
    environment = {**os.environ, "PYTHONPATH": str(copy), "COLUMNS": "200"}
    done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True)
    assert done.returncode == 1, done.stderr
    return done.stdout


@pytest.mark.parametrize("contract", FORBIDDEN)
def test_a_forbidden_import_breaks_its_contract(report: str, contract: str):
    file, module = FORBIDDEN[contract]
    assert re.search(rf"^{contract}.* BROKEN", report, re.MULTILINE)
    details = report.split("Broken contracts")[1]
    own = re.split(r"\n-{5,}\n", details[details.index(contract) :])[1]
    importer = file.removesuffix(".py").replace("/", ".")
    assert re.search(rf"{importer} -> {module}\b", own), own


def test_every_contract_is_tested():
    names = re.findall(r"^name = \"(.*)\"\ntype", (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    assert names
    assert all(any(name.startswith(contract) for contract in FORBIDDEN) for name in names)
