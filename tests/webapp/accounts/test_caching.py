"""What browsers keep of private answers is theirs alone, and asked for again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.webapp.accounts.support import Hospital, hospital


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hospital]:
    with hospital(tmp_path_factory.mktemp("house")) as house:
        yield house


def addresses(house: Hospital) -> list[str]:
    study = house.signed_in("viewer").get(f"/api/v1/studies/{house.study}/display.json").json()
    thumbnail = house.signed_in("viewer").get(f"/api/v1/studies/{house.study}").json()["thumbnail_url"]
    return [study["volume_url"], study["masks"][0]["download_url"], thumbnail, "/api/v1/studies"]


def test_a_kept_scan_is_confirmed_to_its_own_session_alone(house: Hospital):
    mine, other = house.signed_in("viewer"), house.signed_in("viewer")
    for address in addresses(house):
        answer = mine.get(address)
        assert answer.headers["cache-control"] == "private, no-cache"
        known = {"if-none-match": answer.headers["etag"]}
        again = mine.get(address, headers=known)
        assert (again.status_code, again.headers["etag"]) == (304, answer.headers["etag"])
        assert other.get(address, headers=known).status_code == 200
        assert house.client().get(address, headers=known).status_code == 401
        assert mine.get(address, headers={"if-none-match": "*"}).status_code == 200


@pytest.mark.parametrize("address", ["/", "/account", "/api/v1/account", "/signin", "/api/v1/nothing"])
def test_what_has_no_tag_is_not_kept(house: Hospital, address: str):
    headers = house.signed_in("viewer").get(address, follow_redirects=False).headers
    assert "no-store" in headers["cache-control"]


def test_files_of_the_program_are_kept(house: Hospital):
    answer = house.signed_in("viewer").get("/static/css/tokens.css")
    assert "no-store" not in answer.headers.get("cache-control", "")
