"""The place of the page for pictures, clips and VR; its content is made by ``static/viewer/src/page/page-tools.js``."""

from __future__ import annotations

from trame.widgets import html

from webapp.viewer.parts import Words


def capture_tools(words: Words) -> None:
    """Pictures of the panels, a turning clip, and the way into a headset."""
    with html.Section(classes="sv-group"):
        html.H2(words("viewer.capture"))
        html.Div(classes="sv-slot", raw_attrs=['data-slot="capture-tools"'])
        html.Div(classes="sv-slot", raw_attrs=['data-slot="vr-tools"'])
