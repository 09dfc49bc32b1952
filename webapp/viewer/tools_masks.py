"""The tools of the page for masks: the list of labels, how they are drawn, how far they may be trusted."""

from __future__ import annotations

from trame.widgets import html

from webapp.viewer.parts import Words, choice
from webapp.viewer.tools_labels import label_list, opacity_list

MASK_STYLES = ("filled", "outline")
_TOGGLE_MASK = "shown = shown.includes(mask.id) ? shown.filter((id) => id !== mask.id) : [...shown, mask.id]"


def mask_tools(words: Words) -> None:
    """Each mask with its labels, its agreement with the reference and its opacity."""
    with html.Section(v_if="masks.length", classes="sv-group", raw_attrs=['data-testid="label-list"']):
        html.H2(words("viewer.masks"))
        with html.Div(v_for="mask in masks", key="mask.id", classes="sv-mask"):
            with html.Label(classes="sv-check"):
                html.Input(
                    raw_attrs=[
                        'type="checkbox"',
                        ':checked="shown.includes(mask.id)"',
                        ':data-testid="`show-${mask.kind}`"',
                    ],
                    change=_TOGGLE_MASK,
                )
                html.Span("{{ mask.title }}")
                html.Span("{{ mask.volume }}", classes="sv-figure")
            label_list(words)
            opacity_list(words)
            with html.Div(v_if="mask.dice", classes="sv-row sv-dice"):
                html.Span(words("viewer.dice"))
                html.Strong("{{ mask.dice }}", classes="sv-figure", raw_attrs=['data-testid="dice-value"'])
            _confidence(words)
        choice(words, "mask_style", MASK_STYLES, title=True)
        with html.Label(classes="sv-slider"):
            with html.Span(classes="sv-row"):
                html.Span(words("viewer.opacity"))
                html.Span("{{ opacity }} %", classes="sv-figure")
            html.Input(
                v_model_number=("opacity",),
                raw_attrs=['type="range"', 'min="0"', 'max="100"', 'step="5"', 'data-testid="opacity-slider"'],
            )


def _confidence(words: Words) -> None:
    """How far the mask may be trusted: a colour, the level in words, what to do, and why."""
    with html.Div(
        v_if="mask.confidence",
        classes="sv-confidence",
        raw_attrs=[':data-level="mask.confidence.level"', 'data-testid="confidence"', 'role="note"'],
    ):
        html.Strong("{{ mask.confidence.label }}")
        html.Span("{{ mask.confidence.advice }}")
        with html.Ul(v_if="mask.confidence.reasons.length"):
            html.Li("{{ reason }}", v_for="reason in mask.confidence.reasons", key="reason")
        html.Span(words("viewer.confidence.what"), classes="sv-faint")
