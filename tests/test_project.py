"""What a clone promises before any code runs: everything is packaged, and nothing is named twice or forgotten."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from webapp.settings import Settings

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_every_package_is_installed(project: dict):
    found = {
        ".".join(path.parent.relative_to(ROOT).parts)
        for top in ("segmentation", "webapp")
        for path in (ROOT / top).rglob("__init__.py")
    }
    assert found <= set(project["tool"]["setuptools"]["packages"])


def test_every_file_that_pages_need_is_installed(project: dict):
    patterns = project["tool"]["setuptools"]["package-data"]
    sources = {"viewer/src", "viewer/tests", "viewer/node_modules"}
    tools = {"package.json", "package-lock.json", "vite.config.js", "eslint.config.js", "tsconfig.json"}
    for name in ("static", "templates"):
        folder = ROOT / name
        packaged = {path for pattern in patterns[f"webapp.{name}"] for path in folder.glob(pattern)}
        packaged |= {inner for path in packaged if path.is_dir() for inner in path.rglob("*")}
        for path in folder.rglob("*"):
            inside = path.relative_to(folder).as_posix()
            if path.is_dir() or path.name in tools or inside.startswith(tuple(sources)):
                continue
            if not path.name.startswith("."):
                assert path in packaged, f"{name}/{inside} is not in pyproject's package-data"


def test_every_dependency_is_locked(project: dict):
    def normal(name: str) -> str:
        return re.sub(r"[-_.]+", "-", name).lower()

    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    locked = {normal(line.split("==")[0]) for line in lock.splitlines() if "==" in line}
    asked = project["project"]["dependencies"] + project["project"]["optional-dependencies"]["dev"]
    names = {normal(re.split(r"[\[<>=]", requirement)[0]) for requirement in asked}
    assert names <= locked


def test_make_installs_the_torch_of_the_lock():
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    locked = re.search(r"^torch==(\S+)$", lock, re.MULTILINE)
    made = re.search(r"^TORCH\s*:= torch==(\S+)$", makefile, re.MULTILINE)
    assert locked is not None
    assert made is not None
    assert locked[1] == made[1]


def test_the_version_is_in_the_changelog(project: dict):
    assert f"## {project['project']['version']}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_every_setting_is_in_the_readme():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name, field in Settings.model_fields.items():
        assert f"| `SPINEVIEW_{name.upper()}` |" in readme
        assert str(field.description) in readme


def test_the_architecture_names_only_what_exists():
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:segmentation|webapp|static|templates|tests|docs)/[\w./-]*)`", text))
    assert len(named) > 40
    assert not [name for name in sorted(named) if not (ROOT / name).exists()]


def test_the_architecture_names_files_by_the_folder_of_the_one_before():
    """In a cell of its table ``b.py`` after ``webapp/a.py`` is ``webapp/b.py``."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    cells = [cell for line in text.splitlines() if line.startswith("| ") for cell in line.split("|")]
    wrong = []
    for cell in cells:
        folder = Path()
        for name in re.findall(r"`([\w./-]+\.(?:py|js|json|css|html|md)|[\w./-]+/)`", cell):
            if "/" in name:
                folder = Path(name) if name.endswith("/") else Path(name).parent
            wrong += [] if (ROOT / folder / Path(name).name).exists() or (ROOT / name).is_dir() else [cell.strip()]
    assert len(cells) > 100
    assert wrong == []
