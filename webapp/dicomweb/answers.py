"""Search results of an archive as plain values. All texts are another system's: escape them when shown."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

_UID = re.compile(r"[0-9.]{1,64}")
_LONGEST_TEXT = 120


@dataclass(frozen=True)
class FoundStudy:
    """One study of an archive; dates as YYYY-MM-DD, "" where not given."""

    uid: str
    patient_name: str
    patient_id: str
    birth_date: str
    date: str
    description: str
    accession: str
    modalities: tuple[str, ...]
    series: int | None
    images: int | None


@dataclass(frozen=True)
class FoundSeries:
    """One series of a study of an archive."""

    uid: str
    number: int | None
    description: str
    modality: str
    body_part: str
    images: int | None


Answer = dict[str, Any]  # DICOM JSON model, PS3.18 annex F: tag to {"vr", "Value"}


def found_study(answer: Answer) -> FoundStudy | None:
    """Read a study from DICOM's JSON; None if it has no usable UID."""
    uid = text(answer, "0020000D")
    if not is_uid(uid):
        return None
    return FoundStudy(
        uid=uid,
        patient_name=_person(answer, "00100010"),
        patient_id=text(answer, "00100020"),
        birth_date=date(text(answer, "00100030")),
        date=date(text(answer, "00080020")),
        description=text(answer, "00081030"),
        accession=text(answer, "00080050"),
        modalities=tuple(clean(value) for value in _values(answer, "00080061") or _values(answer, "00080060")),
        series=_number(answer, "00201206"),
        images=_number(answer, "00201208"),
    )


def found_series(answer: Answer) -> FoundSeries | None:
    """Read a series from DICOM's JSON; None if it has no usable UID."""
    uid = text(answer, "0020000E")
    if not is_uid(uid):
        return None
    return FoundSeries(
        uid=uid,
        number=_number(answer, "00200011"),
        description=text(answer, "0008103E"),
        modality=text(answer, "00080060"),
        body_part=text(answer, "00180015"),
        images=_number(answer, "00201209"),
    )


def is_uid(value: str) -> bool:
    """Tell whether a UID is digits and dots of a length that DICOM allows: harmless inside an address."""
    return _UID.fullmatch(value) is not None


def clean(value: object) -> str:
    """Printable and of bounded length."""
    return "".join(char for char in str(value) if char.isprintable()).strip()[:_LONGEST_TEXT]


def text(answer: Answer, tag: str) -> str:
    """Return the first value of an element, "" where there is none."""
    values = _values(answer, tag)
    return clean(values[0]) if values else ""


def forms(answer: Answer, keyword: str) -> list[str]:
    """List every form of a patient's name (Latin, ideographic, phonetic) or the identifier that an answer gives."""
    values = _values(answer, {"PatientName": "00100010", "PatientID": "00100020"}[keyword])[:1]
    parts = [part for value in values for part in (value.values() if isinstance(value, dict) else [value])]
    return [clean(form) for part in parts for form in str(part).split("=")]


def date(digits: str) -> str:
    """DICOM's YYYYMMDD as YYYY-MM-DD; anything else as it came."""
    return f"{digits[:4]}-{digits[4:6]}-{digits[6:]}" if re.fullmatch(r"\d{8}", digits) else digits


def _values(answer: Answer, tag: str) -> list[Any]:
    element = answer.get(tag)
    values = element.get("Value") if isinstance(element, dict) else None
    return [value for value in values if value is not None] if isinstance(values, list) else []


def _person(answer: Answer, tag: str) -> str:
    """Format a person's name as people write it: in Chinese (or its like) where given so, then in Latin letters."""
    values = _values(answer, tag)
    if not values or not isinstance(values[0], dict):
        return _spaced(text(answer, tag))
    forms = [_spaced(clean(values[0].get(form) or "")) for form in ("Ideographic", "Alphabetic")]
    first, *others = [form for form in forms if form] or [""]
    return f"{first} ({others[0]})" if others else first


def _spaced(name: str) -> str:
    return " ".join(part for part in name.split("^") if part)


def _number(answer: Answer, tag: str) -> int | None:
    """Read an integer string, which lies within 32 bits (PS3.5 section 6.2, VR IS)."""
    digits = text(answer, tag)
    if not re.fullmatch(r"[+-]?[0-9]{1,10}", digits) or abs(int(digits)) >= 2**31:
        return None
    return int(digits)
