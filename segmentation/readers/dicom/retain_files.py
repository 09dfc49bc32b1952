"""Retain the files of a chosen series with its study: as they came, or de-identified."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import pydicom
from pydicom.uid import UID

from segmentation.core.errors import UnreadableFile
from segmentation.readers.dicom.deidentify import deidentify
from segmentation.readers.dicom.frames.decode_pixels import unsupported
from segmentation.readers.dicom.frames.extract_frames import extract_frames
from segmentation.readers.dicom.frames.frame import Frame
from segmentation.readers.dicom.group_series import title_of
from segmentation.readers.dicom.headers import HEADER_ERRORS
from segmentation.readers.dicom.layout import lay_out

_NAMES = ("SOPClassUID", "SOPInstanceUID")


def keep_files(frames: Sequence[Frame], into: Path, secret: bytes | None) -> int:
    """Write ``00001.dcm`` … in the order of position, without duplicates; return how many.

    Args:
        frames: Of one series.
        into: An empty folder.
        secret: Files are de-identified with it; without one they are copied byte for byte. A multi-frame file
            that holds more than the series is written anew in both cases, with the frames of the series alone.

    Raises:
        UnreadableFile: a file cannot be rewritten.
        UnsupportedFormat: nobody knows how its pixels are kept.
    """
    one_a_file: dict[Path, Frame] = {}
    for frame in lay_out(frames, title_of(0)).frames:
        one_a_file.setdefault(frame.path, frame)
    chosen: dict[Path, list[int]] = defaultdict(list)
    for frame in frames:
        chosen[frame.path].append(frame.index)
    for number, (path, frame) in enumerate(one_a_file.items(), 1):
        part = sorted(chosen[path]) if len(chosen[path]) != frame.of else []
        syntax = UID(frame.transfer_syntax)
        if not syntax.is_transfer_syntax:
            raise unsupported(syntax, title_of(frame.series_number))
        target = into / f"{number:05d}.dcm"
        if secret is None and not part:
            shutil.copyfile(path, target)
        else:
            _rewrite(path, target, secret, syntax, part)
    return len(one_a_file)


def _rewrite(path: Path, target: Path, secret: bytes | None, syntax: UID, part: list[int]) -> None:
    try:
        dataset = pydicom.dcmread(path, force=True)
        _name(dataset)
        if part:
            extract_frames(dataset, part, syntax)
        if secret is not None:
            deidentify(dataset, secret)
        dataset.file_meta = pydicom.dataset.FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = syntax
        dataset.preamble = bytes(128)
        named = all(dataset.get(keyword) for keyword in _NAMES)  # without, a file is written that lacks them as well
        dataset.save_as(target, enforce_file_format=named)
    except HEADER_ERRORS as error:
        raise UnreadableFile("dicom.header_damaged") from error


def _name(dataset: pydicom.Dataset) -> None:
    """Take what the data set does not say of its class and UID from the file meta header, which is written anew."""
    meta = getattr(dataset, "file_meta", None) or pydicom.Dataset()
    for keyword in _NAMES:
        if not dataset.get(keyword) and meta.get(f"MediaStorage{keyword}"):
            setattr(dataset, keyword, meta[f"MediaStorage{keyword}"].value)
