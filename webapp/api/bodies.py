"""Parse request bodies and parameters into the models that describe them, or refuse them in one sentence.

pydantic's own parser reads the JSON: of too deep nesting, NaN, lone surrogates and endless numbers it makes errors
like any other, where Python's makes values or exceptions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from webapp.api.schemas import Query, Request
from webapp.enumerations import POINTS, STATISTICS
from webapp.http.errors import WebError

Body = TypeVar("Body", bound=Request)
Parameters = TypeVar("Parameters", bound=Query)
_Problem = Mapping[str, Any]  # one of pydantic's error details


def read_body(data: bytes, is_json: bool, model: type[Body], optional: bool) -> Body | None:
    """Check a request's body.

    Args:
        data: The body, bounded by whoever read it.
        is_json: Whether its media type is JSON.
        model: What it must be.
        optional: Whether it may be empty.

    Returns:
        The model; None for an empty body that is ``optional``.

    Raises:
        WebError: 400, with the field that is wrong.
    """
    if optional and not data:
        return None
    if not is_json:
        raise _no_object()
    try:
        return model.model_validate_json(data)
    except ValidationError as error:
        raise _refusal(error) from None  # the cause quotes what came


def read_query(parameters: Mapping[str, str], model: type[Parameters]) -> Parameters:
    """Check the parameters behind ``?``.

    Raises:
        WebError: 400, with the parameter that is wrong.
    """
    try:
        return model.model_validate(dict(parameters))
    except ValidationError as error:
        raise _refusal(error) from None


def _no_object() -> WebError:
    return WebError(400, "bad_request", "request.no_object")


def _refusal(error: ValidationError) -> WebError:
    """Describe the first of the problems, as a sentence about the field that it is in."""
    problem = error.errors(include_url=False, include_input=False)[0]
    place = problem["loc"]
    field = _field(place)
    if problem["type"] == "points":
        field = "points_mm"
    if not field:
        return _no_object()
    return _special(field) or _common(field, problem)


def _field(place: tuple[int | str, ...]) -> str:
    """Name a field as a programmer would: ``label``, or ``screws[0].label`` of an object in a list."""
    names = [number for number, part in enumerate(place) if isinstance(part, str)]
    named = place[: names[-1] + 1] if names else ()
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in named).removeprefix(".")


def _special(field: str) -> WebError | None:
    """Fields whose form takes a sentence of its own to say."""
    if field == "at_mm":
        return WebError(400, "bad_request", "field.position")
    if field == "points_mm":
        counts = ", ".join(f"{kind} {count}" for kind, count in POINTS.items())
        return WebError(400, "bad_request", "field.points", counts=counts)
    if field == "statistics":
        return WebError(400, "bad_request", "field.statistics", names=STATISTICS)
    if field == "view":
        return WebError(400, "bad_request", "field.view")
    if field == "mask_id":
        return WebError(400, "bad_request", "review.mask")
    return None


def _common(field: str, problem: _Problem) -> WebError:
    kind, context = problem["type"], problem.get("ctx", {})
    if kind == "missing":
        return WebError(400, "bad_request", "field.missing", field=field)
    if kind == "literal_error":
        choices = ", ".join(re.findall(r"'([^']*)'", context["expected"]))
        return WebError(400, "bad_request", "field.choice", field=field, choices=choices)
    if kind == "string_too_long":
        return WebError(400, "bad_request", "field.too_long", field=field, longest=context["max_length"])
    if kind == "int_type":
        return WebError(400, "bad_request", "field.whole_number", field=field)
    if kind == "greater_than_equal":
        return WebError(400, "bad_request", "field.too_small", field=field, least=context["ge"])
    if kind == "less_than_equal":
        return WebError(400, "bad_request", "field.too_large", field=field, most=context["le"])
    if kind == "string_type":
        return WebError(400, "bad_request", "field.text", field=field)
    return WebError(400, "bad_request", "field.wrong", field=field)
