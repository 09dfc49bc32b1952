from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from segmentation.core.errors import InputError
from segmentation.registration.point_files import read_landmarks, read_points, read_points_by_label

POINTS = np.random.default_rng(0).uniform(-20, 20, (12, 3)).astype(np.float32).astype(float)


def csv_of(points: np.ndarray, path: Path, header: str = "x,y,z") -> Path:
    path.write_text("\n".join([header, *(",".join(map(str, row)) for row in points.tolist())]) + "\n")
    return path


def test_csv_with_a_header_in_any_order_and_more_columns(tmp_path: Path):
    path = tmp_path / "p.csv"
    path.write_text("\ufeffid, Z ,y,x\n" + "\n".join(f"{i},{z},{y},{x}" for i, (x, y, z) in enumerate(POINTS.tolist())))
    assert np.allclose(read_points(path), POINTS)


def test_xyz_and_ply_as_text_and_binary(tmp_path: Path):
    xyz, text, binary = (tmp_path / name for name in ("p.xyz", "t.ply", "b.ply"))
    rows = "\n".join(" ".join(map(str, row)) for row in POINTS.tolist())
    xyz.write_text("# touched\n" + rows)
    head = "ply\nformat {} 1.0\nelement vertex 12\nproperty float x\nproperty float y\nproperty float z\n"
    text.write_text(head.format("ascii") + "end_header\n" + rows + "\n")
    body = b"".join(struct.pack("<3fB", *row, 7) for row in POINTS.tolist())
    extra = "property uchar red\nelement face 0\nproperty list uchar int vertex_indices\nend_header\n"
    binary.write_bytes((head.format("binary_little_endian") + extra).encode() + body)
    for path in (xyz, text, binary):
        assert np.allclose(read_points(path), POINTS)


@pytest.mark.parametrize(
    ("points", "sentence"),
    [
        (POINTS[:2], "2 different points"),
        (np.vstack([POINTS, [[np.nan, 0, 0]]]), "not finite numbers, the first in row 13"),
        (np.vstack([POINTS, [[np.inf, 0, 0]]]), "not finite numbers"),
        (POINTS / 1000, "in metres"),
        (POINTS / 10, "in centimetres"),
        (
            np.outer(np.linspace(-20, 20, 40), [0.6, 0.8, 0]) + np.random.default_rng(1).normal(0, 0.5, (40, 3)),
            "one line",
        ),
        (np.repeat(POINTS, 9, axis=0), "only 12 are different"),
        (POINTS * 40, "spread over"),
        (np.repeat(POINTS[:1], 30, axis=0), "1 different points"),
    ],
)
def test_points_that_cannot_be_a_vertebra_are_refused(points: np.ndarray, sentence: str, tmp_path: Path):
    with pytest.raises(InputError, match=sentence):
        read_points(csv_of(points, tmp_path / "p.csv"))


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("p.csv", "a,b,c\n1,2,3\n", "lacks the columns x, y, z"),
        ("p.csv", "", "lacks the columns"),
        ("p.csv", "x,y,z\n1,2,three\n", "Row 1 of p.csv"),
        ("p.csv", "x,y,z\n1,2\n", "Row 1 of p.csv"),
        ("p.ply", "ply\nformat ascii 1.0\nelement vertex 3\nproperty float x\nend_header\n1\n", "no PLY file"),
        ("p.stl", "solid", "holds no points"),
    ],
)
def test_files_that_hold_no_points(name: str, content: str, sentence: str, tmp_path: Path):
    (tmp_path / name).write_text(content)
    with pytest.raises(InputError, match=sentence):
        read_points(tmp_path / name)


def test_landmarks(tmp_path: Path):
    path = tmp_path / "l.csv"
    path.write_text("name,x,y,z,r,a,s\nleft,1,2,3,4,5,6\nright,7,8,9,10,11,13\ntip,0,1,0,3,4,5\n")
    names, tracker, image = read_landmarks(path)
    assert names == ["left", "right", "tip"]
    assert tracker[0].tolist() == [1, 2, 3]
    assert image[1].tolist() == [10, 11, 13]
    path.write_text("name,x,y,z,r,a,s\na,0,0,0,0,0,0\nb,1,1,1,1,1,1\n")
    with pytest.raises(InputError, match="2 pairs"):
        read_landmarks(path)
    path.write_text("name,x,y,z,r,a,s\n" + "".join(f"{n},{n},0,0,{n},0,0\n" for n in range(4)))
    with pytest.raises(InputError, match="on one line"):
        read_landmarks(path)


def test_points_of_several_vertebrae_are_told_apart_by_names_or_numbers(tmp_path: Path):
    rows = [f"{'l3' if n % 2 else 23},{x},{y},{z}" for n, (x, y, z) in enumerate(np.vstack([POINTS, POINTS + 1]))]
    (tmp_path / "p.csv").write_text("\n".join(["label,x,y,z", *rows]))
    found = read_points_by_label(tmp_path / "p.csv", [22, 23])
    assert {label: len(points) for label, points in found.items()} == {22: 12, 23: 12}
    assert np.allclose(found[22][0], POINTS[1])
    (tmp_path / "p.csv").write_text("\n".join(["label,x,y,z", *rows, "22,9,9,9", "21,5,5,5"]))
    with pytest.raises(InputError, match='"21"'):
        read_points_by_label(tmp_path / "p.csv", [22, 23])
    few = [row for n, row in enumerate(rows) if n % 2 == 0 or n < 8]
    (tmp_path / "p.csv").write_text("\n".join(["label,x,y,z", *few]))
    assert set(read_points_by_label(tmp_path / "p.csv", [22, 23])) == {23}  # four points hold no vertebra
