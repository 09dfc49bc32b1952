"""Every object, role and method against one table, and every address of the program against the gate."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.types import Receive, Scope, Send

from tests.webapp.accounts.rights_table import lines
from tests.webapp.accounts.support import Hospital, add_account, add_study, hospital
from webapp.accounts.gate import Gate
from webapp.accounts.table import RULES, find
from webapp.app import build_app
from webapp.pages.access import access_pages
from webapp.pages.render import refusal
from webapp.pages.routes import pages
from webapp.rest import BLUEPRINTS, build_rest

PASSED = 299
EVERYBODY = "VRCAvrtwm"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hospital]:
    with hospital(tmp_path_factory.mktemp("house")) as house:
        house.objects |= {"import": "1" * 20, "transfer": "2" * 20}
        clinician = house.store.accounts.named("clinician").id
        for kind in ("import", "transfer"):
            house.app.state.services.access.owners.claim(kind, house.objects[kind], clinician)
        house.objects["batch"] = house.store.batches.add(clinician, [], []).id
        yield house


@pytest.fixture(scope="module")
def gated(house: Hospital) -> object:
    """The real gate, before an application that answers 299 to whatever comes through, so that nothing is changed."""

    async def passed(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.close", "code": 1000})
        else:
            await PlainTextResponse("", PASSED)(scope, receive, send)

    gate = Gate(passed, house.app.state.services.access, refusal)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope["app"] = house.app
        await gate(scope, receive, send)

    return app


@pytest.fixture(scope="module")
def people(house: Hospital, gated: object) -> dict[str, TestClient]:
    """A browser or program of each kind, whose requests go to the gate."""
    other = add_study(house.store, house.app.state.services, "knee")["study"]
    found = {
        "V": house.signed_in("viewer"),
        "R": house.signed_in("reviewer"),
        "C": house.signed_in("clinician"),
        "A": house.signed_in("administrator"),
        "v": house.by_link(house.study, "view"),
        "r": house.by_link(house.study, "review"),
        "t": house.with_token("clinician", "read"),
        "w": house.with_token("clinician", "write"),
        "m": house.with_token("administrator", "metrics"),
        "nobody": house.client(),
        "outsider": house.signed_in("outsider"),
        "other link": house.by_link(other, "review"),
        "outsider's token": house.with_token("outsider", "write"),
        "forged": house.client(Authorization="Bearer spv_" + "A" * 43, Cookie="spineview=" + "A" * 43),
    }
    for client in found.values():
        client._transport.app = gated  # type: ignore[attr-defined]
    return found


def status(client: TestClient, method: str, address: str) -> int:
    if method != "SOCKET":
        return client.request(method, address, follow_redirects=False).status_code
    try:
        with client.websocket_connect(address):
            return PASSED
    except WebSocketDenialResponse as refused:
        return refused.status_code


def filled(address: str, house: Hospital) -> str:
    return re.sub(r"{(\w+)}", lambda found: house.objects[found[1]], address)


@pytest.mark.parametrize(("allowed", "method", "address"), lines())
def test_who_may(allowed: str, method: str, address: str, house: Hospital, people: dict[str, TestClient]):
    here = filled(address, house)
    answers = {who: status(client, method, here) for who, client in people.items()}
    passed = {who for who, answer in answers.items() if answer == PASSED}
    if allowed == "*":
        assert passed == set(people)
        return
    strangers = set() if "{" in address else {"outsider", "other link", "outsider's token"}
    assert passed - strangers == set(allowed)
    assert (answers["nobody"], answers["forged"]) == (401, 401)
    for who in EVERYBODY:
        if who not in passed:
            owned = any(kind in address for kind in ("{import}", "{transfer}", "{batch}"))
            assert answers[who] in ((404, 403) if owned else (403,) if who != "m" else (403, 404)), who
    if strangers == set():  # who is not in the group is told that nothing is there
        assert {answers[who] for who in ("outsider", "other link", "outsider's token")} == {404}


@pytest.mark.parametrize(("allowed", "method", "address"), [line for line in lines() if "{" in line[2]])
def test_what_is_not_there_and_what_is_not_yours_look_alike(
    allowed: str, method: str, address: str, house: Hospital, people: dict[str, TestClient]
):
    if method == "SOCKET":
        return
    stranger = people["outsider"]
    there = stranger.request(method, filled(address, house))
    missing = stranger.request(method, re.sub(r"{\w+}", "f" * 20, address))
    said = there.text
    for own in house.objects.values():  # pages hold their own address
        said = said.replace(own, "f" * 20)
    assert (there.status_code, said) == (missing.status_code, missing.text)
    assert there.status_code == 404


def served(house: Hospital) -> Iterator[tuple[str, str]]:
    """Every method and address that the application routes, parameters filled with a letter."""
    services = house.app.state.services
    for route in (*house.app.routes, *build_rest(services).routes):
        if isinstance(route, WebSocketRoute):
            yield "SOCKET", re.sub(r"{[^}]+}", "x", route.path)
        elif isinstance(route, Route):
            for method in route.methods or ():
                yield method, re.sub(r"{\w+:short}", "1", re.sub(r"{(?!\w+:short)[^}]+}", "x", route.path))
        elif isinstance(route, Mount) and route.path:
            yield "GET", f"{route.path}/x"
    for rule in build_app(services, pages, access_pages, *BLUEPRINTS).url_map.iter_rules():
        for method in rule.methods or ():
            yield method, re.sub(r"<[^>]+>", "x", rule.rule)


def test_every_address_that_is_served_is_in_the_table_of_rights(house: Hospital):
    found = set(served(house))
    assert len(found) > 100
    assert sorted(pair for pair in found if find(*pair) is None) == []


def test_the_table_names_nothing_that_is_not_served_and_the_test_every_line():
    tested = {(method, re.sub("[{}]", "", address)) for _, method, address in lines()}
    named = {
        (rule.method, rule.path)
        for rule in RULES
        if not any(
            method == rule.method and rule.pattern.fullmatch(re.sub("[{}]", "", address)) for method, address in tested
        )
    }
    assert named == set()


def test_an_address_that_the_table_does_not_name_is_refused_whatever_serves_it(people: dict[str, TestClient]):
    assert people["A"].get("/api/v1/secrets").status_code == 404
    assert people["nobody"].get("/api/v1/secrets").status_code == 401
    answer = people["A"].post("/api/v1/audit")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")


def test_lists_hold_what_one_may_see_alone(house: Hospital):
    names = {
        who: [study["id"] for study in house.signed_in(who).get("/api/v1/studies").json()["studies"]]
        for who in ("viewer", "outsider", "administrator")
    }
    assert house.study in names["viewer"]
    assert house.study not in names["outsider"]
    assert set(names["administrator"]) >= set(names["viewer"]) | set(names["outsider"])
    shared = house.by_link(house.study, "view").get("/api/v1/studies").json()["studies"]
    assert [study["id"] for study in shared] == [house.study]


def test_a_study_of_no_group_is_seen_by_administrators_alone(house: Hospital):
    lost = add_study(house.store, house.app.state.services, None)["study"]
    assert house.signed_in("viewer").get(f"/api/v1/studies/{lost}").status_code == 404
    assert house.signed_in("administrator").get(f"/api/v1/studies/{lost}").status_code == 200


def test_whoever_is_in_no_group_sees_nothing(house: Hospital):
    add_account(house.store, "newcomer", "clinician")
    client = house.signed_in("newcomer")
    assert client.get("/api/v1/studies").json() == {"studies": []}
    assert client.get(f"/api/v1/studies/{house.study}").status_code == 404
    assert client.post("/api/v1/studies/demo").json()["error"]["code"] == "forbidden"
