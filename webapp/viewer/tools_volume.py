"""The tools of the page for the 3D view."""

from __future__ import annotations

from trame.widgets import html

from webapp.viewer.parts import Words, choice

VOLUME_PRESETS = ("bone", "ramp", "off")


def volume_tools(words: Words) -> None:
    """How the CT looks in 3D."""
    with html.Section(classes="sv-group"):
        html.H2(words("viewer.volume"))
        choice(words, "volume_preset", VOLUME_PRESETS, title=True)
