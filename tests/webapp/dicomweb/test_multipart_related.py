"""multipart/related: what goes in comes out, however the network cuts it."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.dicomweb.multipart_related import PartsToFiles, related_body, related_boundary


@given(contents=st.lists(st.binary(max_size=300), min_size=1, max_size=4), cut=st.integers(1, 64))
def test_files_come_back_byte_for_byte(tmp_path_factory: pytest.TempPathFactory, contents: list[bytes], cut: int):
    folder = tmp_path_factory.mktemp("parts")
    paths = []
    for number, content in enumerate(contents):
        paths.append(folder / f"sent{number}")
        paths[-1].write_bytes(content)
    body = b"".join(related_body(paths, "b0undary"))
    parts = PartsToFiles(folder, b"b0undary")
    with closing(parts):
        for start in range(0, len(body), cut):
            parts.write(body[start : start + cut])
    assert [path.read_bytes() for path in parts.finished()] == contents


def test_a_body_that_breaks_off_or_is_malformed_is_refused(tmp_path: Path):
    (tmp_path / "a").write_bytes(b"1234")
    body = b"".join(related_body([tmp_path / "a"], "b"))
    parts = PartsToFiles(tmp_path, b"b")
    parts.write(body[:-6])
    parts.close()
    with pytest.raises(ValueError, match="broke off"):
        parts.finished()
    with pytest.raises(ValueError, match="malformed"):
        PartsToFiles(tmp_path, b"b").write(b"not multipart at all, but long enough")


@pytest.mark.parametrize("kind", ["", "application/dicom", "multipart/related", "multipart/form-data; boundary=x"])
def test_another_type_of_body_is_refused(kind: str):
    with pytest.raises(ValueError, match="multipart"):
        related_boundary(kind)


def test_a_quoted_boundary_is_understood():
    assert related_boundary('multipart/related; type="application/dicom"; boundary="a b"') == b"a b"
