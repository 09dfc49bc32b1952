"""Folders, DICOMDIRs and zips, friendly and hostile."""

from __future__ import annotations

import gzip
import io
import shutil
import stat
import zipfile
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.fileset import FileSet

from segmentation.core.errors import InputError, TooLarge, UnreadableFile
from segmentation.core.notes import sentences
from segmentation.core.volume import Volume
from segmentation.readers import DEFAULT_LIMITS, read_volume
from segmentation.readers.dicom import find_files as files
from segmentation.readers.dicom.find_files import find_files, open_packed, unpack
from tests.segmentation.readers.dicom.conftest import Writer, listed

pytestmark = pytest.mark.usefixtures("inline")


def zipped(folder: Path, name: str = "study.zip", kind: int = zipfile.ZIP_DEFLATED) -> Path:
    path = folder.parent / name
    with zipfile.ZipFile(path, "w", kind) as archive:
        for file in folder.rglob("*"):
            archive.write(file, f"study/{file.relative_to(folder)}")
    return path


def archive_of(tmp_path: Path, **entries: bytes) -> Path:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return path


def test_a_zip_reads_like_its_folder(written: Writer, oblique: Volume):
    np.testing.assert_array_equal(read_volume(zipped(written())).hu, oblique.hu)


def test_names_in_a_zip_never_become_paths(tmp_path: Path):
    names = ["../../evil", "/etc/evil", "..\\evil", "a/../../evil", "C:\\evil", "x" * 300, "nul\x00l"]
    path = archive_of(tmp_path, **{name: b"hello" for name in names})
    (tmp_path / "in").mkdir()
    found = unpack(path, tmp_path / "in", 1000)
    assert [file.name for file in found.files] == [f"{n:06d}" for n in range(7)]
    assert sorted(p.name for p in tmp_path.rglob("*") if p.is_file() and p != path) == [f.name for f in found.files]


def test_links_and_archives_in_a_zip_are_left_out(written: Writer, oblique: Volume):
    path = zipped(written())
    with zipfile.ZipFile(path, "a") as archive:
        link = zipfile.ZipInfo("link")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("inner.zip", b"PK\x03\x04")
    volume = read_volume(path)
    np.testing.assert_array_equal(volume.hu, oblique.hu)
    assert sentences(volume.notes) == [
        "1 links were not followed.",
        "1 archives inside the archive were not opened.",
    ]


def test_a_zip_bomb_is_refused_before_it_unpacks(tmp_path: Path):
    path = archive_of(tmp_path, bomb=bytes(50_000_000))
    (tmp_path / "in").mkdir()
    with pytest.raises(TooLarge, match="The archive unpacks to more than this program accepts"):
        unpack(path, tmp_path / "in", 10_000_000)
    assert sum(file.stat().st_size for file in (tmp_path / "in").iterdir()) == 0


def test_a_zip_that_lies_about_its_sizes_is_refused(tmp_path: Path):
    path = archive_of(tmp_path, bomb=bytes(3_000_000))
    data = bytearray(path.read_bytes())
    place = data.rindex(b"PK\x01\x02") + 24
    data[place : place + 4] = (1000).to_bytes(4, "little")
    path.write_bytes(data)
    (tmp_path / "in").mkdir()
    with pytest.raises(UnreadableFile, match="The archive is damaged"):
        unpack(path, tmp_path / "in", 10_000_000)
    assert sum(file.stat().st_size for file in (tmp_path / "in").iterdir()) <= 1000


@pytest.mark.parametrize("damage", ["short", "scrambled"])
def test_a_damaged_zip_is_refused(written: Writer, damage: str):
    path = zipped(written())
    data = path.read_bytes()
    scrambled = data[:2000] + bytes(byte ^ 0x55 for byte in data[2000:6000]) + data[6000:]
    path.write_bytes(data[: len(data) // 2] if damage == "short" else scrambled)
    with pytest.raises(UnreadableFile, match="The archive is damaged or no zip: it cannot be unpacked"):
        read_volume(path)


def test_a_locked_zip_is_refused(tmp_path: Path):
    path = archive_of(tmp_path, a=b"secret")
    data = bytearray(path.read_bytes())
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + place] |= 1
    path.write_bytes(data)
    (tmp_path / "in").mkdir()
    with pytest.raises(UnreadableFile, match="The archive is locked by a password"):
        unpack(path, tmp_path / "in", 1000)


def test_too_many_files_are_refused(written: Writer, monkeypatch: pytest.MonkeyPatch):
    folder = written()
    path = zipped(folder)
    monkeypatch.setattr(files, "MAX_FILES", 10)
    with pytest.raises(TooLarge, match="More than 10 files were given"):
        find_files(folder)
    with pytest.raises(TooLarge, match="The archive holds more than 10 files"):
        unpack(path, path.parent, 1000)


def test_links_in_a_folder_are_not_followed(written: Writer, oblique: Volume, tmp_path: Path):
    folder = written()
    (folder / "up").symlink_to(tmp_path)
    (folder / "file").symlink_to("/etc/passwd")
    volume = read_volume(folder)
    np.testing.assert_array_equal(volume.hu, oblique.hu)
    assert sentences(volume.notes) == ["2 links were not followed."]


@pytest.fixture
def disc(written: Writer, tmp_path: Path) -> Path:
    """A folder with a DICOMDIR, as on a CD."""
    medium = FileSet()
    for path in written().iterdir():
        dataset = pydicom.dcmread(path)
        dataset.PatientName = "A"
        medium.add(dataset)
    medium.write(tmp_path / "disc")
    medium._stage["t"].cleanup()  # left to itself, it would warn
    return tmp_path / "disc"


def test_a_dicomdir_reads_like_its_folder(disc: Path, oblique: Volume):
    for path in (disc, disc / "DICOMDIR"):
        volume = read_volume(path)
        np.testing.assert_array_equal(volume.hu, oblique.hu)
        assert volume.notes == ()


def test_what_a_dicomdir_lists_and_is_not_there_is_said(disc: Path):
    by_position = sorted(
        (path for path in disc.rglob("*") if path.is_file() and path.name != "DICOMDIR"),
        key=lambda path: float(pydicom.dcmread(path).ImagePositionPatient[2]),
    )
    for path in by_position[:3]:
        path.unlink()
    assert sentences(listed(disc).notes) == ["The DICOMDIR lists 22 images, of which 3 are not here."]


def test_a_dicomdir_alone_is_refused(disc: Path, tmp_path: Path):
    (tmp_path / "alone").mkdir()
    (disc / "DICOMDIR").rename(tmp_path / "alone" / "DICOMDIR")
    with pytest.raises(UnreadableFile) as caught:
        read_volume(tmp_path / "alone")
    assert caught.value.message == (
        "There are no DICOM images here. The DICOMDIR lists 22 images, of which 22 are not here."
    )


def test_a_folder_without_dicom_is_refused(tmp_path: Path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a.txt").write_text("hello")
    with pytest.raises(UnreadableFile) as caught:
        read_volume(tmp_path / "folder")
    assert caught.value.message == ("There are no DICOM images here. 1 files that are not DICOM images were left out.")


def test_a_series_that_is_not_there_is_refused(written: Writer):
    with pytest.raises(InputError, match="There is no series '7' here"):
        read_volume(written(), series="7")


def test_one_multiframe_file_is_a_volume(written: Writer, oblique: Volume):
    [path] = written(multiframe=True).iterdir()
    np.testing.assert_array_equal(read_volume(path).hu, oblique.hu)


def test_one_classic_file_is_a_single_slice(written: Writer):
    path = next(written().iterdir())
    with pytest.raises(InputError, match="Series 2 holds a single slice"):
        read_volume(path)


def test_a_zip_in_memory_limits(tmp_path: Path):
    assert DEFAULT_LIMITS.max_unpacked_bytes > DEFAULT_LIMITS.max_bytes
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a", b"x" * 600)
        archive.writestr("b", b"y" * 600)
    (tmp_path / "two.zip").write_bytes(buffer.getvalue())
    (tmp_path / "in").mkdir()
    with pytest.raises(TooLarge):  # the limit is on all files together
        unpack(tmp_path / "two.zip", tmp_path / "in", 1000)


@pytest.mark.parametrize("preamble", [True, False])
def test_gzipped_files_are_read(written: Writer, oblique: Volume, preamble: bool):
    folder = written(preamble=preamble)
    for path in list(folder.iterdir()):
        (folder / f"{path.name}.dcm.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    for given in (folder, zipped(folder)):
        np.testing.assert_array_equal(read_volume(given).hu, oblique.hu)


def test_one_gzipped_multi_frame_file_is_a_volume(written: Writer, oblique: Volume, tmp_path: Path):
    [path] = written(multiframe=True).iterdir()
    packed = tmp_path / "ct.dcm.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    np.testing.assert_array_equal(read_volume(packed).hu, oblique.hu)


@pytest.mark.parametrize(
    "content",
    [gzip.compress(b"a text", mtime=0), gzip.compress(bytes(128) + b"DICM", mtime=0)[:-12], b"\x1f\x8b!"],
    ids=["a text", "cut", "two bytes"],
)
def test_gzipped_files_that_hold_no_image_are_counted(written: Writer, oblique: Volume, content: bytes):
    folder = written()
    (folder / "other.gz").write_bytes(content)
    volume = read_volume(folder)
    np.testing.assert_array_equal(volume.hu, oblique.hu)
    sentence = "1 files that are compressed with gzip (.gz) hold no DICOM image, or are damaged."
    assert sentences(volume.notes) == [sentence]


def test_what_is_packed_with_gzip_has_a_limit(tmp_path: Path):
    (tmp_path / "bomb.dcm.gz").write_bytes(gzip.compress(bytes(128) + b"DICM" + bytes(3_000_000)))
    (tmp_path / "in").mkdir()
    with pytest.raises(TooLarge, match="The archive unpacks to more than this program accepts"):
        open_packed(find_files(tmp_path / "bomb.dcm.gz"), tmp_path / "in", 2_000_000)


def test_a_zip_inside_a_folder_is_read(written: Writer, oblique: Volume, tmp_path: Path):
    folder = tmp_path / "outer"
    folder.mkdir()
    shutil.make_archive(str(folder / "study"), "zip", written())
    np.testing.assert_array_equal(read_volume(folder).hu, oblique.hu)
    np.testing.assert_array_equal(read_volume(folder / "study.zip").hu, oblique.hu)
    (folder / "damaged.zip").write_bytes(b"PK\x03\x04 and nothing")
    assert sentences(read_volume(folder).notes) == ["1 zip archives among the files cannot be opened."]
