"""What was unusual in a scan and was repaired or let pass: said to the user beside the scan, never hidden."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

SENTENCES = {
    # What was repaired or let pass
    "tilt": "The gantry was tilted by {degrees}°; the slices were shifted back onto a regular grid.",
    "gap": "One slice was missing at {position} mm; it was interpolated from its neighbours.",
    "damaged": "One image, at {position} mm, was damaged; its slice was interpolated from its neighbours.",
    "damaged_end": "The image at {position} mm, an end of the series, was damaged; the volume is one slice shorter.",
    "damaged_copy": "{count} damaged images were left out: undamaged copies of them are there.",
    "unequal": "The slices were {low} to {high} mm apart; they were resampled to every {spacing} mm.",
    "duplicates": "{count} duplicate images were left out.",
    "split": "The series holds images of different orientation, size or acquisition; it was split into {count} parts.",
    "part": "This is part {part} of {count}.",
    "truncated": "{count} damaged or truncated files were left out.",
    "not_images": "{count} files that are not DICOM images were left out.",
    "no_preamble": "{count} files have no DICOM preamble; they were read all the same.",
    "links": "{count} links were not followed.",
    "nested": "{count} archives inside the archive were not opened.",
    "dicomdir": "The DICOMDIR lists {listed} images, of which {missing} are not here.",
    "burned_in": "Text, such as a name, may be burned into the images: look before you share them.",
    "lossy": "The images were compressed with loss before they came here.",
    # What speaks for a series, and against it
    "axial": "Axial slices",
    "not_axial": "Not axial but {plane}",
    "thin": "Thin slices, every {mm} mm",
    "medium": "A slice every {mm} mm",
    "thick": "Thick slices, every {mm} mm",
    "bone_kernel": "Bone kernel ({kernel})",
    "standard_kernel": "Standard kernel ({kernel})",
    "lung_kernel": "Lung kernel ({kernel})",
    "spine": "Named after the spine",
    "few": "Only {count} images",
    "localizer": "A localizer (scout view)",
    "dose_report": "A dose report",
    "not_ct": "Not CT but {modality}",
    "no_modality": "The header does not say that it is CT",
    "reformat": "A reformat of another series",
    "derived": "Derived from another series",
}


@dataclass(frozen=True)
class Note:
    """One remark. ``code`` is stable, for programs and translations; ``values`` fill the sentence's placeholders."""

    code: str
    values: tuple[tuple[str, str], ...] = ()

    @property
    def sentence(self) -> str:
        """The note for people, in English."""
        return SENTENCES[self.code].format(**dict(self.values))

    def to_json(self) -> dict[str, Any]:
        """For a database or an API, with the English sentence."""
        return {"code": self.code, "values": dict(self.values), "message": self.sentence}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Note:
        """What :meth:`to_json` wrote."""
        return cls(content["code"], tuple(content["values"].items()))


def note(code: str, **values: object) -> Note:
    """A note with its values as text; numbers as short as they can be."""
    return Note(code, tuple((key, f"{v:.4g}" if isinstance(v, float) else str(v)) for key, v in values.items()))


def sentences(notes: Iterable[Note]) -> list[str]:
    """The notes for people, in English."""
    return [each.sentence for each in notes]
