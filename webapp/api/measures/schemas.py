"""Schemas of the measures of a mask."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from segmentation.morphometry.drawings import Drawing as DrawnMeasure
from segmentation.morphometry.drawings import Line
from webapp.api.schemas.base import API, Address, Answer, Query, Request, Timestamp, Triple
from webapp.api.schemas.errors import ErrorDetail
from webapp.api.schemas.measurements import Point
from webapp.enumerations import Plane
from webapp.measures.edits import StoredEdit, shown_author
from webapp.measures.measuring import Run, State
from webapp.storage.tables import Mask

Formula = Literal["", "distance", "cobb", "lordosis", "kyphosis", "slope"]
LineMm = Annotated[Sequence[Triple], Field(min_length=2, max_length=2)]
_LINE_COUNT = 2


class Drawing(Answer):
    """Where one measure lies, RAS+ mm."""

    plane: Plane = Field(description="The plane of the patient that shows it best")
    lines_mm: Sequence[LineMm] = Field(description="What was measured")
    guides_mm: Sequence[LineMm] = Field(description="What helps to read it, such as the endplates")
    formula: Formula = Field(description="How the value follows from the lines; empty where it cannot be changed")


class NewMeasureEdit(Request):
    """A reader's lines of one measure; its value follows from them."""

    target: str = Field(max_length=120, description="Key of the measure in drawings, whose formula is not empty")
    lines_mm: list[Annotated[list[Point], Field(min_length=2, max_length=2)]] = Field(
        min_length=1, max_length=_LINE_COUNT, description="As many lines as the drawing has"
    )

    def lines(self) -> tuple[Line, ...]:
        """Convert the lines."""
        return tuple((_triple(first), _triple(second)) for first, second in self.lines_mm)


class MeasureEdit(Answer):
    """A reader's value of one measure."""

    id: str
    target: str
    value: float = Field(description="In the unit that the target's name ends in")
    lines_mm: Sequence[LineMm]
    author: str = Field(description="Name of the account; reader where there are no accounts")
    created_at: Timestamp
    url: Address = Field(description="DELETE goes back to the program's value")

    @classmethod
    def of(cls, mask: Mask, edit: StoredEdit) -> MeasureEdit:
        """Make the answer from an edit of the store."""
        return cls(
            id=edit.id,
            target=edit.target,
            value=edit.value,
            lines_mm=edit.lines_mm,
            author=shown_author(edit.who),
            created_at=edit.created_at,
            url=f"{API}/masks/{mask.id}/measures/edits/{edit.id}",
        )


class Measures(Answer):
    """Measures of the vertebrae of a mask. The first request begins to measure; ask again while it goes on."""

    mask_id: str
    state: State
    progress: float = Field(ge=0, le=1)
    error: ErrorDetail | None = Field(description="Of a mask that cannot be measured")
    measures: dict[str, Any] | None = Field(
        description="As measures.schema.json of the program describes them, with readers' changes; null before done"
    )
    drawings: dict[str, Drawing] = Field(description="By kind, name and measure: vertebra/L1/anterior_height_mm")
    edits: list[MeasureEdit]
    dropped_edits: list[str] = Field(
        description="Targets that were changed in an earlier version, and whose vertebrae were corrected since"
    )
    csv_url: Address
    report_url: Address = Field(description="PDF; ?lang=en or zh")

    @classmethod
    def of(
        cls,
        mask: Mask,
        run: Run,
        measures: dict[str, Any] | None,
        drawn: dict[str, DrawnMeasure],
        edits: list[StoredEdit],
        dropped: list[str],
    ) -> Measures:
        """Make the answer from a run and what came of it."""
        base = f"{API}/masks/{mask.id}"
        return cls(
            mask_id=mask.id,
            state=run.state,
            progress=round(run.progress, 3),
            error=None if run.problem is None else ErrorDetail.of(run.problem),
            measures=measures,
            drawings={target: Drawing(**each.to_json()) for target, each in drawn.items()},
            edits=[MeasureEdit.of(mask, each) for each in edits],
            dropped_edits=dropped,
            csv_url=f"{base}/measures.csv",
            report_url=f"{base}/report.pdf",
        )


class ReportQuery(Query):
    """Language of a report."""

    lang: Literal["en", "zh"] | None = Field(None, description="By default that of the request")


def _triple(values: Sequence[float]) -> tuple[float, float, float]:
    x, y, z = values
    return x, y, z
