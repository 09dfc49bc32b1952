"""The list of a mask's labels: show, colour, isolate, zoom to and fade each, with its volume and mean HU.

Written for the inside of a ``v-for="mask in masks"``; ``hidden``, ``colours`` and ``label_opacity`` are by mask id.
"""

from __future__ import annotations

from trame.widgets import html

from webapp.viewer.parts import Words, js

_HIDDEN = "(hidden[mask.id] || [])"
_IS_SEEN = f"!{_HIDDEN}.includes(label.number)"
_TOGGLE = (
    f"hidden = {{ ...hidden, [mask.id]: {_IS_SEEN} ? [...{_HIDDEN}, label.number]"
    f" : {_HIDDEN}.filter((n) => n !== label.number) }}"
)
_IS_ALONE = f"mask.labels.length > 1 && {_IS_SEEN} && {_HIDDEN}.length === mask.labels.length - 1"
_ISOLATE = (
    f"hidden = {{ ...hidden, [mask.id]: {_IS_ALONE} ? []"
    " : mask.labels.map((other) => other.number).filter((n) => n !== label.number) }"
)
_HEX = "'#' + (colours[mask.id][label.number] || [0, 0, 0]).map((c) => c.toString(16).padStart(2, '0')).join('')"
_RECOLOUR = (
    "colours = { ...colours, [mask.id]: { ...colours[mask.id], [label.number]:"
    " [1, 3, 5].map((at) => Number('0x' + $event.target.value.slice(at, at + 2))) } }"
)
_OPACITY = "((label_opacity[mask.id] || {})[label.number] ?? 100)"
_FADE = (
    "label_opacity = { ...label_opacity, [mask.id]:"
    " { ...label_opacity[mask.id], [label.number]: Number($event.target.value) } }"
)
_ZOOM = "zoom_to = { mask: mask.id, label: label.number }"


def label_list(words: Words) -> None:
    """Add a row for each label of ``mask``."""
    with (
        html.Ul(classes="sv-labels", raw_attrs=[':aria-label="mask.title"']),
        html.Li(
            v_for="label in mask.labels",
            key="label.number",
            raw_attrs=[':data-testid="`label-${mask.kind}-${label.number}`"'],
        ),
    ):
        with html.Label(classes="sv-check"):
            html.Input(change=_TOGGLE, raw_attrs=['type="checkbox"', f':checked="{_IS_SEEN}"', _named(words, "show")])
            html.Span("{{ label.name }}")
        html.Input(
            change=_RECOLOUR,
            classes="sv-swatch",
            raw_attrs=['type="color"', f':value="{_HEX}"', _named(words, "colour")],
        )
        html.Span("{{ label.volume }}", classes="sv-figure", raw_attrs=['data-figure="volume"'])
        html.Span("{{ label.hu }}", classes="sv-figure", raw_attrs=['data-figure="hu"'])
        _button(words, "isolate", _ISOLATE, 'v-if="mask.labels.length > 1"', f':aria-pressed="String({_IS_ALONE})"')
        _button(words, "zoom", _ZOOM, 'v-if="label.volume"')


def opacity_list(words: Words) -> None:
    """Add a slider for each label of ``mask``, folded away; a drag counts once it ends: surfaces are made anew."""
    with html.Details(classes="sv-log", raw_attrs=[':data-testid="`label-opacity-${mask.kind}`"']):
        html.Summary(words("viewer.label_opacity"))
        with html.Label(v_for="label in mask.labels", key="label.number", classes="sv-slider"):
            with html.Span(classes="sv-row"):
                html.Span("{{ label.name }}")
                html.Span(f"{{{{ {_OPACITY} }}}} %", classes="sv-figure")
            html.Input(
                change=_FADE,
                raw_attrs=[
                    *('type="range"', 'min="0"', 'max="100"', 'step="5"', f':value="{_OPACITY}"'),
                    f':aria-valuetext="`${{{_OPACITY}}} %`"',
                    _named(words, "opacity"),
                ],
            )


def _named(words: Words, what: str) -> str:
    """Make a name for screen readers that says of which label it is."""
    return f""":aria-label="`${{label.name}}: {js(words(f"viewer.label.{what}"))}`\""""


def _button(words: Words, what: str, click: str, *attributes: str) -> None:
    html.Button(
        classes=f"sv-icon sv-icon-{what}",
        click=click,
        raw_attrs=[
            'type="button"',
            f'data-act="{what}"',
            f'title="{words(f"viewer.label.{what}")}"',
            _named(words, what),
            *attributes,
        ],
    )
