"""The tools of the page for the 3D view."""

from __future__ import annotations

from trame.widgets import html

from webapp.viewer.parts import Words, choice

VOLUME_PRESETS = ("bone", "spine", "muscle", "skin", "lung", "metal", "ramp", "off")


def volume_tools(words: Words) -> None:
    """How the CT looks in 3D. What is in the slot is made by ``static/viewer/src/page/volume-tools.js``."""
    with html.Section(classes="sv-group"):
        html.H2(words("viewer.volume"))
        choice(words, "volume_preset", VOLUME_PRESETS, title=True)
        html.Div(classes="sv-slot", raw_attrs=['data-slot="volume-tools"'])
