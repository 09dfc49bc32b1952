"""The tools of the page that choose what is seen and how: layout, drag, window."""

from __future__ import annotations

from trame.widgets import html

from webapp.viewer.parts import Words, choice, option

TOOLS = ("crosshair", "scroll", "window", "pan", "zoom")
WINDOWS = {"bone": (500, 2000), "soft": (40, 400), "lung": (-600, 1500), "metal": (1500, 4000)}
"""Level and width in HU."""
LAYOUTS = ("four", "compare", "curtain", "blink")
_BOTH_KINDS = "['model', 'reference'].every((kind) => masks.some((mask) => mask.kind === kind))"
PLANES = ("axial", "coronal", "sagittal")
SLABS_MM = (0, 5, 10, 20)
SLAB_MODES = ("max", "mean")


def _next_window() -> str:
    """Compute the window after the one chosen, as a Vue expression; after a window of one's own the first."""
    windows = [list(window) for window in WINDOWS.values()]
    return (
        f"level = {windows}[({windows}.findIndex((w) => w[0] === level[0] && w[1] === level[1]) + 1) % {len(windows)}]"
    )


PRESSED = (
    "if ($event === 'masks') shown = shown.length ? [] : masks.map((mask) => mask.id);"
    " else if ($event === 'outline') mask_style = mask_style === 'outline' ? 'filled' : 'outline';"
    f" else {_next_window()}"
)
"""What keys of the component ask of the page."""


def view_tools(words: Words) -> None:
    """Layout, what a drag does, window, and the way back."""
    with html.Section(classes="sv-group"):
        html.H2(words("viewer.view"))
        choice(words, "layout", LAYOUTS)
        with html.Div(classes="sv-choice", v_if=_BOTH_KINDS):
            option(words("viewer.layout.masks"), "layout-masks", "layout = 'masks'", "layout === 'masks'")
        with html.Div(v_if="['compare', 'curtain', 'blink'].includes(layout)"):
            choice(words, "plane", PLANES)
        choice(words, "tool", TOOLS, title=True)
        with html.Div(classes="sv-choice-group"):
            with html.Div(classes="sv-row sv-label"):
                html.Span(words("viewer.window"))
                html.Span(
                    "L {{ level[0] }}  W {{ level[1] }}", classes="sv-figure", raw_attrs=['data-testid="window-level"']
                )
            with html.Div(classes="sv-choice", raw_attrs=['role="group"', f'aria-label="{words("viewer.window")}"']):
                for name, (level, width) in WINDOWS.items():
                    is_it = f"level[0] === {level} && level[1] === {width}"
                    option(words(f"viewer.window.{name}"), f"window-{name}", f"level = [{level}, {width}]", is_it)
        _slab(words)
        html.Button(
            words("viewer.reset"),
            classes="sv-button",
            click="resets = resets + 1",
            raw_attrs=['type="button"', 'data-testid="reset-view"'],
        )


def _slab(words: Words) -> None:
    """How thick the slices are, and what is shown of a thick one."""
    with html.Div(classes="sv-choice-group"):
        html.Div(words("viewer.slab"), classes="sv-label")
        with html.Div(classes="sv-choice", raw_attrs=['role="group"', f'aria-label="{words("viewer.slab")}"']):
            for mm in SLABS_MM:
                text = f"{mm} mm" if mm else words("viewer.slab.off")
                option(text, f"slab-{mm}", f"slab_mm = {mm}", f"slab_mm === {mm}")
        with html.Div(v_if="slab_mm > 0"):
            choice(words, "slab_mode", SLAB_MODES)


def help_tools(words: Words) -> None:
    """Add the button of the help sheet, which ``static/viewer/src/page/help.js`` makes."""
    with html.Section(classes="sv-group"):
        html.Button(words("viewer.help"), classes="sv-button", raw_attrs=['type="button"', 'data-testid="help-button"'])
