"""List of the series of a DICOM folder as lines of text, as the page shows them to choose from."""

from __future__ import annotations

from segmentation.core.notes import sentences
from segmentation.readers.dicom.listing import Entry, Listing


def described_listing(listing: Listing) -> list[str]:
    """Describe each series in three lines.

    What it is, why it is (not) proposed, and its UID. ``*`` marks the proposed one.
    """
    lines = [f"{len(listing.series)} series, * is the one to segment unless you choose another with --series"]
    for entry in listing.series:
        lines += _described(entry)
    return lines + [f"note: {sentence}" for sentence in sentences(listing.notes)]


def _described(entry: Entry) -> list[str]:
    mark = "*" if entry.proposed else " "
    facts = [entry.modality or "?", entry.description or "(no description)"]
    facts.append(f"{entry.images} image{'s' if entry.images != 1 else ''} of {entry.size[0]} x {entry.size[1]}")
    if entry.grid is not None:
        facts.append("every " + " x ".join(f"{mm:.4g}" for mm in entry.grid.spacing_mm) + " mm")
    if entry.kernel:
        facts.append(f"kernel {entry.kernel}")
    lines = [f"{mark} {entry.number:>4}  " + ", ".join(facts)]
    if entry.problem is not None:
        lines.append(f"        refused: {entry.problem.message}")
    if entry.reasons:
        lines.append("        " + "; ".join(sentences(entry.reasons)))
    lines += [f"        note: {sentence}" for sentence in sentences(entry.notes)]
    return [*lines, f"        {entry.key}"]
