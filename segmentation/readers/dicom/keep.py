"""The files of a chosen series, to stay beside the study: as they came, or de-identified."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pydicom
from pydicom.uid import UID

from segmentation.errors import NotAVolume, UnreadableFile
from segmentation.readers.dicom.deidentify import deidentify
from segmentation.readers.dicom.frame import Frame
from segmentation.readers.dicom.headers import HEADER_ERRORS
from segmentation.readers.dicom.layout import lay_out


def keep_files(frames: Sequence[Frame], into: Path, secret: bytes | None) -> int:
    """Write ``00001.dcm`` … in the order of position, without duplicates; answers how many.

    Args:
        frames: Of one series.
        into: An empty folder.
        secret: Files are de-identified with it; without one they are copied byte for byte.

    Raises:
        UnreadableFile: a file cannot be rewritten.
        NotAVolume: only a part of a multi-frame file belongs to the series.
    """
    one_a_file: dict[Path, Frame] = {}
    for frame in lay_out(frames, "The series").frames:
        one_a_file.setdefault(frame.path, frame)
    chosen = Counter(frame.path for frame in frames)
    for number, (path, frame) in enumerate(one_a_file.items(), 1):
        if chosen[path] != frame.of:
            raise NotAVolume(
                "This series is one part of a multi-frame file, which holds images of several kinds.",
                "Export the parts as series of their own.",
            )
        target = into / f"{number:05d}.dcm"
        if secret is None:
            shutil.copyfile(path, target)
        else:
            _rewrite(path, target, secret, UID(frame.transfer_syntax))
    return len(one_a_file)


def _rewrite(path: Path, target: Path, secret: bytes, syntax: UID) -> None:
    try:
        dataset = pydicom.dcmread(path, force=True)
        deidentify(dataset, secret)
        dataset.file_meta = pydicom.dataset.FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = syntax
        dataset.preamble = bytes(128)
        dataset.save_as(target, enforce_file_format=True)
    except HEADER_ERRORS as error:
        raise UnreadableFile(
            "An image of the series cannot be de-identified: its header is damaged.", "Export the series again."
        ) from error
