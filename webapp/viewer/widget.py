"""The Vue component of the page as a trame widget. Its source is in ``static/viewer/src``, its build in ``dist``."""

from __future__ import annotations

from typing import Any

from trame_client.widgets.core import AbstractElement

from webapp.http.sub_path import outward
from webapp.paths import versioned


def viewer_module() -> dict[str, Any]:
    """List what trame's client loads before it draws the page (see ``Server.enable_module``)."""
    return {
        "scripts": [outward(versioned("/static/viewer/dist/spineview-widget.js"))],
        "vue_use": ["SpineViewWidget"],
    }


class StudyPage(AbstractElement):  # type: ignore[misc]
    """The whole page of a study; it reads and writes the state that ``docs/viewer.md`` lists."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__("study-page", **kwargs)
