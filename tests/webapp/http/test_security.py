from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from webapp.http.security import CONTENT_SECURITY_POLICY, Security


@pytest.fixture
def guarded() -> TestClient:
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
    return TestClient(Security(app, ("https://proxy.example/",)), base_url="http://spine.local:8000")


@pytest.mark.parametrize("address", ["/", "/static/css/tokens.css", "/api/v1/studies", "/nothing", "/api/v1/nothing"])
def test_every_answer_is_guarded(client: TestClient, address: str):
    headers = client.get(address).headers
    assert headers["content-security-policy"] == CONTENT_SECURITY_POLICY
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
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "http://spine.local:9000"}, 403),
        ({"origin": "null"}, 403),
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


def test_a_foreign_socket_is_closed_and_our_own_is_not(guarded: TestClient):
    with guarded.websocket_connect("/ws", headers={"origin": "http://testserver"}) as socket:
        assert socket.receive_text() == "welcome"
    with (
        pytest.raises(WebSocketDisconnect) as closed,
        guarded.websocket_connect("/ws", headers={"origin": "http://evil.example"}),
    ):
        pass
    assert closed.value.code == 1008
