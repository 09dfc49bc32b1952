"""The command ``spineview info INPUT``."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from segmentation.cli.options.input_options import add_scan_input, add_series_option
from segmentation.core.geometry import Grid
from segmentation.readers import DEFAULT_LIMITS, Inspection, inspect
from segmentation.readers.dicom.reader import is_dicom, list_series


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the scan to look at."""
    add_scan_input(command)
    add_series_option(command)


def run(options: argparse.Namespace) -> int:
    """Print what the file is; exit 2, with the first reason on stderr, where it would be refused."""
    if options.input.exists() and is_dicom(options.input) and not options.series:
        _print_series(options.input)
    if options.input.name.lower().endswith((".nii", ".nii.gz")):
        _import_nibabel()
    found = inspect(options.input, series=options.series)
    print("\n".join(described(found)))
    if found.problems:
        print(f"spineview: {found.problems[0].message}", file=sys.stderr)
        return 2
    return 0


def _import_nibabel() -> None:
    """Import nibabel without pydicom, which it needs for one header extension only: that halves the time to wait."""
    with _absent("pydicom"):
        import nibabel  # noqa: F401


@contextmanager
def _absent(name: str) -> Iterator[None]:
    """Make ``import name`` fail inside the block; do nothing if the module is loaded already."""
    if name in sys.modules:
        yield
        return
    sys.modules[name] = None  # type: ignore[assignment]  # documented: the import then raises ModuleNotFoundError
    try:
        yield
    finally:
        del sys.modules[name]


def _print_series(path: Path) -> None:
    """Print the list that the page would show of a DICOM folder; nothing where it holds a scan of another format."""
    from segmentation.cli.options.series_option import described_listing

    with tempfile.TemporaryDirectory(prefix="spineview-") as folder:
        listing = list_series(path, DEFAULT_LIMITS, Path(folder))
    if listing.series:
        print("\n".join(described_listing(listing)), end="\n\n")


def described(found: Inspection) -> list[str]:
    """List the facts, one a line, the name of the fact first."""
    lines = [f"file         {found.name}"]
    if found.format:
        lines.append(f"format       {found.format}, {found.stored_type}")
    if found.grid is not None:
        lines += _geometry(found.grid)
    if found.hu_range is not None:
        lines.append(f"values       {found.hu_range[0]:g} to {found.hu_range[1]:g} HU")
    lines += [f"note         {note}" for note in found.notes]
    lines += [f"refused      {problem.message} {problem.hint}".rstrip() for problem in found.problems]
    if not found.problems:
        lines.append("accepted     yes")
    return lines


def _geometry(grid: Grid) -> list[str]:
    corner = grid.affine[:3, 3]
    return [
        "voxels       " + " x ".join(str(n) for n in grid.shape),
        "spacing      " + " x ".join(f"{mm:.4g}" for mm in grid.spacing_mm) + " mm",
        "extent       " + " x ".join(f"{mm:.0f}" for mm in grid.extent_mm) + " mm",
        f"orientation  {grid.orientation}",
        "first voxel  " + ", ".join(f"{mm:.2f}" for mm in corner) + " mm (RAS+)",
    ]
