"""The place of the page for reviews and for the link; what is in it is made by ``static/viewer/src/page/review.js``."""

from __future__ import annotations

from trame.widgets import html

from webapp.viewer.parts import Words


def review_tools(words: Words) -> None:
    """Add the review: accepted or needs work, with a comment; earlier reviews; a link to what is seen."""
    with html.Section(classes="sv-group"):
        html.H2(words("viewer.review"))
        html.Div(classes="sv-slot", raw_attrs=['data-slot="review-tools"'])
