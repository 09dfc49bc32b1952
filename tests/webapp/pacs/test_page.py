"""The page that searches an archive, as HTML."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.webapp.support import BoneEngine
from webapp.asgi import create_asgi
from webapp.dicomweb.config import PacsServer
from webapp.settings import Settings


@pytest.fixture
def with_pacs(tmp_path: Path) -> Iterator[TestClient]:
    server = PacsServer(name="Hospital", url="http://10.9.8.7/secret-path", username="sv-user", password="sv-secret")
    second = PacsServer(name="Clinic 2", url="http://10.9.8.6/other-path", token="sv-token")
    settings = Settings(data_dir=tmp_path / "beside", min_free_bytes=0, pacs=(server, second))
    with TestClient(create_asgi(settings, BoneEngine)) as client:
        yield client


@pytest.mark.parametrize(("lang", "title"), [("en", "Fetch a study from the PACS"), ("zh", "从 PACS 获取检查")])
def test_the_page_names_the_archives_and_nothing_else_of_them(with_pacs: TestClient, lang: str, title: str):
    page = with_pacs.get("/pacs", headers={"accept-language": lang}).text
    assert title in page
    assert "<option>Hospital</option>" in page
    assert "<option>Clinic 2</option>" in page
    answers = page + with_pacs.get("/").text + with_pacs.get("/api/v1/pacs").text + with_pacs.get("/api/v1/health").text
    for secret in ("sv-secret", "sv-user", "sv-token", "10.9.8", "secret-path"):
        assert secret not in answers


def test_the_home_page_leads_there_where_there_is_an_archive(with_pacs: TestClient, client: TestClient):
    assert 'data-testid="pacs-link"' in with_pacs.get("/").text
    assert 'data-testid="pacs-link"' not in client.get("/").text
    assert 'data-testid="pacs-none"' in client.get("/pacs").text
