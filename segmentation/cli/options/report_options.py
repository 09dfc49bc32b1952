"""Options of ``spineview measure`` for the report, and the files that it writes."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from segmentation.cli.options.dicom_options import dicom_sources
from segmentation.cli.options.output import check_writable
from segmentation.core.atomic import write_atomically
from segmentation.core.errors import BadConfiguration, GridMismatch
from segmentation.core.version import product_version
from segmentation.readers.dicom.reader import is_dicom

if TYPE_CHECKING:
    from segmentation.core.volume import LabelMap, Volume
    from segmentation.morphometry.results import SpineMeasures


_OBJECTS = ("dicom_pdf", "dicom_sr", "dicom_seg")


def add_report_options(command: argparse.ArgumentParser) -> None:
    """Add ``--pdf`` and what stands in it."""
    command.add_argument("--pdf", metavar="FILE.pdf", type=Path, help="a report of one page, with pictures")
    command.add_argument("--lang", choices=["en", "zh"], default="en", help="of the report")
    command.add_argument("--alias", metavar="TEXT", default="", help="what the report calls the patient or study")
    command.add_argument("--dicom-pdf", metavar="OUT.dcm", type=Path, help="of a DICOM CT: the report")
    command.add_argument("--dicom-sr", metavar="OUT.dcm", type=Path, help="the same: measures (TID 1500)")
    command.add_argument("--dicom-seg", metavar="OUT.dcm", type=Path, help="the segmentation that it refers to")
    command.add_argument("--comment", metavar="TEXT", default="", help="of the reader, for the report")


def check_report_options(options: argparse.Namespace) -> None:
    """Refuse, before long work, files that cannot be written."""
    check_writable(options.pdf, ".pdf")
    for name in _OBJECTS:
        check_writable(getattr(options, name), ".dcm")
    asked = [name for name in _OBJECTS if getattr(options, name) is not None]
    if asked and not is_dicom(options.ct):
        raise BadConfiguration("cli.needs_dicom", option=asked[0].replace("_", "-"), name=options.ct.name)
    if (options.dicom_sr is None) != (options.dicom_seg is None):
        raise BadConfiguration("measure.sr_with_seg")
    if asked:
        with dicom_sources(options.ct, options.series):  # what these objects lack is known before anything is measured
            pass


def write_reports(options: argparse.Namespace, volume: Volume, label_map: LabelMap, measures: SpineMeasures) -> None:
    """Write what was asked for.

    Raises:
        GridMismatch: objects that refer to the CT's images are wanted, and the label map lies on another grid.
    """
    if options.pdf is None and not any(getattr(options, name) for name in _OBJECTS):
        return
    from segmentation.report.pdf import ReportFacts, make_pdf  # fpdf2 takes a moment

    facts = ReportFacts(alias=options.alias, comments=options.comment)
    pdf = make_pdf(volume, label_map, measures, facts, options.lang)
    if options.pdf is not None:
        write_atomically(options.pdf, pdf)
        print(f"{options.pdf}: report")
    if any(getattr(options, name) for name in _OBJECTS):
        _write_objects(options, label_map, measures, pdf)


def _write_objects(options: argparse.Namespace, label_map: LabelMap, measures: SpineMeasures, pdf: bytes) -> None:
    from segmentation.report.objects import write_encapsulated_pdf, write_structured_report
    from segmentation.report.words import words
    from segmentation.writers.dicom import Maker

    if any(each.code == "ct_resampled_to_labels" for each in label_map.notes):
        raise GridMismatch("measure.other_grid")
    maker = Maker(product_version())
    with dicom_sources(options.ct, options.series) as sources:
        if options.dicom_pdf is not None:
            write_encapsulated_pdf(pdf, sources, options.dicom_pdf, maker, words(options.lang)["title"])
            print(f"{options.dicom_pdf}: report as DICOM")
        if options.dicom_sr is not None:
            write_structured_report(label_map, measures, sources, (options.dicom_seg, options.dicom_sr), maker)
            print(f"{options.dicom_sr}: structured report, of the segments in {options.dicom_seg}")
