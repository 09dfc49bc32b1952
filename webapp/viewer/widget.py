"""The vtk.js component as a trame widget. Its source is in ``static/viewer/src``, its build in ``dist``."""

from __future__ import annotations

from typing import Any

from trame_client.widgets.core import AbstractElement

from webapp.paths import versioned


def viewer_module() -> dict[str, Any]:
    """List what trame's client loads before it draws the page (see ``Server.enable_module``)."""
    return {
        "scripts": [versioned("/static/viewer/dist/spineview-widget.js")],
        "vue_use": ["SpineViewWidget"],
    }


class SpineViewer(AbstractElement):  # type: ignore[misc]
    """The panels of one study. Properties and events are listed in ``docs/viewer.md``."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__("spine-viewer", **kwargs)
        self._attr_names += [
            "url",
            "version",
            "shown",
            "colours",
            "opacity",
            ("level", "window"),
            "volume_preset",
            "layout",
            "plane",
            "tool",
            "resets",
            "slab",
            "label_opacity",
            "hidden",
            "mask_style",
            "zoom_to",
            "at",
            "texts",
        ]
        self._event_names += ["crosshair", ("windowed", "window"), "failed", "restored", "pressed"]
