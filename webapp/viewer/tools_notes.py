"""What was unusual in the scan and was repaired or let pass, in the viewer: the notes of the list of studies."""

from __future__ import annotations

from trame.widgets import html

from webapp.viewer.parts import Words


def note_tools(words: Words) -> None:
    """Add the study's notes (state ``study_notes``, in the reader's language), open until they are closed."""
    section = html.Section(classes="sv-group sv-notes", raw_attrs=['data-testid="study-notes"'])
    with section, html.Details(raw_attrs=["open"]):
        html.Summary(words("viewer.notes") + " <span>{{ study_notes.length }}</span>")
        with html.Ul():
            html.Li("{{ note }}", v_for="(note, n) in study_notes", key="n")
