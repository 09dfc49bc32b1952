from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.websockets import WebSocket

from webapp.http.csp import PAGES
from webapp.http.hosts import Hosts
from webapp.http.security import Security


def guard(bound: str = "127.0.0.1", base_url: str = "http://spine.local:8000") -> TestClient:
    async def talk(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text("welcome")
        await socket.close()

    def own_policy(_request: object) -> PlainTextResponse:
        return PlainTextResponse("x", headers={"Content-Security-Policy": "default-src 'none'"})

    app = Starlette(
        routes=[
            Route("/", lambda _request: PlainTextResponse("x"), methods=["GET", "POST"]),
            Route("/own", own_policy),
            WebSocketRoute("/ws", talk),
        ]
    )
    guarded = Security(app, Hosts(bound, ("spine.local", "testserver")), ("https://proxy.example/",))
    return TestClient(guarded, base_url=base_url)


@pytest.fixture
def guarded() -> TestClient:
    return guard()


@pytest.mark.parametrize("address", ["/", "/static/css/tokens.css", "/api/v1/studies", "/nothing", "/api/v1/nothing"])
def test_every_answer_is_guarded(client: TestClient, address: str):
    headers = client.get(address).headers
    assert headers["content-security-policy"] == PAGES
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


def test_a_route_may_have_its_own_policy(guarded: TestClient):
    assert guarded.get("/own").headers["content-security-policy"] == "default-src 'none'"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"origin": "http://spine.local:8000"}, 200),
        ({"origin": "https://proxy.example"}, 200),
        ({"origin": "https://proxy.example:443"}, 200),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "http://spine.local:9000"}, 403),
        ({"origin": "https://spine.local:8000"}, 403),
        ({"origin": "http://spine.local"}, 403),
        ({"origin": "http://proxy.example"}, 403),
        ({"origin": "http://spine.local:8000@evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": ""}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-origin"}, 200),
    ],
)
def test_only_our_own_pages_may_change_things(guarded: TestClient, headers: dict, status: int):
    answer = guarded.post("/", headers=headers)
    assert answer.status_code == status
    if status == 403:
        assert answer.json()["error"]["code"] == "foreign_origin"
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_reading_is_free(guarded: TestClient):
    assert guarded.get("/", headers={"origin": "http://evil.example"}).status_code == 200


def test_the_default_port_of_a_scheme_may_be_left_out():
    plain = guard(base_url="http://spine.local")
    assert plain.post("/", headers={"origin": "http://spine.local:80"}).status_code == 200
    assert plain.post("/", headers={"origin": "https://spine.local"}).status_code == 403


def test_a_foreign_socket_is_refused_and_our_own_is_not(guarded: TestClient):
    with guarded.websocket_connect("/ws", headers={"origin": "http://testserver"}) as socket:
        assert socket.receive_text() == "welcome"
    for headers, status in (
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "http://evil.example", "host": "evil.example"}, 421),
    ):
        with (
            pytest.raises(WebSocketDenialResponse) as refused,
            guarded.websocket_connect("/ws", headers=headers),
        ):
            pass
        assert refused.value.status_code == status


LOOPBACK = ["localhost", "localhost:8000", "LOCALHOST.", "127.0.0.1:9000", "127.3.2.1", "[::1]:8000", "a.localhost"]
FOREIGN = [
    "evil.example",
    "evil.example:8000",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "evil.example@127.0.0.1",
    "127.0.0.1/evil.example",
    "127.0.0.1#evil.example",
    "127.0.0.1\\evil.example",
    "127.0.0.1 evil.example",
    "127.0.0.1,evil.example",
    "127.0.0.1:port",
    "127.0.0.1:99999",
    "[::1",
    "",
    ":8000",
]


@pytest.mark.parametrize("bound", ["127.0.0.1", "0.0.0.0", "::"])
def test_loopback_names_and_the_named_hosts_are_known_and_no_others(bound: str):
    hosts = Hosts(bound, ["Spine.Hospital.example"])
    for authority in (*LOOPBACK, "spine.hospital.example", "SPINE.hospital.example:443"):
        assert authority in hosts, authority
    for authority in FOREIGN:
        assert authority not in hosts, authority


def test_addresses_and_the_machine_s_names_are_known_to_a_server_on_the_network(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("socket.gethostname", lambda: "Spine-7.ward.example")
    monkeypatch.setattr("socket.getfqdn", lambda: "spine-7.ward.example")
    own = ["10.2.3.4:8000", "[2001:db8::7]:8000", "spine-7:8000", "spine-7.local", "spine-7.ward.example"]
    here, network = Hosts("127.0.0.1"), Hosts("0.0.0.0")
    for authority in own:
        assert authority in network, authority
        assert authority not in here, authority


@pytest.mark.parametrize("bound", ["127.0.0.1", "0.0.0.0"])
def test_a_foreign_name_is_refused_in_a_sentence(bound: str):
    guarded = guard(bound, "http://evil.example:8000")
    for answer in (guarded.get("/"), guarded.post("/", headers={"origin": "http://evil.example:8000"})):
        assert answer.status_code == 421
        assert answer.json()["error"]["code"] == "foreign_host"
        assert "SPINEVIEW_ALLOWED_HOSTS" in answer.json()["error"]["hint"]
        assert answer.headers["content-security-policy"] == PAGES
    page = guarded.get("/", headers={"accept": "text/html,*/*;q=0.8", "accept-language": "zh"})
    assert page.headers["content-type"].startswith("text/plain")
    assert "此服务器" in page.text


def test_a_rebound_name_reaches_nothing(client: TestClient, segmented: dict):
    """A page of evil.example whose name was made to resolve to this server sends Host and Origin that agree."""
    rebound = {"host": "evil.example:8000", "origin": "http://evil.example:8000"}
    study = client.get("/api/v1/studies").json()["studies"][0]["id"]
    address = f"/api/v1/studies/{study}"
    review = {"mask_id": segmented["masks"][0]["id"], "verdict": "accepted", "comment": ""}
    requests = [
        ("GET", "/", None),
        ("GET", "/api/v1/studies", None),
        ("GET", f"{address}/thumbnail.png", None),
        ("GET", f"/studies/{study}", None),
        ("POST", f"{address}/reviews", review),
        ("DELETE", address, None),
    ]
    for method, path, content in requests:
        answer = client.request(method, path, json=content, headers=rebound)
        assert answer.status_code == 421, path
    with (
        pytest.raises(WebSocketDenialResponse) as refused,
        client.websocket_connect(f"/studies/{study}/ws/{'0' * 32}", headers=rebound),
    ):
        pass
    assert refused.value.status_code == 421
    assert client.get(address).status_code == 200
    assert client.get(f"{address}/thumbnail.png").status_code == 200
