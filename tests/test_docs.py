"""The documentation builds without a broken link, shows every module, and fetches nothing from the internet."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SHOWN_ELSEWHERE = {"segmentation.weights"}  # model-card.md


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", str(folder)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    built = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr  # strict: a warning, such as a broken link, fails
    return folder


def test_every_package_has_its_page_of_reference(site: Path):
    for top in ("segmentation", "webapp"):
        for package in sorted(path.parent.name for path in (ROOT / top).glob("*/__init__.py")):
            name = f"{top}.{package}"
            if name not in SHOWN_ELSEWHERE:
                assert name in (site / "reference" / f"{name}.html").read_text(encoding="utf-8")


def test_every_module_of_the_web_application_itself_has_its_reference(site: Path):
    page = (site / "reference" / "webapp.html").read_text(encoding="utf-8")
    modules = {path.stem for path in (ROOT / "webapp").glob("*.py")} - {"__init__"}
    assert {module for module in modules if f'id="webapp.{module}"' not in page} == set()


def test_a_docstring_is_on_its_page(site: Path):
    page = (site / "reference" / "segmentation.core.html").read_text(encoding="utf-8")
    assert 'id="segmentation.core.geometry.Grid"' in page
    assert "where each voxel lies in the patient" in page


def test_the_site_fetches_nothing_from_the_internet(site: Path):
    fetched = re.compile(r"<(?:script|img|link)[^>]+(?:src|href)=\"https?://(?![^\"]*\"[^>]*rel=\"canonical)[^\"]*")
    pages = list(site.rglob("*.html"))
    assert len(pages) > 30
    assert [match[0] for page in pages for match in fetched.finditer(page.read_text(encoding="utf-8"))] == []
