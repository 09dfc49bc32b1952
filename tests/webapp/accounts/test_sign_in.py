"""Signing in and out, one-time links, second factor, tokens, share links, and what ends them."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest
from starlette.testclient import TestClient, WebSocketTestSession
from starlette.websockets import WebSocketDisconnect

from tests.webapp.accounts.support import PASSWORD, Hospital, add_account, hospital, quick_hashes
from tests.webapp.support import BoneEngine
from webapp.accounts import gate, passwords
from webapp.accounts.sign_in import invite
from webapp.accounts.throttle import FREE, Throttle
from webapp.asgi import create_asgi
from webapp.http.errors import WebError
from webapp.settings import Settings

API = "/api/v1"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hospital]:
    with hospital(tmp_path_factory.mktemp("house")) as house:
        yield house


@pytest.fixture(autouse=True)
def _nobody_has_failed(house: Hospital) -> None:
    house.app.state.services.access.sign_in.throttle = Throttle()


def sign_in(client: TestClient, name: str, password: str = PASSWORD, code: str = ""):
    return client.post(f"{API}/session", json={"name": name, "password": password, "code": code})


def test_the_first_administrator_is_made_once_by_the_link(tmp_path: Path):
    settings = Settings(data_dir=tmp_path, min_free_bytes=0, accounts=True)
    with quick_hashes(), TestClient(create_asgi(settings, BoneEngine)) as client:
        store = client.app.state.store  # type: ignore[attr-defined]
        void = invite(store, None).partition("#")[2]
        link = invite(store, None).partition("#")[2]  # a later start prints another; the one before is void
        asked = {"secret": link, "name": "Chief@Hospital.example", "password": PASSWORD}
        assert client.post(f"{API}/invitation", json={**asked, "secret": void}).status_code == 401
        weak = client.post(f"{API}/invitation", json={**asked, "password": "short"})
        assert (weak.status_code, weak.json()["error"]["code"]) == (400, "bad_password")
        assert client.post(f"{API}/invitation", json=asked).status_code == 200
        own = client.get(f"{API}/account").json()["account"]
        assert (own["name"], own["role"]) == ("chief@hospital.example", "administrator")
        assert client.post(f"{API}/invitation", json={**asked, "name": "second"}).status_code == 401
        forged = invite(store, None).partition("#")[2]
        answer = client.post(f"{API}/invitation", json={"secret": forged, "name": "second", "password": PASSWORD})
        assert answer.status_code == 401, "there is an administrator already"


def test_a_server_that_had_accounts_stays_closed_when_its_database_is_lost(tmp_path: Path):
    with TestClient(create_asgi(Settings(data_dir=tmp_path, accounts=True), BoneEngine)):
        pass
    for file in tmp_path.glob("spineview.sqlite3*"):
        file.unlink()
    with TestClient(create_asgi(Settings(data_dir=tmp_path), BoneEngine)) as client:
        assert client.get(f"{API}/studies").status_code == 401


def test_the_cookie_is_out_of_reach_and_new_with_each_sign_in(house: Hospital):
    client = house.client()
    client.cookies.set("spineview", "chosen-by-somebody-else")  # session fixation
    answer = sign_in(client, "Viewer ")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "chosen-by-somebody-else" not in cookie
    before = answer.cookies["spineview"]
    after = sign_in(client, "viewer").cookies["spineview"]
    assert before != after
    old = house.client()
    old.cookies.set("spineview", before)
    assert old.get(f"{API}/account").status_code == 401, "the session before ended"


def test_over_tls_the_cookie_is_secure_and_no_other_is_taken(house: Hospital):
    client = TestClient(house.app, base_url="https://testserver")
    cookie = sign_in(client, "viewer").headers["set-cookie"]
    assert cookie.startswith("__Host-spineview=")
    assert "Secure" in cookie
    secret = cookie.partition("=")[2].partition(";")[0]
    plain = TestClient(house.app, base_url="https://testserver", cookies={"spineview": secret})
    assert plain.get(f"{API}/account").status_code == 401


def test_wrong_names_passwords_and_disabled_accounts_look_alike(house: Hospital):
    add_account(house.store, "gone", "viewer")
    house.store.accounts.change(house.store.accounts.named("gone").id, disabled=True)
    house.store.accounts.add("external", "viewer", single_sign_on=True)
    house.store.accounts.add("invited", "viewer")
    answers = [
        sign_in(house.client(), name, password)
        for name, password in [
            ("nobody-here", PASSWORD),
            ("viewer", "wrong" * 4),
            ("gone", PASSWORD),
            ("external", PASSWORD),
            ("invited", ""),
            ("viewer\x00", PASSWORD),
            ("' OR 1=1 --", PASSWORD),
        ]
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.content for answer in answers}) == 1


def test_an_unknown_name_takes_the_same_work(house: Hospital, monkeypatch: pytest.MonkeyPatch):
    verified = []
    real = passwords.HASHER

    class Counting:
        def verify(self, password_hash: str, password: bytes) -> bool:
            verified.append(password_hash)
            return real.verify(password_hash, password)

        hash = real.hash

    monkeypatch.setattr(passwords, "HASHER", Counting())
    sign_in(house.client(), "nobody-here")
    sign_in(house.client(), "viewer", "wrong" * 4)
    assert len(verified) == 2


def test_after_a_few_failures_one_must_wait_and_nobody_else(house: Hospital):
    client = house.client()
    for _ in range(FREE):
        assert sign_in(client, "reviewer", "wrong" * 4).status_code == 401
    late = sign_in(client, "reviewer")
    assert (late.status_code, late.json()["error"]["code"]) == (429, "too_many_attempts")
    assert sign_in(client, "viewer").status_code == 200


def test_pauses_double_and_are_forgotten():
    now = [0.0]
    throttle = Throttle(now=lambda: now[0])
    pauses = []
    for _ in range(FREE + 3):
        while True:
            try:
                throttle.check("me", "10.0.0.1")
                break
            except WebError:
                now[0] += 1
        pauses.append(now[0])
        throttle.failed("me", "10.0.0.1")
    waited = [later - sooner for sooner, later in itertools.pairwise(pauses)]
    assert waited[-3:] == [5, 10, 20]
    throttle.check("me", "10.0.0.2")  # from elsewhere
    now[0] += 3600
    throttle.check("me", "10.0.0.1")


def test_one_address_cannot_try_one_password_on_many_names():
    throttle = Throttle(now=lambda: 0.0)
    for number in range(30):
        throttle.failed(f"name{number}", "10.0.0.1")
    with pytest.raises(WebError):
        throttle.check("another", "10.0.0.1")
    throttle.check("another", "10.0.0.2")


def test_signing_out_ends_the_session_on_the_server(house: Hospital):
    client = house.signed_in("viewer")
    stolen = house.client()
    stolen.cookies = client.cookies
    answer = client.delete(f"{API}/session")
    assert (answer.status_code, answer.headers["clear-site-data"]) == (204, '"cache", "storage"')
    assert stolen.get(f"{API}/account").status_code == 401


@pytest.mark.parametrize(
    "target", ["//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil", "/\t/evil.example"]
)
def test_after_signing_in_one_stays_here(house: Hospital, target: str):
    answer = house.signed_in("viewer").get("/signin", params={"next": target}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert "evil.example" not in house.client().get("/signin", params={"next": target}).text


def test_pages_lead_to_the_form_and_back(house: Hospital):
    answer = house.client(accept="text/html").get(f"/studies/{house.study}", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/signin?next=/studies/{house.study}")
    assert house.client().get(f"{API}/studies").json()["error"]["code"] == "signed_out"


def test_another_role_or_password_ends_sessions_at_once(house: Hospital):
    account_id = add_account(house.store, "promoted", "viewer", ("spine",))
    one, other = house.signed_in("promoted"), house.signed_in("promoted")
    wrong = one.put(f"{API}/account/password", json={"current": "wrong" * 4, "new": "five other good words"})
    assert wrong.json()["error"]["code"] == "wrong_password"
    changed = {"current": PASSWORD, "new": "five other good words", "role": "administrator"}
    assert one.put(f"{API}/account/password", json=changed).status_code == 204
    assert one.get(f"{API}/account").json()["account"]["role"] == "viewer"
    assert other.get(f"{API}/account").status_code == 401
    house.store.accounts.change(account_id, role="reviewer")
    assert one.get(f"{API}/account").status_code == 401


def test_a_second_factor_is_asked_for_and_no_code_is_taken_twice(house: Hospital):
    add_account(house.store, "careful", "viewer")
    client = house.signed_in("careful")
    proposed = client.post(f"{API}/account/second-factor").json()
    assert proposed["picture"].startswith("data:image/svg+xml")
    totp = pyotp.TOTP(proposed["secret"])
    body = {"secret": proposed["secret"], "password": PASSWORD}
    wrong = f"{(int(totp.now()) + 1) % 10**6:06d}"
    assert client.put(f"{API}/account/second-factor", json={**body, "code": wrong}).status_code == 400
    used = totp.now()
    codes = client.put(f"{API}/account/second-factor", json={**body, "code": used}).json()["recovery_codes"]
    assert len(set(codes)) == 10
    fresh = house.client()
    assert sign_in(fresh, "careful").json()["error"]["code"] == "second_factor"
    assert sign_in(fresh, "careful", "wrong" * 4, totp.now()).json()["error"]["code"] == "wrong_credentials"
    assert sign_in(fresh, "careful", code=used).status_code == 401, "the code that set it up was used"
    assert sign_in(fresh, "careful", code=totp.at(time.time() + 30)).status_code == 200, (
        "the next one, of a clock ahead"
    )
    assert sign_in(fresh, "careful", code=codes[0].upper().replace("-", " ")).status_code == 200
    assert sign_in(fresh, "careful", code=codes[0]).status_code == 401
    removed = client.request("DELETE", f"{API}/account/second-factor", json={"password": PASSWORD, "code": codes[1]})
    assert removed.status_code == 204
    assert sign_in(fresh, "careful").status_code == 200


def test_where_a_second_factor_is_required_nothing_goes_without(tmp_path: Path):
    with hospital(tmp_path, require_second_factor=True) as strict:
        client = strict.signed_in("clinician")
        assert client.get(f"{API}/studies").status_code == 403
        page = client.get("/", headers={"accept": "text/html"}, follow_redirects=False)
        assert page.headers["location"] == "/account"
        assert client.get("/account").status_code == 200
        assert strict.with_token("clinician", "read").get(f"{API}/studies").status_code == 403
        secret = client.post(f"{API}/account/second-factor").json()["secret"]
        body = {"secret": secret, "code": pyotp.TOTP(secret).now(), "password": PASSWORD}
        assert client.put(f"{API}/account/second-factor", json=body).status_code == 200
        assert client.get(f"{API}/studies").status_code == 200
        gone = client.request("DELETE", f"{API}/account/second-factor", json={"password": PASSWORD, "code": "1"})
        assert gone.status_code == 409


def test_tokens_are_shown_once_and_end_at_once(house: Hospital):
    client = house.signed_in("clinician")
    made = client.post(f"{API}/account/tokens", json={"name": "script", "scope": "read", "days": 1}).json()
    program = house.client(Authorization=f"Bearer {made['secret']}")
    assert program.get(f"{API}/studies").status_code == 200
    assert program.post(f"{API}/studies/demo").status_code == 403
    assert program.get(f"{API}/account/tokens").status_code == 403, "a token makes no others"
    assert made["secret"] not in client.get(f"{API}/account/tokens").text
    assert house.client().get(f"{API}/studies", params={"access_token": made["secret"]}).status_code == 401
    assert client.delete(f"{API}/account/tokens/{made['token']['id']}").status_code == 204
    assert program.get(f"{API}/studies").status_code == 401
    assert client.post(f"{API}/account/tokens", json={"name": "m", "scope": "metrics"}).status_code == 403
    assert client.post(f"{API}/account/tokens", json={"name": "m", "scope": "administer"}).status_code == 400


def test_nobody_revokes_what_is_somebody_elses(house: Hospital):
    made = house.signed_in("clinician").post(f"{API}/account/tokens", json={"name": "a", "scope": "read"}).json()
    other = house.signed_in("outsider")
    assert other.delete(f"{API}/account/tokens/{made['token']['id']}").status_code == 404
    [session] = other.get(f"{API}/account/sessions").json()["sessions"][:1]
    assert house.signed_in("viewer").delete(f"{API}/account/sessions/{session['id']}").status_code == 404
    assert other.get(f"{API}/account").status_code == 200


def test_a_bearer_that_is_none_is_not_replaced_by_a_cookie(house: Hospital):
    client = house.signed_in("viewer")
    assert client.get(f"{API}/studies", headers={"Authorization": "Bearer nonsense"}).status_code == 401
    assert client.get(f"{API}/studies", headers={"Authorization": "Basic dmlld2VyOng="}).status_code == 401


def test_credentials_end_by_the_clock(house: Hospital, monkeypatch: pytest.MonkeyPatch):
    client, program = house.signed_in("viewer"), house.with_token("clinician", "read")
    guest = house.by_link(house.study, "view")
    credentials = house.store.credentials
    monkeypatch.setattr(credentials, "_now", lambda: time.time() + 3601)
    assert [each.get(f"{API}/studies").status_code for each in (client, program, guest)] == [401, 401, 401]
    monkeypatch.setattr(credentials, "_now", lambda: time.time() + 1800)
    assert client.get("/").status_code == 200, "half an hour without use is less than the hour"


def test_a_link_leads_to_one_study_and_ends_when_it_is_revoked(house: Hospital):
    client = house.signed_in("clinician")
    made = client.post(f"{API}/studies/{house.study}/shares", json={"kind": "review", "days": 1}).json()
    secret = made["link"].partition("#")[2]
    assert "?" not in made["link"]
    guest = house.client()
    opened = guest.post(f"{API}/share-session", json={"secret": secret})
    assert opened.json() == {"url": f"/studies/{house.study}"}
    review = {"verdict": "needs_work", "at_mm": [0.0, 0.0, 0.0]}
    written = guest.post(f"{API}/studies/{house.study}/reviews", json=review).json()
    assert written["author"] == f"link {made['share']['id']} of clinician"
    assert guest.delete(f"{API}/reviews/{house.objects['review']}").status_code == 403, "somebody else's"
    assert client.post(f"{API}/share-session", json={"secret": secret}).status_code == 409
    assert client.delete(f"{API}/shares/{made['share']['id']}").status_code == 204
    assert guest.get(f"{API}/studies/{house.study}").status_code == 401
    assert house.client().post(f"{API}/share-session", json={"secret": secret}).status_code == 401


def test_links_and_tokens_of_a_disabled_account_end(house: Hospital):
    account_id = add_account(house.store, "leaving", "clinician", ("spine",))
    secret, _ = house.store.credentials.add_share(house.study, account_id, "view", 3600)
    guest, program = house.client(), house.with_token("leaving", "read")
    assert guest.post(f"{API}/share-session", json={"secret": secret}).status_code == 200
    administrator = house.signed_in("administrator")
    assert administrator.patch(f"{API}/accounts/{account_id}", json={"disabled": True}).status_code == 200
    assert guest.get(f"{API}/studies/{house.study}").status_code == 401
    assert program.get(f"{API}/studies").status_code == 401


def test_the_last_administrator_stays(house: Hospital):
    administrator = house.signed_in("administrator")
    own = administrator.get(f"{API}/account").json()["account"]["id"]
    for answer in (
        administrator.patch(f"{API}/accounts/{own}", json={"role": "viewer"}),
        administrator.patch(f"{API}/accounts/{own}", json={"disabled": True}),
        administrator.delete(f"{API}/accounts/{own}"),
        administrator.post(f"{API}/accounts/{own}/reset"),
    ):
        assert answer.status_code == 409
    assert administrator.get(f"{API}/account").status_code == 200


def test_a_reset_account_comes_back_by_its_link_alone(house: Hospital):
    account_id = add_account(house.store, "forgetful", "viewer")
    before = house.signed_in("forgetful")
    made = house.signed_in("administrator").post(f"{API}/accounts/{account_id}/reset").json()
    assert before.get(f"{API}/account").status_code == 401
    assert sign_in(house.client(), "forgetful").status_code == 401
    secret = made["link"].partition("#")[2]
    client = house.client()
    asked = {"secret": secret, "name": "administrator", "password": "another four good words"}
    assert client.post(f"{API}/invitation", json=asked).status_code == 200
    assert client.get(f"{API}/account").json()["account"]["name"] == "forgetful"
    assert house.client().post(f"{API}/invitation", json=asked).status_code == 401


def drain(socket: WebSocketTestSession) -> None:
    """Read whatever comes until the other side closes."""
    while True:
        socket.receive_bytes()


def test_an_open_socket_closes_when_its_session_ends(house: Hospital, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(gate, "CHECKED_EVERY_S", 0.05)
    client = house.signed_in("viewer")
    with client.websocket_connect(f"/studies/{house.study}/ws/{'a' * 32}") as socket:
        client.delete(f"{API}/session")
        with pytest.raises(WebSocketDisconnect) as closed:
            drain(socket)
    assert closed.value.code == gate.SIGNED_OUT


def test_a_pages_socket_is_of_its_login_alone(house: Hospital):
    address = f"/studies/{house.study}/ws/{'b' * 32}"
    viewer, clinician = house.signed_in("viewer"), house.signed_in("clinician")
    with viewer.websocket_connect(address), clinician.websocket_connect(address) as other:
        assert other.receive()["code"] == 4404


def test_new_studies_belong_to_ones_group_and_have_no_file_name(house: Hospital, tmp_path: Path):
    clinician = house.signed_in("clinician")
    source = house.store.folder(house.study) / "original.nii.gz"
    files = {"file": ("Mueller_Anna_1950.nii.gz", source.read_bytes())}
    made = clinician.post(f"{API}/studies", files=files).json()
    assert made["group"] == "spine"
    assert made["name"].startswith("CT ")
    assert "Mueller" not in str([entry for entry in house.store.audit.entries()])
    named = clinician.post(f"{API}/studies", files=files, data={"alias": " Case 7\u202e\n"}).json()
    assert named["name"] == "Case 7"
    address = f"{API}/studies/{named['id']}"
    assert clinician.patch(address, json={"name": "Case seven"}).json()["name"] == "Case seven"
    assert clinician.patch(address, json={"group": "knee"}).status_code == 404, "not one of theirs"
    found = clinician.get(f"{API}/studies", params={"search": "SEVEN"}).json()["studies"]
    assert [study["id"] for study in found] == [named["id"]]
    assert clinician.get(f"{API}/studies", params={"search": "%"}).json()["studies"] == []
    moved = house.signed_in("administrator").patch(address, json={"group": "knee"})
    assert moved.json()["group"] == "knee"
    assert clinician.get(address).status_code == 404


def test_whoever_is_in_several_groups_says_which(house: Hospital):
    add_account(house.store, "both", "clinician", ("spine", "knee"))
    client = house.signed_in("both")
    source = house.store.folder(house.study) / "original.nii.gz"
    files = {"file": ("a.nii.gz", source.read_bytes())}
    assert client.post(f"{API}/studies", files=files).status_code == 400
    assert client.post(f"{API}/studies?group=knee", files=files).json()["group"] == "knee"
    assert client.post(f"{API}/studies?group=hip", files=files).status_code == 404
