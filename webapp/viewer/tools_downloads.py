"""The tools of the page for taking a result home: one button for the mask, a folded list for everything else."""

from __future__ import annotations

from trame.widgets import html

from webapp.viewer.parts import Words, choice

_MASKS = (("nrrd", ".seg.nrrd"), ("labels", "/labels.txt"))
MESHES = ("stl", "obj", "ply", "glb")


def download_tools(words: Words) -> None:
    """Links for the newest mask of the model; the surfaces along the axes that ``mesh_axes`` says."""
    section = html.Section(
        v_for="mask in masks.filter((m) => m.kind === 'model')",
        key="mask.id",
        classes="sv-group",
        raw_attrs=['data-testid="downloads"'],
    )
    with section:
        html.H2(words("viewer.downloads"))
        html.A(
            words("viewer.download"),
            classes="sv-button",
            raw_attrs=[':href="mask.download"', "download", 'data-testid="download-mask"'],
        )
        with html.Details(classes="sv-more"):
            html.Summary(words("viewer.downloads.more"), raw_attrs=['data-testid="more-downloads"'])
            with html.Div(classes="sv-links"):
                for name, ending in _MASKS:
                    _link(words(f"viewer.downloads.{name}"), f"mask.base + '{ending}'", name)
            html.Div(words("viewer.downloads.surface"), classes="sv-label")
            choice(words, "mesh_axes", ("ras", "lps"))
            with html.Div(classes="sv-links"):
                for name in MESHES:
                    _link(name.upper(), f"`${{mask.base}}/surface.{name}?axes=${{mesh_axes}}`", name)


def _link(text: str, address: str, name: str) -> None:
    html.A(
        text,
        classes="sv-button",
        raw_attrs=[f':href="{address}"', "download", f'data-testid="download-{name}"'],
    )
