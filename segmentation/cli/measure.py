"""The command ``spineview measure CT VERT.nii.gz -o measures.json``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from segmentation.cli.options.input_options import add_series_option
from segmentation.cli.options.output import check_writable, write_json
from segmentation.cli.options.progress_bar import shown_progress
from segmentation.cli.options.report_options import add_report_options, check_report_options, write_reports
from segmentation.core.atomic import write_atomically
from segmentation.core.errors import BadConfiguration
from segmentation.core.notes import sentences
from segmentation.readers import read_label_map, read_volume

if TYPE_CHECKING:
    from segmentation.core.volume import LabelMap
    from segmentation.morphometry.reported_confidence import ReportedVertebra
    from segmentation.morphometry.results import SpineMeasures


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the scan, its vertebra label map, and what is to be written."""
    command.add_argument("ct", metavar="CT", type=Path, nargs="?", help="the CT: a file, or DICOM")
    command.add_argument("labels", metavar="VERT.nii.gz", type=Path, nargs="?", help="its vertebrae, VerSe numbers")
    command.add_argument("-o", "--output", metavar="MEASURES.json", type=Path)
    command.add_argument("--csv", metavar="FILE.csv", type=Path, help="one line a value")
    command.add_argument("--report", metavar="REPORT.json", type=Path,
                         help="of segment --vertebrae: what has low confidence is not measured")  # fmt: skip
    add_series_option(command)
    add_report_options(command)

    command.add_argument("--benchmark", action="store_true", help="measure phantoms of known truth; print the errors")
    command.add_argument("--repeat", metavar="VERT.nii.gz", type=Path, nargs="+",
                         help="measure each map five times, perturbed; print how far values scatter")  # fmt: skip


def run(options: argparse.Namespace) -> int:
    """Measure one spine, or the phantoms."""
    if options.benchmark or options.repeat:
        return _print_tables(options)
    if options.ct is None or options.labels is None:
        raise BadConfiguration("measure.needs_two_files")
    check_writable(options.output, ".json")
    check_writable(options.csv, ".csv")
    check_report_options(options)

    from segmentation.morphometry.align import align
    from segmentation.morphometry.measure import measure_spine  # scipy takes a moment
    from segmentation.morphometry.reported_confidence import not_to_measure, with_confidence

    label_map = read_label_map(options.labels)
    if label_map.kind == "spine":
        measure_spine(label_map)  # refuses it before the CT is read
    vertebrae = _confidence(options.report, label_map)
    volume, label_map = align(read_volume(options.ct, series=options.series), label_map, options.labels.name)
    for remark in sentences(dict.fromkeys((*volume.notes, *label_map.notes))):
        print(f"note: {remark}", file=sys.stderr)
    with shown_progress() as progress:
        measures = measure_spine(label_map, volume, not_to_measure(vertebrae), progress)
    measures = with_confidence(measures, vertebrae)
    print(summary(measures))
    if options.output is not None:
        write_json(measures.to_json(), options.output)
    if options.csv is not None:
        from segmentation.morphometry.table import to_csv

        write_atomically(options.csv, to_csv(measures))
    write_reports(options, volume, label_map, measures)
    return 0


def _confidence(report: Path | None, label_map: LabelMap) -> list[ReportedVertebra]:
    """Read how sure each vertebra is, and say which are measured although they are less than sure."""
    if report is None:
        return []
    from segmentation.morphometry.reported_confidence import read_confidence

    vertebrae = read_confidence(report, label_map)
    for one in vertebrae:
        if one.confidence == "medium":
            print(f"note: {one.name} is measured at medium confidence ({', '.join(one.reasons)})", file=sys.stderr)
    return vertebrae


def _print_tables(options: argparse.Namespace) -> int:
    from segmentation.morphometry.benchmark import benchmark_table, repeat_table

    if options.benchmark:
        for line in benchmark_table():
            print(line, flush=True)  # the next phantom takes seconds
    if options.repeat:
        print("\n".join(repeat_table([read_label_map(path) for path in options.repeat])))
    return 0


def summary(measures: SpineMeasures) -> str:
    """Describe the main values in a few lines."""
    lines = [
        f"{len([v for v in measures.vertebrae if v.state != 'not_measured'])} of {len(measures.vertebrae)} vertebrae "
        "measured (supine CT; research use only)"
    ]
    for vertebra in measures.vertebrae:
        if vertebra.state == "not_measured":
            lines.append(f"{vertebra.name}: not measured ({', '.join(vertebra.reasons)})")
    for curve in measures.curves:
        lines.append(
            f"Cobb {curve.upper_end}-{curve.lower_end}: {curve.cobb.value:.1f} degrees, apex {curve.apex}, "
            f"convex to the {curve.convexity}"
        )
    for angle in measures.sagittal:
        if angle.value.value is not None:
            words = f"{angle.name.replace('_', ' ').capitalize()}, {angle.upper} to {angle.lower}"
            lines.append(f"{words}: {angle.value.value:.1f} degrees")
    return "\n".join(lines)
