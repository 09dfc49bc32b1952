"""The tools of the page that start a segmentation and say how far it is."""

from __future__ import annotations

from trame.widgets import html

from webapp.viewer.parts import Words, js


def segmentation_tools(words: Words) -> None:
    """Add the button, the progress, the error and the log of the latest job."""
    with html.Section(classes="sv-group sv-job"):
        html.H2(words("viewer.segmentation"))
        with html.Button(
            v_if="!job.active",
            classes="sv-button sv-primary",
            click="trigger('segment')",
            raw_attrs=['type="button"', 'data-testid="segment-button"', ':disabled="gone"'],
        ):
            html.Span(f"{{{{ masks.some((m) => m.kind === 'model') ? '{js(words('viewer.again'))}'"
                      f" : '{js(words('viewer.segment'))}' }}}}")  # fmt: skip
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
