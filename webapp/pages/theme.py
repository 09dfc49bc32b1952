"""Light or dark: what a browser remembers (``static/js/theme.js``) is written into its pages, lest they flash."""

from __future__ import annotations

COOKIE = "theme"
THEMES = ("light", "dark")


def theme_of(cookie: str | None) -> str:
    """The theme that a request's ``theme`` cookie asks for; "" follows the reader's system."""
    return cookie if cookie in THEMES else ""


def theme_marks(theme: str) -> tuple[str, str]:
    """The attribute (with its space) of ``<html>`` and the ``<meta>`` that show ``theme``, where no template does."""
    attribute = f' data-theme="{theme}"' if theme else ""
    return attribute, f'<meta name="color-scheme" content="{theme or "light dark"}">'
