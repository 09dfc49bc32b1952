"""The page of a study, built from plain HTML elements. Styles are in ``static/css/viewer.css``.

What a user called a study, and every other text that is not ours, reaches the page as state and is interpolated by
Vue as text. Only our own translations are written into the template.
"""

from __future__ import annotations

import html as escaping
from typing import Any

from trame.ui.html import DivLayout
from trame.widgets import html

from webapp.i18n import LANGUAGES, Translate
from webapp.records import Study
from webapp.viewer.widget import SpineViewer, viewer_module

TOOLS = ("crosshair", "scroll", "window", "pan", "zoom")
WINDOWS = {"bone": (500, 2000), "soft": (40, 400), "lung": (-600, 1500)}
"""Level and width in HU."""
VOLUME_PRESETS = ("bone", "ramp", "off")
LAYOUTS = ("four", "compare")
PLANES = ("axial", "coronal", "sagittal")
_PANEL_TEXTS = (*PLANES, "volume", "original", "segmented", "loading", "load_failed", "no_webgl", "maximise", "keys")
_TOGGLE_MASK = "shown = shown.includes(mask.id) ? shown.filter((id) => id !== mask.id) : [...shown, mask.id]"


def initial_state(study: Study, lang: str, t: Translate) -> dict[str, Any]:
    """State of a new session; names and meanings are listed in ``docs/viewer.md``."""
    return {
        "trame__title": f"{study.name} · {t('common.product')}",
        "trame__favicon": None,
        "study_name": study.name,
        "study_facts": _facts(study),
        "display_url": f"/api/v1/studies/{study.id}/display.json",
        "version": "",
        "masks": [],
        "colours": {},
        "shown": [],
        "opacity": 60,
        "level": list(WINDOWS["bone"]),
        "volume_preset": "bone",
        "layout": "four",
        "plane": "sagittal",
        "tool": "crosshair",
        "resets": 0,
        "at": None,
        "problem": "",
        "gone": False,
        "texts": {name: t(f"viewer.{name}") for name in _PANEL_TEXTS},
    }


def build_page(server: Any, study: Study, lang: str, t: Translate) -> None:
    """Fill the main template of a session's server, and what replaces it while the connection is away."""
    server.enable_module(viewer_module())
    words = _Words(t)
    with DivLayout(server, classes="sv-app") as layout:
        _top_bar(study, lang, words)
        with html.Main(classes="sv-main"):
            with html.Div(classes="sv-stage"):
                _viewer()
            aside = html.Aside(classes="sv-tools", raw_attrs=[f'aria-label="{words("viewer.tools")}"'])
            with aside, html.Div(classes="sv-columns"):
                _segmentation(words)
                _masks(words)
                _view_tools(words)
                _help(words)
    server.state.trame__template_error_reconnect = (
        f'<div class="sv-app sv-away" role="status"><p>{words("viewer.reconnecting")}</p>'
        '<trame-reconnect :max-retry="100000" :delay="1000" message=""/></div>'
    )
    layout.flush_content()


class _Words:
    """Translations, escaped for a place inside a template."""

    def __init__(self, t: Translate) -> None:
        self._t = t

    def __call__(self, key: str) -> str:
        return escaping.escape(self._t(key)).replace("{", "&#123;").replace("}", "&#125;")


def _facts(study: Study) -> str:
    shape = " × ".join(str(n) for n in study.shape)
    spacing = " × ".join(f"{mm:.3g}" for mm in study.spacing_mm)
    return f"{shape}  ·  {spacing} mm  ·  {study.orientation}"


def _top_bar(study: Study, lang: str, words: _Words) -> None:
    with html.Header(classes="sv-top"):
        with html.A(
            classes="sv-home", raw_attrs=['href="/"', f'aria-label="{words("common.back")}"', 'data-testid="back"']
        ):
            html.Span(classes="sv-mark", raw_attrs=['aria-hidden="true"'])
            html.Span(words("common.back"), classes="sv-home-text")
        with html.Div(classes="sv-study"):
            html.H1("{{ study_name }}", raw_attrs=[':title="study_name"', 'data-testid="study-name"'])
            html.Span("{{ study_facts }}", classes="sv-facts")
        html.P(words("common.research_only"), classes="sv-notice", raw_attrs=['data-testid="notice"'])
        with html.Nav(
            classes="sv-languages",
            raw_attrs=[f'aria-label="{words("common.language")}"', 'data-testid="language-switch"'],
        ):
            for code, name in LANGUAGES.items():
                if code != lang:
                    html.A(name, raw_attrs=[f'href="/language/{code}?next=/studies/{study.id}"', f'lang="{code}"'])


def _viewer() -> None:
    SpineViewer(
        url=("display_url",),
        version=("version",),
        shown=("shown",),
        colours=("colours",),
        opacity=("Number(opacity)",),
        level=("level",),
        volume_preset=("volume_preset",),
        layout=("layout",),
        plane=("plane",),
        tool=("tool",),
        resets=("resets",),
        at=("at",),
        texts=("texts",),
        crosshair="at = $event",
        windowed="level = $event",
        failed="problem = $event",
    )


def _segmentation(words: _Words) -> None:
    with html.Section(classes="sv-group sv-job"):
        html.H2(words("viewer.segmentation"))
        with html.Button(
            v_if="!job.active",
            classes="sv-button sv-primary",
            click="trigger('segment')",
            raw_attrs=['type="button"', 'data-testid="segment-button"', ':disabled="gone"'],
        ):
            html.Span(f"{{{{ masks.some((m) => m.kind === 'model') ? '{_js(words('viewer.again'))}'"
                      f" : '{_js(words('viewer.segment'))}' }}}}")  # fmt: skip
        html.Button(
            words("common.cancel"),
            v_if="job.active",
            classes="sv-button",
            click="trigger('cancel')",
            raw_attrs=['type="button"', 'data-testid="cancel-button"'],
        )
        with html.Div(v_if="job.id", classes="sv-progress"):
            html.Progress(
                v_show="job.active",
                raw_attrs=[
                    'max="100"',
                    ':value="job.percent"',
                    'data-testid="job-progress"',
                    f'aria-label="{words("viewer.progress")}"',
                ],
            )
            with html.Div(classes="sv-row"):
                html.Span(
                    "{{ job.stage }}", raw_attrs=['data-testid="stage"', 'role="status"', ':data-state="job.state"']
                )
                html.Span("{{ job.percent }} %", v_if="job.active", classes="sv-figure")
            with html.Div(classes="sv-row sv-faint"):
                html.Span(
                    words("viewer.elapsed") + " {{ job.elapsed }}",
                    v_if="job.elapsed",
                    raw_attrs=['data-testid="elapsed"'],
                )
                html.Span("{{ job.eta }}", v_if="job.active && job.eta")
        with html.Div(v_if="job.error || problem || gone", classes="sv-error", raw_attrs=['role="alert"']):
            html.Strong(words("viewer.gone"), v_if="gone")
            html.Strong("{{ job.error ? job.error.message : problem }}", v_else=True)
            html.Span("{{ job.error.hint }}", v_if="!gone && job.error")
        with html.Details(v_if="job.log.length", classes="sv-log"):
            html.Summary(words("viewer.log"))
            with html.Ol(raw_attrs=['data-testid="job-log"', 'tabindex="0"']):
                html.Li("{{ line }}", v_for="(line, n) in job.log", key="n")


def _masks(words: _Words) -> None:
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
            with html.Ul(classes="sv-labels"), html.Li(v_for="label in mask.labels", key="label.number"):
                html.I(classes="sv-swatch", raw_attrs=[':style="{ background: label.colour }"', 'aria-hidden="true"'])
                html.Span("{{ label.name }}")
            with html.Div(v_if="mask.dice", classes="sv-row sv-dice"):
                html.Span(words("viewer.dice"))
                html.Strong("{{ mask.dice }}", classes="sv-figure", raw_attrs=['data-testid="dice-value"'])
            _confidence(words)
        with html.Label(classes="sv-slider"):
            with html.Span(classes="sv-row"):
                html.Span(words("viewer.opacity"))
                html.Span("{{ opacity }} %", classes="sv-figure")
            html.Input(
                v_model_number=("opacity",),
                raw_attrs=['type="range"', 'min="0"', 'max="100"', 'step="5"', 'data-testid="opacity-slider"'],
            )
        html.A(
            words("viewer.download"),
            v_for="mask in masks.filter((m) => m.kind === 'model')",
            key="mask.id",
            classes="sv-button",
            raw_attrs=[':href="mask.download"', "download", 'data-testid="download-mask"'],
        )


def _confidence(words: _Words) -> None:
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


def _view_tools(words: _Words) -> None:
    with html.Section(classes="sv-group"):
        html.H2(words("viewer.view"))
        _choice(words, "layout", LAYOUTS)
        with html.Div(v_if="layout === 'compare'"):
            _choice(words, "plane", PLANES)
        _choice(words, "tool", TOOLS, title=True)
        with html.Div(classes="sv-choice-group"):
            with html.Div(classes="sv-row sv-label"):
                html.Span(words("viewer.window"))
                html.Span(
                    "L {{ level[0] }}  W {{ level[1] }}", classes="sv-figure", raw_attrs=['data-testid="window-level"']
                )
            with html.Div(classes="sv-choice", raw_attrs=['role="group"', f'aria-label="{words("viewer.window")}"']):
                for name, (level, width) in WINDOWS.items():
                    is_it = f"level[0] === {level} && level[1] === {width}"
                    _option(words(f"viewer.window.{name}"), f"window-{name}", f"level = [{level}, {width}]", is_it)
        _choice(words, "volume_preset", VOLUME_PRESETS, title=True)
        html.Button(
            words("viewer.reset"),
            classes="sv-button",
            click="resets = resets + 1",
            raw_attrs=['type="button"', 'data-testid="reset-view"'],
        )


def _choice(words: _Words, name: str, values: tuple[str, ...], title: bool = False) -> None:
    """Buttons of which one is pressed: state ``name`` takes one of ``values``."""
    caption = words(f"viewer.{name}")
    with html.Div(classes="sv-choice-group"):
        if title:
            html.Div(caption, classes="sv-label")
        with html.Div(classes="sv-choice", raw_attrs=['role="group"', f'aria-label="{caption}"']):
            for value in values:
                testid = f"{name.replace('_', '-')}-{value}"
                _option(words(f"viewer.{name}.{value}"), testid, f"{name} = '{value}'", f"{name} === '{value}'")


def _option(text: str, testid: str, click: str, pressed: str) -> None:
    html.Button(
        text,
        click=click,
        raw_attrs=['type="button"', f'data-testid="{testid}"', f':aria-pressed="String({pressed})"'],
    )


def _help(words: _Words) -> None:
    with html.Details(classes="sv-group sv-help"):
        html.Summary(words("viewer.help"))
        with html.Ul():
            for line in ("mouse", "touch", "keyboard"):
                html.Li(words(f"viewer.help.{line}"))


def _js(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'")
