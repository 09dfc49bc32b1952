"""Files that appear whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from segmentation.core.atomic import atomic_path, rename_durably, sync_tree, write_atomically


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What is synced and renamed, in order; the real calls are made."""
    seen: list[tuple[str, str]] = []
    sync, replace = os.fsync, os.replace

    def fsync(descriptor: int) -> None:
        seen.append(("sync", Path(os.readlink(f"/proc/self/fd/{descriptor}")).name))
        sync(descriptor)

    def rename(source: Path, target: Path) -> None:
        seen.append(("rename", Path(target).name))
        replace(source, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", rename)
    return seen


def test_a_file_has_its_old_content_until_the_block_ends(tmp_path: Path):
    path = tmp_path / "mask.bin"
    write_atomically(path, "old")
    with atomic_path(path) as partial:
        partial.write_bytes(b"new")
        assert path.read_bytes() == b"old"
        assert partial.parent == tmp_path
        assert partial.suffix == ".part"
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path):
    path = tmp_path / "mask.bin"
    path.write_bytes(b"old")

    def fail() -> None:
        with atomic_path(path) as partial:
            partial.write_bytes(b"ne")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_two_writers_of_one_file_do_not_share_a_temporary_file(tmp_path: Path):
    path = tmp_path / "mask.bin"
    with atomic_path(path) as first, atomic_path(path) as second:
        assert first != second
        first.write_bytes(b"first")
        second.write_bytes(b"second")
    assert path.read_bytes() == b"first"  # its block ended last


def test_a_suffix_can_be_kept_for_libraries_that_look_at_it(tmp_path: Path):
    with atomic_path(tmp_path / "mask.seg.nrrd", keep_suffix=True) as partial:
        partial.touch()
        assert partial.suffix == ".nrrd"


def test_a_file_is_synced_before_its_rename_and_its_folder_after(tmp_path: Path, calls: list[tuple[str, str]]):
    write_atomically(tmp_path / "a.json", "{}", durable=True)
    first, *rest = calls
    assert first[0] == "sync"
    assert first[1].startswith(".a.json.")
    assert rest == [("rename", "a.json"), ("sync", tmp_path.name)]


def test_nothing_is_synced_unless_asked_for(tmp_path: Path, calls: list[tuple[str, str]]):
    write_atomically(tmp_path / "a.json", "{}")
    assert calls == [("rename", "a.json")]


def test_a_folder_moves_with_all_that_it_holds(tmp_path: Path, calls: list[tuple[str, str]]):
    source, shelf = tmp_path / "staged", tmp_path / "shelf"
    (source / "inner").mkdir(parents=True)
    (source / "inner" / "mask.nii").write_bytes(b"1")
    shelf.mkdir()
    sync_tree(source)
    rename_durably(source, shelf / "study")
    assert (shelf / "study" / "inner" / "mask.nii").read_bytes() == b"1"
    assert set(calls[:3]) == {("sync", "mask.nii"), ("sync", "inner"), ("sync", "staged")}
    assert calls[3:] == [("rename", "study"), ("sync", "shelf"), ("sync", tmp_path.name)]


def test_a_file_moves_alone(tmp_path: Path, calls: list[tuple[str, str]]):
    (tmp_path / "a").write_bytes(b"1")
    sync_tree(tmp_path / "a")
    rename_durably(tmp_path / "a", tmp_path / "b")
    assert calls == [("sync", "a"), ("rename", "b"), ("sync", tmp_path.name)]
