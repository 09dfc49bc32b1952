"""The page of a study and its socket, through the whole application."""

from __future__ import annotations

import asyncio
import gc
import re
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgpack
import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect
from wslink.chunking import UnChunker, generate_chunks

from tests.webapp.support import BoneEngine
from webapp.accounts.principal import ONE
from webapp.context import RequestContext
from webapp.storage.audit import Who
from webapp.viewer.routes import SessionRefused, Sessions

TOKEN = "0123456789abcdef" * 2
OTHER = "fedcba9876543210" * 2


class Page:
    """The browser's half of trame's protocol on an open test socket."""

    def __init__(self, socket: Any) -> None:
        self._socket = socket
        self._unchunker = UnChunker()
        self._unchunker.set_max_message_size(1 << 26)
        self.pushed: dict[str, Any] = {}
        self.call("wslink.hello", {"secret": "wslink-secret"}, rpc="system:c0:0")

    def call(self, method: str, *args: Any, rpc: str = "rpc:c0:1") -> Any:
        """Call and answer with the result; state pushed meanwhile lands in ``pushed``."""
        message = {"wslink": "1.0", "id": rpc, "method": method, "args": list(args), "kwargs": {}}
        for chunk in generate_chunks(msgpack.packb(message), 1 << 20):
            self._socket.send_bytes(chunk)
        while True:
            answer = self.receive()
            if answer["id"] == rpc:
                return answer["result"]

    def receive(self) -> dict[str, Any]:
        """The next whole message."""
        while (message := self._unchunker.process_chunk(self._socket.receive_bytes())) is None:
            pass
        if message["id"].startswith("publish:trame.state"):
            self.pushed.update(message["result"])
        return message

    def state(self) -> dict[str, Any]:
        """The session's state as a page that opens receives it."""
        return self.call("trame.state.get")["state"]

    def trigger(self, name: str) -> None:
        self.call("trame.trigger", name, [], {})

    def until(self, fact: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Read what is pushed until ``fact`` holds of it."""
        while not fact(self.pushed):
            self.receive()
        return self.pushed


@pytest.fixture
def study(upload: Callable[..., dict], ct: Path) -> dict:
    return upload(ct)


def socket_address(study: dict, token: str = TOKEN) -> str:
    return f"/studies/{study['id']}/ws/{token}"


def test_the_page_names_its_session_and_every_file_it_loads_is_served_here(client: TestClient, study: dict) -> None:
    answer = client.get(study["url"])
    assert answer.status_code == 200
    assert re.search(r'data-session="[0-9a-f]{32}"', answer.text)
    files = re.findall(r'(?:src|href)="([^"]+)"', answer.text)
    assert len(files) >= 6
    for address in files:
        assert address.startswith("/"), "a hospital may have no internet"
        assert client.get(address).status_code == 200, address


def test_every_load_of_the_page_is_a_session_of_its_own(client: TestClient, study: dict) -> None:
    first, second = (client.get(study["url"]).text for _ in range(2))
    assert first != second


def test_only_this_page_may_evaluate_strings(client: TestClient, study: dict) -> None:
    assert "'unsafe-eval'" in client.get(study["url"]).headers["content-security-policy"]
    assert "'unsafe-eval'" not in client.get("/").headers["content-security-policy"]
    assert "'unsafe-eval'" not in client.get("/studies/nothing").headers["content-security-policy"]


def test_an_unknown_study_is_a_page_that_says_so_in_the_readers_language(client: TestClient) -> None:
    answer = client.get("/studies/nothing", headers={"accept-language": "zh-CN"})
    assert answer.status_code == 404
    assert "没有这个检查" in answer.text


def test_a_study_called_like_a_script_stays_text(client: TestClient, ct: Path, upload: Callable[..., dict]) -> None:
    hostile = ct.with_name("{{ 7 * 7 }} <img src=x onerror=alert(1)>.nii.gz")
    ct.rename(hostile)
    study = upload(hostile)
    assert "<img" not in client.get(study["url"]).text
    with client.websocket_connect(socket_address(study)) as socket:
        state = Page(socket).state()
    assert "7 * 7" not in state["trame__template_main"]
    assert "onerror" not in state["trame__template_main"]


@pytest.mark.parametrize(
    "address", ["/studies/nothing/ws/" + TOKEN, "/studies/{id}/ws/short", "/studies/{id}/ws/" + "G" * 32]
)
def test_a_socket_without_a_study_or_with_a_wrong_token_is_closed(
    client: TestClient, study: dict, address: str
) -> None:
    assert close_code(client, address.format(id=study["id"])) == 4404


def close_code(client: TestClient, address: str) -> int:
    """Connect, and tell with which code the server closes the socket."""
    with client.websocket_connect(address) as socket, pytest.raises(WebSocketDisconnect) as closed:
        socket.receive_bytes()
    return closed.value.code


def test_a_page_of_another_site_cannot_open_the_socket(client: TestClient, study: dict) -> None:
    foreign = {"origin": "https://elsewhere.example"}
    with pytest.raises(WebSocketDisconnect), client.websocket_connect(socket_address(study), headers=foreign):
        pass


def test_segment_from_the_page_brings_progress_and_then_the_mask(client: TestClient, study: dict) -> None:
    with client.websocket_connect(socket_address(study)) as socket:
        page = Page(socket)
        assert page.state()["masks"] == []
        page.trigger("segment")
        pushed = page.until(lambda state: bool(state.get("masks")))
    mask = pushed["masks"][0]
    assert pushed["shown"] == [mask["id"]]
    assert pushed["colours"] == {mask["id"]: {"1": [255, 176, 59]}}
    assert client.get(mask["download"]).status_code == 200


def test_cancel_from_the_page_stops_the_job(client: TestClient, study: dict, engine: BoneEngine) -> None:
    engine.gate.clear()
    with client.websocket_connect(socket_address(study)) as socket:
        page = Page(socket)
        page.state()
        page.trigger("segment")
        page.until(lambda state: state.get("job", {}).get("stage") == "Locating the spine")
        page.trigger("cancel")
        pushed = page.until(lambda state: state.get("job", {}).get("state") == "cancelled")
    assert pushed["job"]["active"] is False


def test_who_presses_segment_and_cancel_on_the_page_is_in_the_audit_trail(
    client: TestClient, study: dict, engine: BoneEngine
) -> None:
    engine.gate.clear()
    with client.websocket_connect(socket_address(study)) as socket:
        page = Page(socket)
        page.state()
        page.trigger("segment")
        page.until(lambda state: state.get("job", {}).get("active") is True)
        page.trigger("cancel")
        page.until(lambda state: state.get("job", {}).get("state") == "cancelled")
    trail = client.app.state.store.audit.entries()  # type: ignore[attr-defined]
    assert [(entry.action, entry.who) for entry in trail][1:] == [("segment", "testclient"), ("cancel", "testclient")]


def test_a_call_that_fails_tells_the_browser_nothing_of_this_machine(client: TestClient, study: dict) -> None:
    with client.websocket_connect(socket_address(study)) as socket:
        page = Page(socket)
        for number, (method, arguments) in enumerate(
            [("trame.state.update", [5]), ("trame.trigger", ["segment", 5, 5])], start=7
        ):
            message = {"wslink": "1.0", "id": f"rpc:c0:{number}", "method": method, "args": arguments}
            for chunk in generate_chunks(msgpack.packb(message), 1 << 20):
                socket.send_bytes(chunk)
            while (answer := page.receive())["id"] != message["id"]:
                pass
            assert answer["error"]["message"] == "Exception raised"
            assert answer["error"]["data"] == {"method": method}


def test_two_pages_do_not_see_each_others_settings_and_a_page_that_returns_finds_its_own(
    client: TestClient, study: dict
) -> None:
    with (
        client.websocket_connect(socket_address(study)) as one,
        client.websocket_connect(socket_address(study, OTHER)) as two,
    ):
        first, second = Page(one), Page(two)
        first.call("trame.state.update", [{"key": "opacity", "value": 25}])
        assert first.state()["opacity"] == 25
        assert second.state()["opacity"] == 30
    with client.websocket_connect(socket_address(study)) as again:
        assert Page(again).state()["opacity"] == 25


def test_a_deleted_study_says_so_on_the_open_page(client: TestClient, study: dict) -> None:
    with client.websocket_connect(socket_address(study)) as socket:
        page = Page(socket)
        page.state()
        assert client.delete(f"/api/v1/studies/{study['id']}").status_code < 300
        page.until(lambda state: state.get("gone") is True)


def test_sessions_end_after_their_grace_and_leave_nothing_behind(client: TestClient, study: dict) -> None:
    state = client.app.state  # type: ignore[attr-defined]
    record = state.store.studies.get(study["id"])
    context = RequestContext(state.services, ONE, Who("somebody"), "en", "", "/")

    async def live() -> weakref.ref[Any]:
        sessions = Sessions(most=2, grace_s=0.0)
        session = await sessions.enter(record, TOKEN, context)
        assert await sessions.enter(record, TOKEN, context) is session
        await sessions.enter(record, OTHER, context)
        with pytest.raises(SessionRefused):  # both places are taken
            await sessions.enter(record, "0" * 32, context)
        sessions.leave(session)
        trace = weakref.ref(session)
        del session
        async with asyncio.timeout(5):
            while len(sessions) > 1:
                await asyncio.sleep(0)
        await sessions.close()
        assert len(sessions) == 0
        return trace

    trace = asyncio.run(live())
    gc.collect()
    assert trace() is None


def test_a_page_that_was_left_makes_room_for_a_new_one(client: TestClient, study: dict) -> None:
    state = client.app.state  # type: ignore[attr-defined]
    record = state.store.studies.get(study["id"])
    context = RequestContext(state.services, ONE, Who("somebody"), "en", "", "/")

    async def live() -> None:
        sessions = Sessions(most=1, grace_s=60.0)
        first = await sessions.enter(record, TOKEN, context)
        sessions.leave(first)
        await sessions.enter(record, OTHER, context)
        assert len(sessions) == 1
        await sessions.close()

    asyncio.run(live())
