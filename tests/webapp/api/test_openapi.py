"""The description of the API: every route is in it, whole, and nothing else."""

from __future__ import annotations

import re
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from starlette.routing import Route
from starlette.testclient import TestClient

from webapp.app import build_app
from webapp.rest import BLUEPRINTS, build_rest

_BODIES_WITH_DEFAULTS = ("ChosenSeries", "Search", "Fetch", "Send", "SignIn", "UsedInvitation")


@pytest.fixture
def document(client: TestClient) -> dict[str, Any]:
    return client.get("/api/v1/openapi.json").json()


def operations(document: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (path, method.upper()): operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def test_it_names_every_route_and_no_other(client: TestClient, document: dict[str, Any]):
    flask = {
        (re.sub(r"<(\w+)>", r"{\1}", rule.rule.removeprefix("/api/v1")), method)
        for rule in build_app(client.app.state.services, *BLUEPRINTS).url_map.iter_rules()
        if rule.rule.startswith("/api/v1/")
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    native = {
        (re.sub(r":\w+}", "}", route.path.removeprefix("/api/v1")), method)
        for route in build_rest(client.app.state.services).routes
        if isinstance(route, Route) and route.path.startswith("/api/v1")
        for method in route.methods - {"HEAD"}
    }
    assert set(operations(document)) == flask | native


def test_it_is_openapi_3_1(document: dict[str, Any]):
    assert document["openapi"].startswith("3.1.")
    schemathesis.openapi.from_dict(document).validate()
    for schema in document["components"]["schemas"].values():
        jsonschema_rs.meta.validate({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema})
    document["paths"]["/health"]["get"]["parameters"] = [{"name": "x", "in": "nowhere"}]
    with pytest.raises(jsonschema_rs.ValidationError):
        schemathesis.openapi.from_dict(document).validate()


def test_every_operation_is_described_whole(document: dict[str, Any]):
    ids = [operation["operationId"] for operation in operations(document).values()]
    assert len(ids) == len(set(ids))
    for place, operation in operations(document).items():
        assert operation["summary"][0].isupper(), place
        assert operation["tags"], place
        for parameter in operation["parameters"]:
            assert parameter["description"], (place, parameter["name"])
        for status, answer in operation["responses"].items():
            assert answer["description"], (place, status)
            if int(status) >= 400:
                schema = answer["content"]["application/json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/Error"}, (place, status)
        named = re.findall(r"{(\w+)}", place[0])
        assert [each["name"] for each in operation["parameters"] if each["in"] == "path"] == named
        if named:
            assert "404" in operation["responses"], place
        if "requestBody" in operation:
            assert {"400", "403", "413", "421"} <= operation["responses"].keys(), place


def test_answers_require_all_their_fields_and_bodies_those_without_a_default(document: dict[str, Any]):
    schemas = document["components"]["schemas"]
    assert set(schemas["Review"]["required"]) == set(schemas["Review"]["properties"])
    assert set(schemas["NewReview"]["required"]) == {"verdict", "at_mm"}
    for name, schema in schemas.items():
        if not name.startswith(("New", "Changed")) and name not in _BODIES_WITH_DEFAULTS:
            assert set(schema["required"]) == set(schema["properties"]), name


def test_it_says_what_a_surface_may_be_asked_for(document: dict[str, Any]):
    operation = document["paths"]["/masks/{mask_id}/surface.{kind}"]["get"]
    schemas = {each["name"]: each["schema"] for each in operation["parameters"] if each["in"] == "query"}
    assert schemas["axes"] == {"type": "string", "enum": ["ras", "lps"], "default": "ras"}
    assert schemas["triangles"] == {"type": "integer", "minimum": 500, "maximum": 2_000_000}
    assert set(operation["responses"]["200"]["content"]) == {
        "model/stl",
        "model/obj",
        "application/octet-stream",
        "model/gltf-binary",
    }
