"""Options of ``spineview segment`` for DICOM objects, and the objects that it writes for a DICOM series."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from segmentation.cli.options.output import check_writable
from segmentation.core.errors import BadConfiguration
from segmentation.core.labels import spine_voxels
from segmentation.core.version import product_version
from segmentation.core.volume import LabelMap, Volume
from segmentation.readers import DEFAULT_LIMITS
from segmentation.readers.dicom.reader import choose, is_dicom, keep_files, list_series

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image

    from segmentation.writers.dicom import Sources

_OBJECTS = ("dicom_seg", "rtstruct", "capture")


def add_dicom_options(command: argparse.ArgumentParser) -> None:
    """Add ``--dicom-seg`` and its like."""
    command.add_argument("--dicom-seg", metavar="OUT.dcm", type=Path, help="of a DICOM input: a segmentation object")
    command.add_argument("--dicom-seg-type", choices=["binary", "fractional"], default="binary")
    command.add_argument("--rtstruct", metavar="OUT.dcm", type=Path, help="of a DICOM input: an RT structure set")
    command.add_argument("--capture", metavar="OUT.dcm", type=Path, help="of a DICOM input: comparison pictures")


def check_dicom_options(options: argparse.Namespace) -> None:
    """Refuse, before long work, an input that is no DICOM and files that cannot be written."""
    asked = [name for name in _OBJECTS if getattr(options, name) is not None]
    for name in asked:
        check_writable(getattr(options, name), ".dcm")
    if asked and options.input.exists() and not is_dicom(options.input):
        raise BadConfiguration("cli.needs_dicom", option=asked[0].replace("_", "-"), name=options.input.name)
    if asked and options.input.exists():
        with dicom_sources(options.input, options.series):  # what these objects lack is known before the model runs
            pass


def wants_probability(options: argparse.Namespace) -> bool:
    """Tell whether the segmentation object is to hold probabilities."""
    return options.dicom_seg is not None and options.dicom_seg_type == "fractional"


def write_dicom_results(
    options: argparse.Namespace,
    volume: Volume,
    label_map: LabelMap,
    reference: LabelMap | None,
    probability: NDArray[np.float32] | None,
    model_id: str,
) -> None:
    """Write what was asked for, referring to the input's own instances; nothing of an empty mask."""
    if not any(getattr(options, name) for name in _OBJECTS):
        return
    if not label_map.present:
        print("note: nothing is marked, so no DICOM object was written", file=sys.stderr)
        return
    from segmentation.writers.dicom import Maker, write_capture, write_dicom_seg, write_rtstruct  # takes a second

    maker = Maker(product_version(), model_id)
    with dicom_sources(options.input, options.series) as sources:
        if options.dicom_seg is not None:
            write_dicom_seg(label_map, sources, options.dicom_seg, maker, probability)
            print(f"{options.dicom_seg}: DICOM segmentation, {options.dicom_seg_type}")
        if options.rtstruct is not None:
            write_rtstruct(label_map, sources, options.rtstruct, maker)
            print(f"{options.rtstruct}: RT structure set")
        if options.capture is not None:
            write_capture(_pictures(volume, label_map, reference), sources, options.capture, maker)
            print(f"{options.capture}: secondary capture")


@contextmanager
def dicom_sources(path: Path, series: str) -> Iterator[Sources]:
    """Read the headers of the series that was segmented, by position, from a folder or a zip."""
    from segmentation.writers.dicom import read_sources

    with tempfile.TemporaryDirectory(prefix="spineview-") as name:
        unpacked, kept = Path(name) / "unpacked", Path(name) / "kept"
        unpacked.mkdir()
        kept.mkdir()
        entry = choose(list_series(path, DEFAULT_LIMITS, unpack_into=unpacked), series)
        keep_files(entry, kept, None, DEFAULT_LIMITS)
        yield read_sources(sorted(kept.iterdir()))


def _pictures(volume: Volume, label_map: LabelMap, reference: LabelMap | None) -> dict[str, Image.Image]:
    from PIL import Image

    from segmentation.analysis.pictures import write_pictures

    expected = None if reference is None else spine_voxels(reference)
    with tempfile.TemporaryDirectory(prefix="spineview-") as name:
        paths = write_pictures(volume, spine_voxels(label_map), expected, Path(name))
        return {path.stem: Image.open(path).convert("RGB") for path in paths}
