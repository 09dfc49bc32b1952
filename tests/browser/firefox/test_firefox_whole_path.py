"""From the file to the downloaded mask, as in Chromium, at a desk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.browser.test_whole_path import (  # noqa: F401
    files,
    pytestmark,
    site,
    test_two_browsers_on_two_studies_share_no_state,
)
from tests.browser.test_whole_path import test_upload_segment_see_and_download as whole_path


def test_upload_segment_see_and_download(browser: Any, site: str, files: tuple[Path, Path], tmp_path: Path) -> None:  # noqa: F811
    whole_path(browser, site, files, tmp_path, touch=False)
