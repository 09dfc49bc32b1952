"""The page of a study: its state, and the one component that draws it (``static/viewer/src/page/StudyPage.vue``).

What a user called a study, and every other text, reaches the page as state, which Vue interpolates as text.
Nothing of it is written into a template.
"""

from __future__ import annotations

import html
from typing import Any

from trame.ui.html import DivLayout

from webapp.enumerations import DICOM_KINDS, MESH_FORMATS
from webapp.http.sub_path import outward
from webapp.storage.dicom.files import DICOM_FOLDER
from webapp.storage.tables import Study
from webapp.translations import LANGUAGES, Translate, page_texts
from webapp.viewer.widget import StudyPage, viewer_module


def initial_state(study: Study, lang: str, t: Translate) -> dict[str, Any]:
    """State of a new session; names and meanings are listed in ``docs/viewer.md``."""
    return {
        "trame__title": f"{study.name} · {t('common.product')}",
        "trame__favicon": None,
        "study_name": study.name,
        "study_facts": _facts(study),
        "study_notes": [t(f"note.{note.code}", **dict(note.values)) for note in study.notes],
        "languages": _other_languages(study, lang),
        "display_url": outward(f"/api/v1/studies/{study.id}/display.json"),
        "version": "",
        "reviews_version": "",
        "masks": [],
        "colours": {},
        "shown": [],
        "default_colours": {},
        "opacity": 30,
        "mesh_axes": "ras",
        "mesh_formats": list(MESH_FORMATS),
        "dicom_kinds": list(DICOM_KINDS) if study.original == DICOM_FOLDER else [],
        "pacs": [],
        "rights": [],
        "sending": {"text": "", "busy": False, "failed": False},
        "level": [500, 2000],
        "volume_preset": "bone",
        "mask_style_3d": "bone",
        "clip": [[0, 1], [0, 1], [0, 1]],
        "crosshair_shown": True,
        "names_shown": True,
        "layout": "four",
        "plane": "sagittal",
        "tool": "crosshair",
        "resets": 0,
        "slab_mm": 0,
        "slab_mode": "max",
        "label_opacity": {},
        "hidden": {},
        "mask_style": "both",
        "zoom_to": None,
        "at": None,
        "problem": "",
        "gone": False,
        "texts": page_texts(lang),
    }


def build_page(server: Any, t: Translate) -> None:
    """Fill the main template of a session's server, and what replaces it while the connection is away."""
    server.enable_module(viewer_module())
    with DivLayout(server, classes="sv-app") as layout:
        StudyPage()
    server.state.trame__template_error_reconnect = (
        f'<div class="sv-app sv-away" role="status"><p>{html.escape(t("viewer.reconnecting"))}</p>'
        '<trame-reconnect :max-retry="100000" :delay="1000" message=""/></div>'
    )
    layout.flush_content()


def _facts(study: Study) -> str:
    shape = " × ".join(str(n) for n in study.shape)
    spacing = " × ".join(f"{mm:.3g}" for mm in study.spacing_mm)
    return f"{shape}  ·  {spacing} mm"


def _other_languages(study: Study, lang: str) -> list[dict[str, str]]:
    """List the languages that the page can be switched to: code, name, and the address that switches."""
    return [
        {"code": code, "name": name, "url": outward(f"/language/{code}?next=/studies/{study.id}")}
        for code, name in LANGUAGES.items()
        if code != lang
    ]
