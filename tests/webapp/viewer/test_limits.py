"""What a page may announce, set, open and ask for, through the whole application."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgpack
import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect
from wslink.chunking import generate_chunks

from tests.webapp.viewer.test_routes import OTHER, TOKEN, Page, close_code, socket_address
from webapp.accounts.principal import ONE
from webapp.context import RequestContext
from webapp.storage.audit import Who
from webapp.viewer.limits import MOST_MESSAGE_BYTES, MOST_PENDING, BoundedMessages, MessageRefused, accepted_state
from webapp.viewer.routes import SOCKETS_PER_SESSION, SessionRefused, Sessions


@pytest.fixture
def study(upload: Callable[..., dict], ct: Path) -> dict:
    return upload(ct)


def announcing(total: int, identity: int = 1, offset: int = 0, content: bytes = b"x") -> bytes:
    return b"".join(number.to_bytes(4, "little") for number in (identity, offset, total)) + content


def code_of_close(socket: Any) -> int:
    with pytest.raises(WebSocketDisconnect) as closed:  # noqa: PT012 - whatever was sent before comes first
        while True:
            socket.receive_bytes()
    return int(closed.value.code)


@pytest.mark.parametrize(
    "piece",
    [
        announcing(1_000_000_000),
        announcing(MOST_MESSAGE_BYTES + 1),
        announcing(4, offset=1 << 31, content=b"xy"),
        announcing(1, content=b"\xc1"),  # never used by msgpack
        announcing(1, content=b"\x05"),  # a number is no call
        announcing(10_000, content=b"\x91" * 9_999 + b"\xc0"),  # nested
        b"",
        b"short",
    ],
)
def test_a_message_that_announces_too_much_or_is_none_closes_its_socket(
    client: TestClient, study: dict, piece: bytes
) -> None:
    with client.websocket_connect(socket_address(study)) as socket:
        Page(socket)
        socket.send_bytes(piece)
        assert code_of_close(socket) == 1009
    with client.websocket_connect(socket_address(study)) as again:
        assert Page(again).state()["opacity"] == 30, "the session goes on"


def test_few_messages_may_be_begun_and_left() -> None:
    messages = BoundedMessages()
    messages.set_max_message_size(1 << 32)
    for identity in range(MOST_PENDING):
        assert messages.process_chunk(announcing(MOST_MESSAGE_BYTES, identity)) is None
    with pytest.raises(MessageRefused):
        messages.process_chunk(announcing(10, MOST_PENDING))


def test_a_page_sets_its_own_state_in_moderate_size_and_nothing_else(client: TestClient, study: dict) -> None:
    with client.websocket_connect(socket_address(study)) as socket:
        page = Page(socket)
        changes: list[Any] = [
            {"key": "opacity", "value": 30},
            {"key": "study_name", "value": "another"},
            {"key": "made_up", "value": 1},
            {"key": "at", "value": "x" * 100_000},
        ]
        page.call("trame.state.update", changes)
        state = page.state()
    assert (state["opacity"], state["study_name"], state["at"]) == (30, study["name"], None)
    assert "made_up" not in state


def test_state_of_another_form_is_refused() -> None:
    with pytest.raises(TypeError):
        accepted_state([5], ["opacity"])


@pytest.mark.parametrize("method", ["application.exit", "trame.force.push"])
def test_a_page_cannot_end_its_server(client: TestClient, study: dict, method: str) -> None:
    with client.websocket_connect(socket_address(study)) as socket:
        page = Page(socket)
        message = {"wslink": "1.0", "id": "rpc:c0:9", "method": method, "args": []}
        for chunk in generate_chunks(msgpack.packb(message), 1 << 20):
            socket.send_bytes(chunk)
        while (answer := page.receive())["id"] != "rpc:c0:9":
            pass
        assert "Unregistered" in answer["error"]["message"]
        assert page.state()["opacity"] == 30


def test_one_user_cannot_hold_all_places(client: TestClient, study: dict) -> None:
    state = client.app.state  # type: ignore[attr-defined]
    record = state.store.studies.get(study["id"])
    one, other = (RequestContext(state.services, ONE, Who(who), "en", "", "/") for who in ("one", "other"))

    async def live() -> None:
        sessions = Sessions(most=3, grace_s=60.0, most_of_one=2)
        for token in (TOKEN, OTHER):
            await sessions.enter(record, token, one)
        with pytest.raises(SessionRefused) as refused:
            await sessions.enter(record, "0" * 32, one)
        assert refused.value.code == 4429
        await sessions.enter(record, "1" * 32, other)
        with pytest.raises(SessionRefused) as refused:
            await sessions.enter(record, "2" * 32, other)
        assert refused.value.code == 4503
        await sessions.close()

    asyncio.run(live())


def test_a_session_takes_few_sockets_and_the_page_can_say_why_there_is_no_more(client: TestClient, study: dict) -> None:
    address = socket_address(study)
    sockets = [client.websocket_connect(address) for _ in range(SOCKETS_PER_SESSION)]
    for socket in sockets:
        socket.__enter__()
    try:
        assert close_code(client, address) == 4429
    finally:
        for socket in sockets:
            socket.__exit__(None, None, None)
    page = client.get(study["url"], headers={"accept-language": "zh-CN"}).text
    assert re.search(r'data-closed-yours="[^"]*上限', page)


def test_nothing_is_drawn_for_made_up_tokens_or_for_pages_of_other_sites(client: TestClient, study: dict) -> None:
    address = f"/studies/{study['id']}/remote/{TOKEN}/"
    assert client.get(address).status_code == 404
    with client.websocket_connect(socket_address(study)) as socket:
        Page(socket)
        for site in ("cross-site", "same-site", "none"):
            assert client.get(address, headers={"sec-fetch-site": site}).status_code == 403
    made_up = f"/studies/{study['id']}/remote/{OTHER}/ws"
    with pytest.raises(WebSocketDisconnect), client.websocket_connect(made_up):
        pass
