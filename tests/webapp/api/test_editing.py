"""Corrections of masks by their API: blocks, drafts that survive, versions, and two readers at once."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from httpx import Response
from numpy.typing import NDArray
from starlette.testclient import TestClient

from segmentation.core.geometry import to_canonical
from segmentation.core.labels import NUMBERS
from segmentation.core.volume import LabelMap
from segmentation.evaluation.metrics import dice
from segmentation.readers import read_label_map
from segmentation.writers import write_nifti, write_volume
from tests.webapp.support import AFFINE, SHAPE, BoneEngine, small_volume
from webapp.asgi import create_asgi
from webapp.maintenance.invariants import violations
from webapp.settings import Settings
from webapp.storage.edits.blocks import Block, encode_blocks
from webapp.storage.mask_files import mask_statistics, write_mask, write_mesh
from webapp.storage.store import Store
from webapp.storage.tables import Mask

T12, L1, L2, C5 = NUMBERS["T12"], NUMBERS["L1"], NUMBERS["L2"], NUMBERS["C5"]
DRAFT = "0123456789ab"
VOXEL_ML = 1.5 * 1.5 * 2.0 / 1000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One server for all tests: each has a study of its own."""
    return tmp_path_factory.mktemp("editing")


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[TestClient]:
    app = create_asgi(Settings(data_dir=folder / "data", min_free_bytes=0), BoneEngine)
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture(scope="module")
def store(client: TestClient) -> Store:
    found: Store = client.app.state.services.store  # type: ignore[attr-defined]
    return found


def vertebra_labels() -> NDArray[np.uint8]:
    labels = np.zeros(SHAPE, np.uint8)
    labels[11:19, 12:18, 7:12] = L1
    labels[11:19, 12:18, 12:17] = T12
    return labels


@pytest.fixture
def vertebrae(client: TestClient, store: Store, folder: Path) -> Mask:
    """A mask of T12 and L1 that a job made, on a study with a reference."""
    ct, reference = folder / "ct.nii.gz", folder / "vert.nii.gz"
    volume = small_volume()
    write_volume(volume, ct)
    write_nifti(LabelMap(vertebra_labels(), volume.grid, "vertebrae"), reference)
    files = {"file": (ct.name, ct.read_bytes()), "reference": (reference.name, reference.read_bytes())}
    study_id = client.post("/api/v1/studies", files=files).json()["id"]
    staged = store.stage()
    label_map = LabelMap(vertebra_labels(), volume.grid, "vertebrae", volume.header)
    mask = write_mask(label_map, volume, staged, study_id, "vertebrae", "a model")
    for label in mask.labels:
        write_mesh(label_map, label, staged / f"{label}.bin")
    assert store.jobs.complete(store.jobs.add(study_id).id, mask, staged, "")
    return mask


def block(first: tuple[int, int, int], size: tuple[int, int, int], label: int) -> Block:
    return Block(first, np.full(size, label, np.uint8))


def base(mask: Mask | str) -> str:
    return f"/api/v1/masks/{mask if isinstance(mask, str) else mask.id}"


def paint(client: TestClient, mask: Mask, *blocks: Block, draft: str = DRAFT, after: int = 0) -> Response:
    body = encode_blocks(list(blocks))
    return client.patch(f"{base(mask)}/drafts/{draft}?after={after}", content=body)


def save(client: TestClient, mask: Mask, draft: str = DRAFT, **body: object) -> Response:
    return client.post(f"{base(mask)}/drafts/{draft}/version", json=body)


def displayed(client: TestClient, mask_id: str) -> NDArray[np.uint8]:
    """What a download of the mask holds, on the displayed grid."""
    answer = client.get(f"{base(mask_id)}.nii.gz")
    assert answer.status_code == 200
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mask.nii.gz"
        path.write_bytes(answer.content)
        found = read_label_map(path)
    assert np.allclose(found.grid.affine, AFFINE)
    return to_canonical(found.labels, found.grid)


def test_what_was_painted_is_what_is_downloaded_and_the_figures_follow(
    client: TestClient, store: Store, vertebrae: Mask
) -> None:
    before = displayed(client, vertebrae.id)
    assert paint(client, vertebrae, block((2, 3, 4), (3, 2, 1), L1)).json()["records"] == 1
    assert paint(client, vertebrae, block((2, 3, 4), (1, 1, 1), 0), after=1).json()["records"] == 2
    answer = save(client, vertebrae, comment="a transverse process")
    assert answer.status_code == 201, answer.text
    made = answer.json()
    wanted = before.copy()
    wanted[2:5, 3:5, 4] = L1
    wanted[2, 3, 4] = 0
    assert np.array_equal(displayed(client, made["id"]), wanted)
    drawn = np.frombuffer(client.get(made["url"]).content, np.uint8).reshape(wanted.shape, order="F")
    assert np.array_equal(drawn, wanted)
    assert made["volume_ml"] == pytest.approx((np.count_nonzero(before) + 5) * VOXEL_ML, abs=1e-3)
    assert made["dice"] == pytest.approx(dice(wanted > 0, before > 0))
    kept = store.masks.get(made["id"])
    assert kept is not None
    was, now = mask_statistics(store, vertebrae), mask_statistics(store, kept)
    assert now[L1].volume_ml == pytest.approx(was[L1].volume_ml + 5 * VOXEL_ML)
    assert now[T12] == was[T12]
    [newest, first] = client.get(f"{base(vertebrae)}/versions").json()["versions"]
    assert (first["change"], first["who"], first["parent"]) == ("made", "", None)
    assert (newest["change"], newest["parent"], newest["comment"]) == (
        "corrected", vertebrae.id, "a transverse process",
    )  # fmt: skip
    assert newest["labels"] == {str(L1): {"added_ml": pytest.approx(5 * VOXEL_ML), "removed_ml": 0}}
    assert client.get(f"{base(vertebrae)}/drafts").json()["drafts"] == []
    entry = next(each for each in store.audit.latest(20) if each.action == "correct")
    assert entry.study_id == vertebrae.study_id
    assert "0.02 ml added" in entry.detail
    # The surface of what nobody touched is taken over; that of the other is made anew.
    folder = store.mask_folder(kept)
    assert (folder / f"{T12}.bin").is_file()
    assert not (folder / f"{L1}.bin").exists()
    for form in ("seg.nrrd", "nii.gz"):
        assert client.get(f"{base(made['id'])}.{form}").status_code == 200
    assert client.get(f"{base(made['id'])}/surface.stl?label={L1}").status_code == 200


def test_a_draft_comes_back_as_it_was_sent_and_what_is_sent_twice_counts_once(
    client: TestClient, vertebrae: Mask
) -> None:
    bodies = [encode_blocks([block((n, 0, 0), (1, 1, 1), L1)]) for n in range(3)]
    address = f"{base(vertebrae)}/drafts/{DRAFT}"
    for n, body in enumerate(bodies):
        assert client.patch(f"{address}?after={n}", content=body).status_code == 200
    again = client.patch(f"{address}?after=2", content=bodies[2])
    assert (again.status_code, again.json()["records"]) == (200, 3)
    content = client.get(address).content
    assert content == b"".join(struct.pack("<I", len(body)) + body for body in bodies)
    [draft] = client.get(f"{base(vertebrae)}/drafts").json()["drafts"]
    assert (draft["id"], draft["records"], draft["newest"]) == (DRAFT, 3, vertebrae.id)
    elsewhere = client.patch(f"{address}?after=1", content=bodies[0])
    assert (elsewhere.status_code, elsewhere.json()["error"]["code"]) == (409, "draft_changed")
    assert client.delete(address).status_code == 204
    assert client.get(address).status_code == 404


def test_a_record_that_a_crash_cut_off_is_left_out_and_the_next_one_follows_the_last_whole_one(
    client: TestClient, store: Store, vertebrae: Mask
) -> None:
    assert paint(client, vertebrae, block((0, 0, 0), (1, 1, 1), L1)).status_code == 200
    [path] = (store.mask_folder(vertebrae) / "drafts").iterdir()
    whole = path.read_bytes()
    for torn in (b"\x07", struct.pack("<II", 50, 0) + b"half", struct.pack("<II", 4, 1) + b"rest"):
        path.write_bytes(whole + torn)
        assert client.get(f"{base(vertebrae)}/drafts").json()["drafts"][0]["records"] == 1
    assert paint(client, vertebrae, block((1, 0, 0), (1, 1, 1), L1), after=1).json()["records"] == 2
    assert save(client, vertebrae).status_code == 201


@pytest.mark.parametrize(
    ("body", "code", "status"),
    [
        (b"", "bad_blocks", 400),
        (b"no zlib", "bad_blocks", 400),
        (zlib.compress(b"abc"), "bad_blocks", 400),
        (zlib.compress(struct.pack("<6H", 0, 0, 0, 2, 2, 2) + bytes(7)), "bad_blocks", 400),
        (zlib.compress(struct.pack("<6H", 0, 0, 0, 0, 2, 2)), "bad_blocks", 400),
        (encode_blocks([block((29, 0, 0), (2, 1, 1), L1)]), "bad_blocks", 400),
        (encode_blocks([block((0, 0, 0), (1, 1, 1), 99)]), "bad_blocks", 400),
        (zlib.compress(bytes(17 << 20)), "too_large", 413),
        (encode_blocks([block((0, 0, 0), (1, 1, 1), L1)])[:-3], "bad_blocks", 400),
        (os.urandom(1_000_001), "too_large", 413),
    ],
    ids=[
        "nothing",
        "no zlib",
        "too short",
        "half a box",
        "an empty box",
        "outside",
        "unknown label",
        "a bomb",
        "cut off",
        "long",
    ],
)
def test_what_is_no_block_of_this_mask_is_refused(
    client: TestClient, vertebrae: Mask, body: bytes, code: str, status: int
) -> None:
    answer = client.patch(f"{base(vertebrae)}/drafts/{DRAFT}", content=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert client.get(f"{base(vertebrae)}/drafts").json()["drafts"] == []


def test_a_reference_stays_and_drafts_have_limits(
    client: TestClient, store: Store, vertebrae: Mask, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = next(mask for mask in store.masks.of_study(vertebrae.study_id) if mask.kind == "reference")
    assert paint(client, reference, block((0, 0, 0), (1, 1, 1), L1)).status_code == 422
    assert paint(client, vertebrae, block((0, 0, 0), (1, 1, 1), L1), draft="UP").status_code == 400
    monkeypatch.setattr("webapp.storage.edits.drafts.MOST_DRAFTS", 1)
    assert paint(client, vertebrae, block((0, 0, 0), (1, 1, 1), L1)).status_code == 200
    second = paint(client, vertebrae, block((0, 0, 0), (1, 1, 1), L1), draft="f" * 8)
    assert second.json()["error"]["code"] == "too_many_drafts"
    monkeypatch.setattr("webapp.storage.edits.drafts.MOST_BYTES", 10)
    assert paint(client, vertebrae, block((1, 0, 0), (1, 1, 1), L1), after=1).status_code == 413
    unchanged = paint(client, vertebrae, block((0, 0, 0), (1, 1, 1), 0), draft="e" * 8)
    assert unchanged.status_code == 409  # still one too many
    client.delete(f"{base(vertebrae)}/drafts/{DRAFT}")
    monkeypatch.undo()
    assert paint(client, vertebrae, block((0, 0, 0), (1, 1, 1), 0)).status_code == 200
    assert save(client, vertebrae).json()["error"]["code"] == "unchanged"


def test_two_readers_overwrite_nothing_and_choose(client: TestClient, vertebrae: Mask) -> None:
    before = displayed(client, vertebrae.id)
    for draft, at in (("a" * 8, 0), ("b" * 8, 4)):
        assert paint(client, vertebrae, block((at, 0, 0), (2, 2, 2), L1), draft=draft).status_code == 200
    assert paint(client, vertebrae, block((0, 8, 0), (1, 1, 1), T12), draft="c" * 8).status_code == 200
    theirs = save(client, vertebrae, "a" * 8).json()
    late = paint(client, vertebrae, block((4, 4, 0), (1, 1, 1), L1), draft="b" * 8, after=1).json()
    assert late["newest"] == theirs["id"]  # the page can say so before anybody saves
    refused = save(client, vertebrae, "b" * 8)
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "mask_changed")
    both = save(client, vertebrae, "b" * 8, keep="with_theirs").json()
    wanted = before.copy()
    wanted[0:2, 0:2, 0:2] = wanted[4:6, 0:2, 0:2] = wanted[4, 4, 0] = L1
    assert np.array_equal(displayed(client, both["id"]), wanted)
    own = save(client, vertebrae, "c" * 8, keep="as_own").json()
    wanted = before.copy()
    wanted[0, 8, 0] = T12
    assert np.array_equal(displayed(client, own["id"]), wanted)
    parents = [each["parent"] for each in client.get(f"{base(own['id'])}/versions").json()["versions"]]
    assert parents == [vertebrae.id, theirs["id"], vertebrae.id, None]


def test_changes_follow_the_names_that_somebody_gave_meanwhile(client: TestClient, vertebrae: Mask) -> None:
    assert paint(client, vertebrae, block((0, 0, 0), (1, 1, 1), L1)).status_code == 200
    assert client.post(f"{base(vertebrae)}/levels", json={"shift": 1}).status_code == 201
    both = save(client, vertebrae, keep="with_theirs").json()
    assert both["labels"] == [L1, L2]
    assert displayed(client, both["id"])[0, 0, 0] == L2


def test_back_to_the_models_and_what_came_between_stays(client: TestClient, store: Store, vertebrae: Mask) -> None:
    assert client.post(f"{base(vertebrae)}/restore").json()["error"]["code"] == "unchanged"
    paint(client, vertebrae, block((0, 0, 0), (2, 2, 2), C5))
    corrected = save(client, vertebrae).json()
    assert corrected["labels"] == [C5, T12, L1]
    answer = client.post(f"{base(vertebrae)}/restore")
    assert answer.status_code == 201, answer.text
    back = answer.json()
    assert np.array_equal(displayed(client, back["id"]), displayed(client, vertebrae.id))
    rows = client.get(f"{base(vertebrae)}/versions").json()["versions"]
    assert [(row["id"], row["change"]) for row in rows] == [
        (back["id"], "restored"), (corrected["id"], "corrected"), (vertebrae.id, "made"),
    ]  # fmt: skip
    assert rows[0]["removed_ml"] == pytest.approx(8 * VOXEL_ML, abs=1e-3)
    assert store.masks.spare(1) == []  # what a reader made, and what it began with, is not tidied away


def test_a_reader_s_work_and_the_data_folder_are_in_order(client: TestClient, store: Store, vertebrae: Mask) -> None:
    paint(client, vertebrae, block((0, 0, 0), (2, 2, 2), L1))
    assert save(client, vertebrae).status_code == 201
    assert paint(client, vertebrae, block((0, 0, 0), (2, 2, 2), L1)).status_code == 200
    assert violations(store.data_dir, deep=True) == []


def test_the_server_dies_while_somebody_paints_and_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.webapp.api.killed_while_painting", str(tmp_path)],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    acknowledged = [int(line.split()[0]) for line in done.stdout.splitlines()]
    assert len(acknowledged) == 2, done.stdout
    assert min(acknowledged) > 3, done.stdout
