from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.webapp.conftest import TestClient
from webapp.enumerations import VERDICTS
from webapp.storage.reviews import LONGEST_COMMENT, MOST_REPLIES

REVIEW = {
    "verdict": "needs_work",
    "comment": "  L3's left pedicle is missing  ",
    "at_mm": [12.5, -4, 88],
    "view": "at=12.5,-4,88&level=40,400&layout=compare",
}


@pytest.fixture
def study(upload: Callable[..., dict], ct: Path, reference: Path) -> dict:
    return upload(ct, reference)


def test_a_review_is_kept_with_its_place_listed_newest_first_and_removed(client: TestClient, study: dict) -> None:
    address = f"/api/v1/studies/{study['id']}/reviews"
    assert study["verdict"] is None
    [mask] = client.get(f"/api/v1/studies/{study['id']}/masks").json()["masks"]
    made = client.post(address, json={**REVIEW, "mask_id": mask["id"]})
    assert made.status_code == 201
    assert made.json()["link"] == f"/studies/{study['id']}#{REVIEW['view']}"
    client.post(address, json={"verdict": "accepted", "at_mm": [0, 0, 0]})
    listed = client.get(address).json()["reviews"]
    assert [review["verdict"] for review in listed] == ["accepted", "needs_work"]
    assert listed[1]["comment"] == "L3's left pedicle is missing"
    assert (listed[1]["at_mm"], listed[1]["mask_id"]) == ([12.5, -4, 88], mask["id"])
    assert client.get(f"/api/v1/studies/{study['id']}").json()["verdict"] == "accepted"
    assert client.delete(listed[1]["url"]).status_code == 204
    assert [review["verdict"] for review in client.get(address).json()["reviews"]] == ["accepted"]
    assert client.delete(listed[1]["url"]).json()["error"]["code"] == "not_found"


def test_the_list_counts_reviews_that_ask_for_work_and_are_open(client: TestClient, study: dict) -> None:
    address = f"/api/v1/studies/{study['id']}/reviews"
    made = [client.post(address, json={**REVIEW, "verdict": verdict}).json() for verdict in VERDICTS]

    def counted() -> int:
        [listed] = client.get("/api/v1/studies").json()["studies"]
        return int(listed["open_reviews"])

    assert counted() == 1
    wanting = next(review for review in made if review["verdict"] == "needs_work")
    for state, count in (("resolved", 0), ("open", 1)):
        client.patch(wanting["url"], json={"state": state})
        assert counted() == count
    client.delete(wanting["url"])
    assert counted() == 0


def test_a_change_of_the_reviews_is_seen_by_their_version(client: TestClient, study: dict) -> None:
    reviews = client.app.state.services.store.reviews
    address = f"/api/v1/studies/{study['id']}/reviews"
    seen = [reviews.version(study["id"])]

    def look() -> None:
        seen.append(reviews.version(study["id"]))

    url = client.post(address, json=REVIEW).json()["url"]
    look()
    client.post(f"{url}/replies", json={"comment": "Mended"})
    look()
    client.patch(url, json={"state": "resolved"})
    look()
    client.delete(url)
    look()
    assert seen[0] == seen[-1] == ""
    assert len(set(seen)) == 4


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"verdict": "fine"}, "verdict must be one of accepted, needs_work"),
        ({"at_mm": [1, 2]}, "at_mm must be three numbers"),
        ({"at_mm": [1, 2, True]}, "at_mm must be three numbers"),
        ({"at_mm": [1, 2, 1e300]}, "at_mm must be three numbers"),
        ({"comment": "x" * (LONGEST_COMMENT + 1)}, "at most 2000 characters"),
        ({"view": 'at=1,2,3"><script>'}, "view must be what follows #"),
        ({"mask_id": "nobody's"}, "mask_id must be the id of a mask of this study"),
        ({"mask_id": 7}, "mask_id must be the id of a mask of this study"),
    ],
)
def test_what_is_no_review_is_refused_with_the_field_that_is_wrong(
    client: TestClient, study: dict, change: dict, said: str
) -> None:
    answer = client.post(f"/api/v1/studies/{study['id']}/reviews", json={**REVIEW, **change})
    assert answer.status_code == 400
    assert said in answer.json()["error"]["message"]


def test_a_study_that_is_not_there_has_none_and_a_deleted_one_loses_them(client: TestClient, study: dict) -> None:
    assert client.get("/api/v1/studies/nothing/reviews").status_code == 404
    assert client.post(f"/api/v1/studies/{study['id']}/reviews", json=[]).status_code == 400
    made = client.post(f"/api/v1/studies/{study['id']}/reviews", json=REVIEW).json()
    client.delete(f"/api/v1/studies/{study['id']}")
    assert client.delete(made["url"]).status_code == 404


def test_a_review_is_answered_resolved_and_opened_again(client: TestClient, study: dict) -> None:
    listing = f"/api/v1/studies/{study['id']}/reviews"
    made = client.post(listing, json=REVIEW).json()
    assert (made["state"], made["replies"], made["resolved_by"], made["removable"]) == ("open", [], None, True)
    for words in ("  It is cut off.", "<b>Mended</b>"):
        answer = client.post(f"{made['url']}/replies", json={"comment": words})
        assert answer.status_code == 201
    assert [reply["comment"] for reply in answer.json()["replies"]] == ["It is cut off.", "<b>Mended</b>"]
    assert all(reply["author"] == made["author"] for reply in answer.json()["replies"])
    assert client.patch(made["url"], json={"state": "resolved"}).json()["state"] == "resolved"
    [listed] = client.get(listing).json()["reviews"]
    assert (listed["state"], listed["resolved_by"]) == ("resolved", made["author"])
    assert len(listed["replies"]) == 2
    assert client.patch(made["url"], json={"state": "open"}).json()["resolved_by"] is None
    assert client.patch("/api/v1/reviews/none", json={"state": "open"}).status_code == 404
    assert client.post("/api/v1/reviews/none/replies", json={"comment": "x"}).status_code == 404


def test_what_is_no_answer_is_refused(client: TestClient, study: dict) -> None:
    made = client.post(f"/api/v1/studies/{study['id']}/reviews", json=REVIEW).json()
    for body in ({"comment": ""}, {"comment": "x" * (LONGEST_COMMENT + 1)}, {}):
        assert client.post(f"{made['url']}/replies", json=body).status_code == 400
    assert client.patch(made["url"], json={"state": "gone"}).status_code == 400
    for _ in range(MOST_REPLIES):
        assert client.post(f"{made['url']}/replies", json={"comment": "again"}).status_code == 201
    answer = client.post(f"{made['url']}/replies", json={"comment": "again"})
    assert answer.status_code == 400
    assert f"has {MOST_REPLIES} already" in answer.json()["error"]["message"]


def test_a_link_to_a_view_is_drawn_for_a_phone(client: TestClient, study: dict) -> None:
    address = f"/api/v1/studies/{study['id']}/qr.svg"
    answer = client.get(address, params={"view": REVIEW["view"]})
    assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (200, "image/svg+xml")
    assert answer.content != client.get(address).content
    assert client.get(address, params={"view": '"><script>'}).status_code == 400
    assert client.get("/api/v1/studies/nothing/qr.svg").status_code == 404
