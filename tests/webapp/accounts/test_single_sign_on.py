"""Single sign-on against a real, certified provider (npm oidc-provider) that runs here."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from starlette.testclient import TestClient

from tests.webapp.accounts.proxied import ROOT, free_port
from tests.webapp.accounts.support import Hospital, hospital

MODULE = Path(os.environ.get("OIDC_PROVIDER", ROOT / "build" / "oidc-provider")) / "node_modules" / "oidc-provider"
BACK = "http://testserver/signin/oidc/callback"
BELOW = "https://hospital.example/spineview"
BACK_BELOW = f"{BELOW}/signin/oidc/callback"
pytestmark = pytest.mark.skipif(
    shutil.which("node") is None or not MODULE.is_dir(),
    reason="node or its package oidc-provider is not installed (scripts/ensure/web-tools)",
)


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    port = free_port()
    script = Path(__file__).with_name("oidc_provider.mjs")
    command = ["node", str(script), str(MODULE / "lib" / "index.js"), str(port), BACK, BACK_BELOW]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    while (line := process.stdout.readline()) and "listening" not in line:
        pass
    yield f"http://127.0.0.1:{port}"
    process.kill()
    process.communicate(timeout=30)


@pytest.fixture(scope="module")
def provider(issuer: str) -> dict[str, str]:
    return {
        "issuer": issuer,
        "client_id": "spineview",
        "client_secret": "a secret of the tests alone",
        "name": "Hospital",
    }


@pytest.fixture(scope="module")
def house(provider: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hospital]:
    with hospital(tmp_path_factory.mktemp("house"), oidc=provider) as house:
        yield house


@pytest.fixture(scope="module")
def below(provider: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hospital]:
    """The same below a path of another site."""
    with hospital(tmp_path_factory.mktemp("below"), oidc=provider, public_url=BELOW) as house:
        yield house


def at_the_provider(address: str, person: str, back: str = BACK) -> str:
    """Sign in there and consent, as a person would in its pages; the address that it sends the browser back to."""
    with httpx.Client(follow_redirects=False, timeout=60) as browser:
        base = f"{urlsplit(address).scheme}://{urlsplit(address).netloc}"
        answer = browser.get(address)
        for _ in range(12):
            if answer.is_redirect:
                target = str(httpx.URL(base).join(answer.headers["location"]))
                if target.startswith(back):
                    return target
                answer = browser.get(target)
                continue
            form = re.search(r'action="([^"]+)"', answer.text)
            assert form, answer.text
            fields = (
                {"prompt": "login", "login": person, "password": "x"}
                if 'name="login"' in answer.text
                else {"prompt": "consent"}
            )
            answer = browser.post(str(httpx.URL(base).join(form[1])), data=fields)
    raise AssertionError("the provider never sent the browser back")


def begun(client: TestClient, going_on: str = "/") -> str:
    answer = client.get("/signin/oidc", params={"next": going_on}, follow_redirects=False)
    assert answer.status_code == 302, answer.text
    return answer.headers["location"]


def test_somebody_who_was_added_signs_in(house: Hospital):
    house.store.accounts.add("anna", "viewer", ("spine",), single_sign_on=True)
    client = house.client()
    address = begun(client, f"/studies/{house.study}")
    asked = parse_qs(urlsplit(address).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert {"state", "nonce", "code_challenge"} <= set(asked)
    back = at_the_provider(address, "anna")
    answer = client.get(back, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/studies/{house.study}")
    own = client.get("/api/v1/account").json()["account"]
    assert (own["name"], own["role"], own["single_sign_on"]) == ("anna", "viewer", True)
    assert client.get(back, follow_redirects=False).status_code == 401, "an answer holds once"


@pytest.mark.parametrize("person", ["stranger", "clinician"])
def test_nobody_else_does_and_no_account_with_a_password_is_taken_over(house: Hospital, person: str):
    client = house.client()
    assert client.get(at_the_provider(begun(client), person), follow_redirects=False).status_code == 401
    assert client.get("/api/v1/account").status_code == 401


def test_another_browsers_answer_and_changed_ones_are_refused(house: Hospital):
    house.store.accounts.add("berta", "viewer", single_sign_on=True)
    victim, attacker = house.client(), house.client()
    back = at_the_provider(begun(attacker), "berta")
    begun(victim)
    assert victim.get(back, follow_redirects=False).status_code == 401, "the attacker's answer in the victim's browser"
    assert house.client().get(back, follow_redirects=False).status_code == 401
    mine = at_the_provider(begun(attacker), "berta")
    forged = re.sub(r"code=[^&]+", "code=forged", mine)
    assert attacker.get(forged, follow_redirects=False).status_code == 401


def test_a_disabled_account_is_refused(house: Hospital):
    account = house.store.accounts.add("carla", "viewer", single_sign_on=True)
    client = house.client()
    assert client.get(at_the_provider(begun(client), "carla"), follow_redirects=False).status_code == 303
    house.store.accounts.change(account.id, disabled=True)
    assert client.get("/api/v1/account").status_code == 401
    assert client.get(at_the_provider(begun(client), "carla"), follow_redirects=False).status_code == 401


@pytest.mark.parametrize("target", ["https://evil.example", "//evil.example"])
def test_after_the_provider_one_stays_here(house: Hospital, target: str):
    client = house.client()
    answer = client.get(at_the_provider(begun(client, target), "anna"), follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


def test_below_a_path_it_comes_back_to_that_path_and_its_cookies_are_of_it_alone(below: Hospital):
    below.store.accounts.add("anna", "viewer", ("spine",), single_sign_on=True)
    client = TestClient(below.app, base_url="https://hospital.example", headers={"accept": "text/html"})
    client.portal = below.portal
    page = client.get(f"/spineview/studies/{below.study}")
    assert page.url.path == "/spineview/signin", "led to the form"
    link = re.search(r'href="(/spineview/signin/oidc[?][^"]+)"', page.text)
    assert link, page.text
    sent = client.get(link[1], follow_redirects=False)
    assert parse_qs(urlsplit(sent.headers["location"]).query)["redirect_uri"] == [BACK_BELOW]
    assert "Path=/spineview/signin/oidc;" in sent.headers["set-cookie"]
    assert "Secure" in sent.headers["set-cookie"]

    back = at_the_provider(sent.headers["location"], "anna", BACK_BELOW)
    answer = client.get(back, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/spineview/studies/{below.study}")
    given = {cookie.name: cookie.path for cookie in client.cookies.jar}
    assert given == {"__Secure-spineview": "/spineview/"}, "the provider's cookie went"
    assert client.get("/spineview/api/v1/account").json()["account"]["name"] == "anna"

    gone = client.delete("/spineview/api/v1/session", headers={"origin": "https://hospital.example"})
    assert gone.status_code == 204
    assert not client.cookies.jar
    assert client.get("/spineview/api/v1/account").status_code == 401
