"""Find the scans of a VerSe release in its own folders (the "subject based structure" of VerSe'19 and VerSe'20).

    dataset-01training/rawdata/sub-verse500/sub-verse500_dir-ax_ct.nii.gz
    dataset-01training/derivatives/sub-verse500/sub-verse500_dir-ax_seg-vert_msk.nii.gz

and likewise ``dataset-02validation`` and ``dataset-03test``; VerSe'19 calls them ``dataset-verse19training`` and so on,
and its file names have no ``dir-``. What comes before ``_ct`` and ``_seg-vert_msk`` tells which belong together.
Sources: https://osf.io/4skx2/wiki (VerSe'20), https://osf.io/923ap (VerSe'19), Sekuboyina et al. 2021,
doi:10.1016/j.media.2021.102166.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from segmentation.core.errors import InputError

CT_END, MASK_END = "_ct.nii.gz", "_seg-vert_msk.nii.gz"
# The order decides: a subject that is in two splits (the two releases share some) belongs to the later one.
SPLITS = {"training": "train", "validation": "val", "test": "test"}


@dataclass(frozen=True)
class Scan:
    """Paths of a CT and its vertebra labels."""

    name: str
    ct: Path
    mask: Path

    @property
    def subject(self) -> str:
        """Identifier of the patient, such as ``sub-verse500``."""
        return self.name.split("_")[0]


@dataclass(frozen=True)
class Release:
    """Scans of a release by split, and sentences that name what could not be used and why."""

    training: list[Scan] = field(default_factory=list)
    validation: list[Scan] = field(default_factory=list)
    test: list[Scan] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def find_verse(folder: Path) -> Release:
    """Find all scans below ``folder`` that have a mask, by split. A folder that names no split counts as training.

    Raises:
        InputError: there is not one scan with a mask.
    """
    release = Release()
    for root in sorted(path.parent for path in folder.rglob("rawdata") if path.is_dir()):
        found: list[Scan] = getattr(release, _split(root.relative_to(folder)))
        found += _pairs(root, release.left_out)
    _each_subject_once(release)
    if not (release.training or release.validation or release.test):
        if not release.left_out:
            raise InputError("verse.nothing", folder=folder, suffix=CT_END)
        raise InputError("verse.nothing_because", folder=folder, suffix=CT_END, reasons=" ".join(release.left_out))
    return release


def _split(path: Path) -> str:
    return next((split for split, part in SPLITS.items() if part in str(path).lower()), "training")


def _pairs(root: Path, left_out: list[str]) -> Iterator[Scan]:
    cts, masks = _by_name(root / "rawdata", CT_END), _by_name(root / "derivatives", MASK_END)
    for name in sorted(cts.keys() | masks.keys()):
        if name not in masks:
            left_out.append(f"{name} of {root.name} has a CT but no mask ({name}{MASK_END}).")
        elif name not in cts:
            left_out.append(f"{name} of {root.name} has a mask but no CT ({name}{CT_END}).")
        else:
            yield Scan(name, cts[name], masks[name])


def _by_name(folder: Path, end: str) -> dict[str, Path]:
    # Archives packed on a Mac hold a "._" shadow of each file.
    paths = (path for path in folder.rglob(f"*{end}") if not path.name.startswith("."))
    return {path.name.removesuffix(end): path for path in paths}


def _each_subject_once(release: Release) -> None:
    taken: dict[str, str] = {}
    for split in reversed(SPLITS):
        scans: list[Scan] = getattr(release, split)
        for scan in list(scans):
            other = taken.get(scan.subject, split)
            if other != split:
                scans.remove(scan)
                release.left_out.append(f"{scan.name} of {split} is left out: {scan.subject} is in {other}.")
        taken |= {scan.subject: split for scan in scans}
