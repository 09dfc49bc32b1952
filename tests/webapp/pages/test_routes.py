from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from webapp.app import build_app
from webapp.pages.routes import pages
from webapp.rest import BLUEPRINTS
from webapp.services import make_services
from webapp.settings import Settings


def test_the_home_page_speaks_the_reader_s_language(client: TestClient):
    english = client.get("/", headers={"accept-language": "en"}).text
    chinese = client.get("/", headers={"accept-language": "zh-CN"}).text
    assert 'lang="en"' in english
    assert "For research use only, not a medical device" in english
    assert 'lang="zh-CN"' in chinese
    assert "检查列表" in chinese


@pytest.mark.parametrize(
    "testid", ["upload-input", "reference-input", "demo-button", "upload-error", "language-switch", "study-row"]
)
def test_the_home_page_has_what_tests_hold_on_to(client: TestClient, testid: str):
    assert f'data-testid="{testid}"' in client.get("/").text


def test_the_switch_is_remembered_and_leads_back(client: TestClient):
    answer = client.get("/language/zh?next=/studies/x", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (302, "/studies/x")
    assert client.cookies["lang"] == "zh"
    assert "检查列表" in client.get("/", headers={"accept-language": "en"}).text


@pytest.mark.parametrize(
    "away", ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", ""]
)
def test_the_switch_leads_to_no_other_site(client: TestClient, away: str):
    answer = client.get("/language/en", params={"next": away}, follow_redirects=False)
    assert answer.headers["location"] == "/"


HEAD = (
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="dark">',
    '<link rel="icon" href="/static/icons/logo.svg" type="image/svg+xml">',
    "/static/css/tokens.css?v=",
    "/static/js/theme.js?v=",
)


def test_all_pages_have_one_head(client: TestClient, upload: Callable[..., dict], ct: Path):
    client.cookies.update({"theme": "dark", "lang": "zh"})
    for address in ("/", "/pacs", "/nothing", "/studies/nothing", upload(ct)["url"]):
        page = client.get(address).text
        assert page.startswith('<!doctype html>\n<html lang="zh-CN" data-theme="dark"'), address
        head = page[: page.index("</head>")]
        assert all(part in head for part in HEAD), address
        assert head.count("<title>") == 1
        assert " · SpineView</title>" in head


def test_an_unknown_language_is_not_found(client: TestClient):
    assert client.get("/language/xx").status_code == 404


def test_the_page_hands_its_script_all_it_needs(client: TestClient, settings: Settings):
    text = client.get("/").text
    config = json.loads(re.search(r'id="config">(.*?)</script>', text, re.DOTALL)[1])
    assert config["max_upload_bytes"] == settings.max_upload_bytes
    assert ".nii.gz" in config["suffixes"]
    assert config["words"]["home.title"] == "Studies"


def test_a_missing_page_is_a_page(client: TestClient):
    answer = client.get("/nothing")
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert "This page does not exist" in answer.text


def test_nothing_is_fetched_from_elsewhere(client: TestClient):
    text = client.get("/").text
    addresses = re.findall(r'(?:src|href)="([^"]+)"', text)
    assert len(addresses) > 5
    assert [a for a in addresses if not a.startswith(("/", "#"))] == []
    for address in addresses:
        if address.startswith("/static/"):
            assert client.get(address).status_code == 200, address


def test_flask_alone_answers_too(settings: Settings):
    services = make_services(settings)
    with build_app(services, pages).test_client() as browser:
        assert browser.get("/").status_code == 200
    with build_app(services, *BLUEPRINTS).test_client() as browser:
        assert browser.get("/api/v1/studies").json == {"studies": []}
    services.store.close()
