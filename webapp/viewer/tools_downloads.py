"""The tools of the page for taking a result home: one button for the mask, a folded list for everything else."""

from __future__ import annotations

from trame.widgets import html

from webapp.enumerations import DICOM_KINDS
from webapp.viewer.parts import Words, choice, js

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
        _sending(words)
        with html.Details(classes="sv-more"):
            html.Summary(words("viewer.downloads.more"), raw_attrs=['data-testid="more-downloads"'])
            with html.Div(classes="sv-links sv-files"):
                for name, ending in _MASKS:
                    _link(words(f"viewer.downloads.{name}"), f"mask.base + '{ending}'", name)
                for name in DICOM_KINDS:
                    _link(words(f"viewer.downloads.{name}"), f"mask.base + '/{name}.dcm'", name, shown="dicom")
            html.Div(words("viewer.downloads.surface"), classes="sv-label")
            choice(words, "mesh_axes", ("ras", "lps"))
            with html.Div(classes="sv-links"):
                for name in MESHES:
                    _link(name.upper(), f"`${{mask.base}}/surface.{name}?axes=${{mesh_axes}}`", name)


def _sending(words: Words) -> None:
    """Add a button for each archive, and what became of the last press."""
    before, after = (js(part) for part in words("viewer.send").split("&#123;name&#125;"))
    html.Button(
        f"{{{{ '{before}' + name + '{after}' }}}}",
        v_for="name in pacs",
        key="name",
        classes="sv-button",
        click="trigger('send', [mask.id, name])",
        raw_attrs=['type="button"', 'data-testid="send-button"', ':disabled="sending.busy || gone"'],
    )
    html.P(
        "{{ sending.text }}",
        v_if="sending.text",
        raw_attrs=[
            'role="status"',
            'data-testid="send-status"',
            ":class=\"sending.failed ? 'sv-error' : 'sv-faint'\"",
        ],
    )


def _link(text: str, address: str, name: str, shown: str = "true") -> None:
    html.A(
        text,
        v_if=shown,
        classes="sv-button",
        raw_attrs=[f':href="{address}"', "download", f'data-testid="download-{name}"'],
    )
