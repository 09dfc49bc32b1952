"""Parts that the page's groups share: translated words and groups of buttons."""

from __future__ import annotations

import html as escaping

from trame.widgets import html

from webapp.translations import Translate


class Words:
    """Translations, escaped for a place inside a template."""

    def __init__(self, t: Translate) -> None:
        self._t = t

    def __call__(self, key: str) -> str:
        """Return the words of ``key``."""
        return escaping.escape(self._t(key)).replace("{", "&#123;").replace("}", "&#125;")


def choice(words: Words, name: str, values: tuple[str, ...], title: bool = False) -> None:
    """Buttons of which one is pressed: state ``name`` takes one of ``values``."""
    caption = words(f"viewer.{name}")
    with html.Div(classes="sv-choice-group"):
        if title:
            html.Div(caption, classes="sv-label")
        with html.Div(classes="sv-choice", raw_attrs=['role="group"', f'aria-label="{caption}"']):
            for value in values:
                testid = f"{name.replace('_', '-')}-{value}"
                option(words(f"viewer.{name}.{value}"), testid, f"{name} = '{value}'", f"{name} === '{value}'")


def option(text: str, testid: str, click: str, pressed: str) -> None:
    """One button of a choice: ``click`` and ``pressed`` are Vue expressions."""
    html.Button(
        text,
        click=click,
        raw_attrs=['type="button"', f'data-testid="{testid}"', f':aria-pressed="String({pressed})"'],
    )


def js(text: str) -> str:
    """``text`` as it stands between single quotes in a Vue expression."""
    return text.replace("\\", "\\\\").replace("'", "\\'")
