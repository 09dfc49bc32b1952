"""The place of the page for measurements; what is in it is made by ``static/viewer/src/measure/tools.js``."""

from __future__ import annotations

from trame.widgets import html

from webapp.viewer.parts import Words


def measure_tools(words: Words) -> None:
    """Measuring tools and the list of measurements."""
    with html.Section(classes="sv-group"):
        html.H2(words("viewer.measure"))
        html.Div(classes="sv-slot", raw_attrs=['data-slot="measure-tools"'])
