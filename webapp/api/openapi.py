"""The description of the API (OpenAPI 3.1), made of the operations at the routes and of the schemas."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import Any

from flask import Flask
from pydantic.json_schema import models_json_schema
from starlette.routing import BaseRoute, Route

from webapp.api.operations import Content, Operation
from webapp.api.schemas import API, Answer, Error, Query, Request
from webapp.http.sub_path import outward

Json = dict[str, Any]
Described = tuple[str, str, Operation]  # path below API, method, what it is
_REF = "#/components/schemas/{model}"
_AUTOMATIC = {"HEAD", "OPTIONS"}
_CHANGING = {"POST", "PUT", "PATCH", "DELETE"}
# 401, 403 and 404 are the gate's: who asks is unknown, may not, or may not know that it exists.
_OF_ALL, _OF_CHANGES, _OF_BODIES = {401, 403, 404, 421, 500}, {507}, {400, 408, 413}
_ABOUT = """Spine CT segmentation. For research use only, not a medical device.

Sentences for people are in English, or in the language that the cookie `lang` or the header `Accept-Language` asks for.
Positions are RAS+ mm. Addresses in answers are paths on this server. Bodies of JSON hold at most 1,000,000 bytes."""
_CACHE_HEADERS = {
    "ETag": "Changes with the content",
    "Cache-Control": "For ever if the address names the content's version, else to be asked for again",
}
_REASONS = {
    400: "The request is malformed, or a field of it is wrong",
    401: "Nobody is signed in, or a password, code or token is wrong",
    403: "The request comes from a page of another site, or who asks may not do this",
    408: "The body did not come in time",
    404: "It is not there, or no longer",
    409: "The state of the resource does not allow it",
    413: "Too large",
    415: "Not a file type, or not a media type, that is read",
    421: "The request names another server in its Host header",
    422: "The files were read, and cannot be used",
    500: "A fault of the server's own program",
    502: "The archive cannot be reached, or refuses",
    507: "There is no room on the server's disk",
}


def operations(app: Flask, native: Iterable[BaseRoute]) -> Iterator[tuple[str, str, Operation | None]]:
    """All routes below ``API``, of Flask and of Starlette: path, method, and their description if they have one."""
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith(f"{API}/"):
            path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule.removeprefix(API))
            for method in (rule.methods or set()) - _AUTOMATIC:
                yield path, method, getattr(app.view_functions[rule.endpoint], "operation", None)
    for route in native:
        if isinstance(route, Route) and route.path.startswith(f"{API}/"):
            path = re.sub(r":\w+}", "}", route.path.removeprefix(API))
            for method in (route.methods or set()) - _AUTOMATIC:
                yield path, method, getattr(route.endpoint, "operation", None)


def document(described: Iterable[tuple[str, str, Operation | None]], version: str) -> Json:
    """Build the whole OpenAPI document."""
    known = sorted((path, method, each) for path, method, each in described if each is not None)
    schemas, names = _schemas(each for _, _, each in known)
    paths: dict[str, Json] = {}
    for path, method, operation in known:
        paths.setdefault(path, {})[method.lower()] = _operation(path, method, operation, names)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "SpineView",
            "version": version,
            "description": _ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": outward(API)}],
        "tags": [{"name": name} for name in sorted({each.tag for _, _, each in known})],
        "paths": paths,
        "components": {"schemas": schemas},
    }


def _schemas(known: Iterable[Operation]) -> tuple[Json, dict[type, Json]]:
    """Make the components, and a reference to each by its model."""
    answers: set[type[Answer]] = {Error}
    bodies: set[type[Request]] = set()
    for each in known:
        if isinstance(each.answer, type):
            answers.add(each.answer)
        if isinstance(each.body, type):
            bodies.add(each.body)
    wanted = [(model, "serialization") for model in answers] + [(model, "validation") for model in bodies]
    wanted.sort(key=lambda pair: pair[0].__name__)
    refs, definitions = models_json_schema(wanted, ref_template=_REF)  # type: ignore[arg-type]
    return dict(sorted(definitions["$defs"].items())), {model: ref for (model, _), ref in refs.items()}


def _operation(path: str, method: str, operation: Operation, names: dict[type, Json]) -> Json:
    described: Json = {
        "operationId": operation.id,
        "tags": [operation.tag],
        "summary": operation.summary,
        "parameters": _parameters(path, operation),
        "responses": _responses(method, operation, names),
    }
    if operation.body is not None:
        described["requestBody"] = {"required": operation.body_required, "content": _content(operation.body, names)}
    return described


def _responses(method: str, operation: Operation, names: dict[type, Json]) -> Json:
    good: Json = {"description": operation.summary}
    if operation.answer is not None:
        good["content"] = _content(operation.answer, names)
    responses = {str(operation.status): good}
    headers = operation.headers | (_CACHE_HEADERS if operation.cached else {})
    if headers:
        good["headers"] = {name: _described({"type": "string", "description": says}) for name, says in headers.items()}
    if operation.cached:
        responses["304"] = {"description": "The content is the one that If-None-Match names"}
    errors = {*operation.errors, *_OF_ALL}
    if method in _CHANGING:
        errors |= _OF_CHANGES
    if isinstance(operation.body, type):
        errors |= _OF_BODIES
    for status in sorted(errors):
        responses[str(status)] = {
            "description": _REASONS.get(status, HTTPStatus(status).phrase),
            "content": {"application/json": {"schema": names[Error]}},
        }
    return responses


def _content(content: type | Content, names: dict[type, Json]) -> Json:
    if isinstance(content, Content):
        return {media_type: {"schema": content.schema} for media_type in content.media_types}
    return {"application/json": {"schema": names[content]}}


def _parameters(path: str, operation: Operation) -> list[Json]:
    found: list[Json] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        | operation.path.get(name, {"description": _ID_OF.get(name, name)})
        for name in re.findall(r"{(\w+)}", path)
    ]
    if operation.query is not None:
        found += _query(operation.query)
    if operation.cached:
        known = {"type": "string", "description": "An ETag, or several; 304 if the content still has one of them"}
        found.append({"name": "If-None-Match", "in": "header", "required": False} | _described(known))
    return found


_ID_OF = {
    "study_id": "Id of a study",
    "job_id": "Id of a job",
    "mask_id": "Id of a mask",
    "reference_id": "Id of another mask of the same study",
    "import_id": "Id of DICOM files that wait for a choice",
    "measurement_id": "Id of a measurement",
    "review_id": "Id of a review",
    "transfer_id": "Id of a transfer",
    "name": "Name of an archive",
}


def _query(model: type[Query]) -> Iterator[Json]:
    schema = model.model_json_schema(mode="validation")
    for name, each in schema["properties"].items():
        required = name in schema.get("required", ())
        yield {"name": name, "in": "query", "required": required} | _described(_without_null(each))


def _described(schema: Json) -> Json:
    """Move a schema's description to its parameter."""
    return {"description": schema.pop("description", ""), "schema": schema}


def _without_null(schema: Json) -> Json:
    """Remove null from a parameter's type: it may be left out, which in the model is None, but cannot be null."""
    kept = {key: value for key, value in schema.items() if key not in ("anyOf", "default", "title")}
    if schema.get("default") is not None:
        kept["default"] = schema["default"]
    for choice in schema.get("anyOf", ()):
        if choice != {"type": "null"}:
            kept |= choice
    return kept
