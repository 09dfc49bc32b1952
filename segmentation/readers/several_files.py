"""Scans that come as a header and a file of voxels, or among other files: found by their names, and joined to one file.

Names are those that a user gave: they are compared with what a header says, and never become paths.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import IO

from segmentation.core.errors import NotAVolume, UnreadableFile
from segmentation.readers import metaimage, nrrd
from segmentation.readers.encodings import Payload, is_packed, opened
from segmentation.readers.header_values import MAX_HEADER, plain_name
from segmentation.readers.limits import ReadLimits
from segmentation.readers.streams import reading

SUFFIXES: tuple[str, ...] = (".nii.gz", ".nii", ".nrrd", ".mha")
"""File name endings that can be read."""

HEADERS: dict[str, str] = {".nhdr": ".nrrd", ".mhd": ".mha", ".hdr": ".nii", ".hdr.gz": ".nii"}
"""Endings of headers whose voxels lie in another file, and those of the one file that they can be joined to."""

_VOXELS = (".img", ".img.gz")
DETACHED_SUFFIXES: tuple[str, ...] = (*HEADERS, *_VOXELS)
"""Endings by which a scan of two files can be opened; the other file lies in the same folder."""

_CHUNK = 1 << 20
_CASE = str.casefold


def find_scan(names: Iterable[str]) -> str:
    """Return the name of the only scan that is no DICOM among files, or of its header; empty if there is none.

    Raises:
        NotAVolume: there are several.
    """
    known = [name for name in names if not PurePosixPath(_slashed(name)).name.startswith(".")]  # nor Apple's "._ct.nii"
    found = [name for name in known if name.lower().endswith((*SUFFIXES, *HEADERS))]
    if len(found) > 1:
        raise NotAVolume("scan.several", count=len(found))
    return found[0] if found else ""


def join(files: Mapping[str, Path], scan: str, into: Path, limits: ReadLimits) -> Path:
    """Copy a scan out of ``files`` into the folder ``into`` as one file, its header and its voxels together.

    Args:
        files: Where each lies, by the name that the user gave it, which may begin with folders.
        scan: The name of the file, or of its header.
        into: Nothing there is called ``scan``.
        limits: Of the bytes that it may take.

    Raises:
        UnreadableFile, UnsupportedFormat: the header cannot be read, or the file of its voxels is not among them.
    """
    name = PurePosixPath(_slashed(scan)).name
    ending = max((each for each in (*SUFFIXES, *HEADERS) if name.lower().endswith(each)), key=len)
    target = into / f"scan{HEADERS.get(ending, ending)}"
    write = _WRITERS.get(target.suffix) if ending in HEADERS else None
    with reading(name):
        if write is None:
            shutil.copyfile(files[scan], target)
        else:
            with target.open("xb") as out:
                write(_Scan(files, scan, name, limits), out)
    return target


class _Scan:
    """A header among files."""

    def __init__(self, files: Mapping[str, Path], scan: str, name: str, limits: ReadLimits) -> None:
        self._files = {_slashed(each): path for each, path in files.items()}
        self._folder = PurePosixPath(_slashed(scan)).parent
        self._limits = limits
        self.path, self.name = files[scan], name

    def block(self) -> bytes:
        """Return the first bytes of the header."""
        with opened(self.path) as file:
            return file.read(MAX_HEADER)

    def find(self, *texts: str) -> Path:
        """Return the first of the named files that is there, in the header's folder. Raises InputError."""
        names = [str(self._folder / plain_name(text, self.name)) for text in texts]
        for same in (str, _CASE):
            given = {same(each): path for each, path in self._files.items()}
            for name in names:
                if same(name) in given:
                    return given[same(name)]
        raise UnreadableFile("header.data_missing", name=self.name, data=texts[0])

    def copy(self, path: Path, out: IO[bytes], encoding: str = "raw", start: int = 0) -> None:
        """Append a file from byte ``start`` on, unpacked unless the header says that it is packed."""
        with opened(path, is_packed(path, encoding, detached=True)) as source:
            source.seek(start)
            while piece := source.read(_CHUNK):
                out.write(piece)
                if out.tell() > self._limits.max_bytes + MAX_HEADER:
                    raise UnreadableFile("file.too_long", name=self.name)

    def write(self, voxels: Payload, out: IO[bytes]) -> None:
        """Append voxels as they are in memory, one file's after the other's."""
        for piece in voxels.pieces(self._limits):
            out.write(piece)


def _write_nrrd(scan: _Scan, out: IO[bytes]) -> None:
    header = nrrd.read_header(scan.block(), scan.name)
    if not header.named:  # the voxels follow the header, whatever its name says
        return scan.copy(scan.path, out)
    files = [scan.find(name) for name in header.named]
    if len(files) > 1:
        out.write(
            b"\n".join(
                [
                    *_without(header.lines, "encoding", "line skip", "lineskip", "byte skip", "byteskip"),
                    b"encoding: raw",
                    b"",
                    b"",
                ]
            )
        )
        return scan.write(header.payload([(path, 0) for path in files], scan.name), out)
    out.write(b"\n".join([*header.lines, b"", b""]))
    encoding = header.fields.get("encoding", "").lower()
    return scan.copy(files[0], out, "gzip" if encoding in ("gzip", "gz") else "raw")


def _write_metaimage(scan: _Scan, out: IO[bytes]) -> None:
    header = metaimage.read_header(scan.block(), scan.name)
    if not header.named:
        return scan.copy(scan.path, out)
    files = [scan.find(name) for name in header.named]
    last = b"ElementDataFile = LOCAL"
    if len(files) > 1:
        kept = _without(header.lines, "binarydata", "compresseddata", "compresseddatasize", "headersize")
        out.write(b"\n".join([*kept, last, b""]))
        return scan.write(header.payload([(path, 0) for path in files], scan.name), out)
    start = header.fields.get("headersize", "0")
    skipped = int(start) if start.isdigit() else 0
    kept = _without(header.lines, "headersize") if skipped else list(header.lines)
    out.write(b"\n".join([*kept, last, b""]))
    packed = header.fields.get("compresseddata", "")[:1] in ("T", "t", "1")
    return scan.copy(files[0], out, "zlib" if packed else "raw", skipped)


def _without(lines: Iterable[bytes], *fields: str) -> list[bytes]:
    """Leave out the lines of some fields."""
    return [
        line for line in lines if re.split(b"[=:]", line)[0].strip().lower().decode("utf-8", "replace") not in fields
    ]


def _write_nifti(scan: _Scan, out: IO[bytes]) -> None:
    from segmentation.readers.nifti import joined_header, read_pair_header  # nibabel takes half a second to import

    with opened(scan.path) as file:
        header = read_pair_header(file, scan.name)
    if header["magic"].item() == header.single_magic:
        return scan.copy(scan.path, out)
    stem = re.sub(r"\.hdr(\.gz)?$", "", scan.name, flags=re.IGNORECASE)
    voxels = scan.find(f"{stem}.img", f"{stem}.img.gz")
    data, start = joined_header(header, scan.name)
    out.write(data)
    scan.copy(voxels, out, start=start)
    return None


_WRITERS: dict[str, Callable[[_Scan, IO[bytes]], None]] = {
    ".nrrd": _write_nrrd,
    ".mha": _write_metaimage,
    ".nii": _write_nifti,
}


def _slashed(name: str) -> str:
    return str(PurePosixPath(name.replace("\\", "/")))
