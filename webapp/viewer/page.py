"""The page of a study, built from plain HTML elements. Styles are in ``static/css/viewer.css``.

What a user called a study, and every other text that is not ours, reaches the page as state and is interpolated by
Vue as text. Only our own translations are written into the template.
"""

from __future__ import annotations

from typing import Any

from trame.ui.html import DivLayout
from trame.widgets import html

from webapp.storage.dicom_files import DICOM_FOLDER
from webapp.storage.tables import Study
from webapp.translations import LANGUAGES, Translate, component_texts
from webapp.viewer.parts import Words
from webapp.viewer.tools_capture import capture_tools
from webapp.viewer.tools_downloads import download_tools
from webapp.viewer.tools_job import segmentation_tools
from webapp.viewer.tools_masks import mask_tools
from webapp.viewer.tools_measure import measure_tools
from webapp.viewer.tools_notes import note_tools
from webapp.viewer.tools_review import review_tools
from webapp.viewer.tools_view import PLANES, PRESSED, WINDOWS, help_tools, view_tools
from webapp.viewer.tools_volume import volume_tools
from webapp.viewer.widget import SpineViewer, viewer_module

_PANEL_TEXTS = (*PLANES, "volume", "original", "segmented", "loading", "load_failed", "no_webgl", "maximise", "keys")


def initial_state(study: Study, lang: str, t: Translate) -> dict[str, Any]:
    """State of a new session; names and meanings are listed in ``docs/viewer.md``."""
    return {
        "trame__title": f"{study.name} · {t('common.product')}",
        "trame__favicon": None,
        "study_name": study.name,
        "study_facts": _facts(study),
        "study_notes": [t(f"note.{note.code}", **dict(note.values)) for note in study.notes],
        "display_url": f"/api/v1/studies/{study.id}/display.json",
        "version": "",
        "masks": [],
        "colours": {},
        "shown": [],
        "opacity": 60,
        "mesh_axes": "ras",
        "dicom": study.original == DICOM_FOLDER,
        "pacs": [],
        "sending": {"text": "", "busy": False, "failed": False},
        "level": list(WINDOWS["bone"]),
        "volume_preset": "bone",
        "layout": "four",
        "plane": "sagittal",
        "tool": "crosshair",
        "resets": 0,
        "slab_mm": 0,
        "slab_mode": "max",
        "label_opacity": {},
        "hidden": {},
        "mask_style": "filled",
        "zoom_to": None,
        "at": None,
        "problem": "",
        "gone": False,
        "texts": {**{name: t(f"viewer.{name}") for name in _PANEL_TEXTS}, **component_texts(lang)},
    }


def build_page(server: Any, study: Study, lang: str, t: Translate) -> None:
    """Fill the main template of a session's server, and what replaces it while the connection is away."""
    server.enable_module(viewer_module())
    words = Words(t)
    with DivLayout(server, classes="sv-app") as layout:
        _top_bar(study, lang, words)
        with html.Main(classes="sv-main"):
            with html.Div(classes="sv-stage"):
                _viewer()
            aside = html.Aside(classes="sv-tools", raw_attrs=[f'aria-label="{words("viewer.tools")}"'])
            with aside, html.Div(classes="sv-columns"):
                if study.notes:
                    note_tools(words)
                segmentation_tools(words)
                mask_tools(words)
                download_tools(words)
                view_tools(words)
                volume_tools(words)
                measure_tools(words)
                review_tools(words)
                capture_tools(words)
                help_tools(words)
    server.state.trame__template_error_reconnect = (
        f'<div class="sv-app sv-away" role="status"><p>{words("viewer.reconnecting")}</p>'
        '<trame-reconnect :max-retry="100000" :delay="1000" message=""/></div>'
    )
    layout.flush_content()


def _facts(study: Study) -> str:
    shape = " × ".join(str(n) for n in study.shape)
    spacing = " × ".join(f"{mm:.3g}" for mm in study.spacing_mm)
    return f"{shape}  ·  {spacing} mm  ·  {study.orientation}"


def _top_bar(study: Study, lang: str, words: Words) -> None:
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
            raw_attrs=[f'aria-label="{words("common.appearance")}"', 'data-testid="language-switch"'],
        ):
            theme = f'aria-label="{words("common.theme")}" title="{words("common.theme")}"'
            html.Button(classes="sv-icon sv-theme", raw_attrs=['type="button"', 'data-testid="theme-switch"', theme])
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
        slab=("[slab_mm, slab_mode]",),
        label_opacity=("label_opacity",),
        hidden=("hidden",),
        mask_style=("mask_style",),
        zoom_to=("zoom_to",),
        at=("at",),
        texts=("texts",),
        crosshair="at = $event",
        windowed="level = $event",
        failed="problem = $event",
        restored="layout = $event.layout; plane = $event.plane; level = $event.level",
        pressed=PRESSED,
    )
