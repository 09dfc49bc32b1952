"""Operations of the API, described at the routes themselves: what each takes and gives."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypedDict, TypeVar, Unpack

from flask import Response, jsonify, request

from webapp.api.bodies import read_body, read_query
from webapp.api.schemas import Answer, Query, Request
from webapp.context import language

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True)
class Content:
    """Content of an answer, or of a body, that is not described by a model.

    Attributes:
        media_types: Any of them.
        schema: JSON schema of the content; by default bytes.
    """

    media_types: tuple[str, ...]
    schema: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Operation:
    """One route and method.

    Attributes:
        id: Name of the function that serves it.
        summary: First sentence of its docstring.
        tag: The resource that it belongs to.
        answer: What it gives when all is well; None for an empty body.
        status: Which status that has.
        errors: Further statuses, each with the error body; those that follow from the method and body are added.
        body: What it takes.
        body_required: Whether it must be sent.
        query: Parameters behind ``?``.
        path: JSON schemas of parameters in the path that are more than a text.
        cached: Whether it has an ETag and answers 304 to one that is known.
        headers: What further headers of the answer say, by their names.
    """

    id: str
    summary: str
    tag: str
    answer: type[Answer] | Content | None
    status: int
    errors: tuple[int, ...]
    body: type[Request] | Content | None = None
    body_required: bool = True
    query: type[Query] | None = None
    path: dict[str, Any] = field(default_factory=dict)
    cached: bool = False
    headers: dict[str, str] = field(default_factory=dict)


class Details(TypedDict, total=False):
    """Further attributes of an ``Operation``, each with a default there."""

    body: type[Request] | Content | None
    body_required: bool
    query: type[Query] | None
    path: dict[str, Any]
    cached: bool
    headers: dict[str, str]


def describe(
    tag: str,
    answer: type[Answer] | Content | None,
    status: int = 200,
    errors: tuple[int, ...] = (),
    **more: Unpack[Details],
) -> Callable[[Function], Function]:
    """Attach an ``Operation`` to the function of a route; arguments are its attributes."""

    def decorate(function: Function) -> Function:
        summary = (inspect.getdoc(function) or "").split("\n\n")[0].replace("\n", " ").removesuffix(".")
        operation = Operation(function.__name__, summary, tag, answer, status, errors, **more)
        function.operation = operation  # type: ignore[attr-defined]
        return function

    return decorate


def json_route(
    tag: str,
    answer: type[Answer] | Content | None,
    status: int = 200,
    errors: tuple[int, ...] = (),
    **more: Unpack[Details],
) -> Callable[[Callable[..., Any]], Callable[..., Response]]:
    """Describe a Flask route, check its body and parameters before it runs, and serialise the answer that it returns.

    The function gets them as its arguments ``body`` and ``query``. It returns a model, None for an empty answer, or a
    response.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Response]:
        described = describe(tag, answer, status, errors, **more)(function)
        operation: Operation = described.operation  # type: ignore[attr-defined]
        model = operation.body

        @functools.wraps(described)
        def view(**arguments: Any) -> Response:
            if model is not None and not isinstance(model, Content):
                data, is_json = request.get_data(cache=False), request.is_json
                arguments["body"] = read_body(data, is_json, model, not operation.body_required)
            if operation.query is not None:
                arguments["query"] = read_query(request.args, operation.query)
            result = function(**arguments)
            if isinstance(result, Response):
                return result
            response = Response() if result is None else jsonify(result.to_json(language()))
            response.status_code = status
            return response

        return view

    return decorate
