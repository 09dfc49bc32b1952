"""The real server below a path of another site, behind a real nginx with the documented configuration."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.sync.client import connect

from tests.webapp.accounts.proxied import IS_MISSING, below_another_site, free_ports, make_certificate, proxied
from tests.webapp.accounts.support import PASSWORD
from webapp.settings import Settings

pytestmark = pytest.mark.skipif(IS_MISSING, reason="nginx or openssl is not installed")
BELOW = "/spineview"


class Site(httpx.Client):
    """A browser at the site, signed in; addresses are those of the whole site."""

    def __init__(self, port: int, context: ssl.SSLContext) -> None:
        self.context = context
        self.url = f"https://localhost:{port}"
        super().__init__(base_url=self.url, verify=context, timeout=60, headers={"origin": self.url})
        signed = self.post(f"{BELOW}/api/v1/session", json={"name": "clinician", "password": PASSWORD})
        assert signed.status_code == 200, signed.text
        self.cookie = signed.headers["set-cookie"]


@pytest.fixture(scope="module", params=["passed on", "taken off"])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder: Path = tmp_path_factory.mktemp("nginx")
    folder.chmod(0o755)
    make_certificate(folder)
    ports = free_ports()
    below_another_site(ports, folder, strips=request.param == "taken off")
    context = ssl.create_default_context(cafile=str(folder / "fullchain.pem"))
    with ExitStack() as stack:
        stack.enter_context(proxied(folder, ports, f"https://localhost:{ports.secure}{BELOW}"))
        yield stack.enter_context(closing(Site(ports.secure, context)))


@pytest.fixture(scope="module")
def study(site: Site) -> dict[str, Any]:
    made = site.post(f"{BELOW}/api/v1/studies/demo")
    assert made.status_code == 201, made.text
    return dict(made.json())


def addresses_in(value: Any) -> Iterator[str]:
    """Everything in an answer of the API that is a path."""
    if isinstance(value, dict):
        for each in value.values():
            yield from addresses_in(each)
    elif isinstance(value, list):
        for each in value:
            yield from addresses_in(each)
    elif isinstance(value, str) and value.startswith("/"):
        yield value


def test_the_cookie_is_of_this_path_alone(site: Site):
    assert site.cookie.startswith("__Secure-spineview=")
    assert f"Path={BELOW}/" in site.cookie
    assert "Secure" in site.cookie


@pytest.mark.parametrize("path", ["/", "/account", "/studies/{id}", "/studies/{id}/sharing", "/studies/nowhere", "/x"])
def test_everything_that_a_page_leads_to_is_there(site: Site, study: dict[str, Any], path: str):
    page = site.get(BELOW + path.format(**study), headers={"accept": "text/html"})
    assert page.status_code in (200, 404)
    found = set(re.findall(r'(?:href|src)="(/[^"]*)"', page.text))
    assert len(found) > 5
    for address in found:
        assert address.startswith(f"{BELOW}/"), address
        answer = site.get(address.replace("&amp;", "&"))
        assert answer.status_code in (200, 302), address
    assert f'data-root="{BELOW}"' in page.text


def test_every_address_in_answers_can_be_asked_for(site: Site, study: dict[str, Any]):
    api = f"{BELOW}/api/v1"
    asked = [
        site.get(f"{api}/studies?limit=1"),
        site.get(f"{api}/studies/{study['id']}/display.json"),
        site.get(f"{api}/studies/{study['id']}/masks"),
        site.post(f"{api}/studies/{study['id']}/reviews", json={"verdict": "accepted", "at_mm": [0, 0, 0]}),
        site.get(f"{api}/studies/{study['id']}/tracker"),
        site.get(f"{api}/openapi.json"),
    ]
    found = set()
    for answer in asked:
        assert answer.status_code < 300, answer.text
        found |= set(addresses_in(answer.json()))
    assert len(found) > 6
    for address in found - {api}:
        assert address.startswith(f"{BELOW}/"), address
        assert site.get(address).status_code in (200, 405), address
    assert api in found, "the address in the description of the API"


def test_an_upload_goes_on_where_the_server_says(site: Site, ct: Path):
    content, tus = ct.read_bytes(), {"Tus-Resumable": "1.0.0"}
    made = site.post(f"{BELOW}/uploads", headers={**tus, "Upload-Length": str(len(content))})
    address = made.headers["location"]
    assert address.startswith(f"{BELOW}/uploads/")
    piece = {**tus, "Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}
    assert site.patch(address, content=content, headers=piece).status_code == 204
    files = [{"field": "file", "name": ct.name, "size": len(content)}]
    whole = site.post(f"{address}/study", json={"files": files})
    assert whole.status_code == 201, whole.text
    assert whole.headers["location"].startswith(f"{BELOW}/api/v1/studies/")
    assert site.get(whole.headers["location"]).json()["id"] == whole.json()["id"]


def test_whoever_is_signed_out_is_led_to_the_form_and_back(site: Site, study: dict[str, Any]):
    with httpx.Client(base_url=site.url, verify=site.context, headers={"accept": "text/html"}) as stranger:
        led = stranger.get(f"{BELOW}/studies/{study['id']}")
        assert (led.status_code, led.headers["location"]) == (303, f"{BELOW}/signin?next=/studies/{study['id']}")
        form = stranger.get(led.headers["location"])
        assert f'"next": "{BELOW}/studies/{study["id"]}"' in form.text
    back = site.get(led.headers["location"])
    assert (back.status_code, back.headers["location"]) == (303, f"{BELOW}/studies/{study['id']}")
    switched = site.get(f"{BELOW}/language/zh", params={"next": f"/studies/{study['id']}"})
    assert switched.headers["location"] == f"{BELOW}/studies/{study['id']}"
    assert f"Path={BELOW}/" in switched.headers["set-cookie"]


def test_a_share_link_opens_its_study(site: Site, study: dict[str, Any]):
    made = site.post(f"{BELOW}/api/v1/studies/{study['id']}/shares", json={"kind": "view", "days": 1})
    assert made.status_code == 201, made.text
    address, _, secret = made.json()["link"].partition("#")
    assert address == f"{site.url}{BELOW}/share"
    with httpx.Client(base_url=site.url, verify=site.context, headers={"origin": site.url}) as guest:
        assert guest.get(address).status_code == 200
        opened = guest.post(f"{BELOW}/api/v1/share-session", json={"secret": secret})
        assert opened.json()["url"] == f"{BELOW}/studies/{study['id']}"
        assert guest.get(opened.json()["url"]).status_code == 200


def test_the_viewer_has_its_socket(site: Site, study: dict[str, Any]):
    address = f"wss{site.url[5:]}{BELOW}/studies/{study['id']}/ws/{'a' * 32}"
    cookie = {"Cookie": site.cookie.partition(";")[0]}
    with connect(address, ssl=site.context, origin=site.url, additional_headers=cookie) as socket:
        assert socket.ping().wait(30)


def test_the_other_site_keeps_what_is_its_own(site: Site):
    assert site.get("/").status_code == 418
    assert site.get("/spineviewer").status_code == 418
    with closing(Site(int(site.url.rpartition(":")[2]), site.context)) as other:
        gone = other.delete(f"{BELOW}/api/v1/session")
        assert gone.headers["clear-site-data"] == '"cache"', "the storage is the whole site's"
        assert f"Path={BELOW}/" in gone.headers["set-cookie"]
        assert other.get(f"{BELOW}/api/v1/studies").status_code == 401


@pytest.mark.parametrize(
    ("address", "path"),
    [("", ""), ("https://a.example", ""), ("https://a.example/", ""), ("https://a.example/b/", "/b"),
     ("https://a.example:8443/b/c.d", "/b/c.d")],
)  # fmt: skip
def test_the_path_is_that_of_the_public_address(address: str, path: str, tmp_path: Path):
    assert Settings(data_dir=tmp_path, public_url=address).sub_path == path


@pytest.mark.parametrize("address", ["https://a.example/b?c", "https://a.example/b#c", "https://a.example/b c", "/b"])
def test_an_impossible_public_address_is_refused(address: str, tmp_path: Path):
    with pytest.raises(ValueError, match="public_url"):
        Settings(data_dir=tmp_path, public_url=address)
