"""Label table of a mask as a text file: NIfTI itself has no place for names.

In ITK-SNAP's label description format: number, red, green, blue, opacity, visible, meshed, "name".
"""

from __future__ import annotations

from segmentation.core.labels import label_of
from segmentation.core.volume import LabelMap


def label_table(label_map: LabelMap) -> str:
    """List the background and each label present, one a line; SNOMED CT codes stand in comments."""
    lines = ["# ITK-SnAP Label Description File", "# IDX   -R-  -G-  -B-  -A--  VIS MSH  LABEL"]
    lines.append(_line(0, (0, 0, 0), 0, "Clear Label"))
    for number in label_map.present:
        label = label_of(number, label_map.kind)
        lines.append(f"# {number} is SNOMED CT {label.snomed} ({label.meaning})")
        lines.append(_line(number, label.rgb, 1, label.name))
    return "\n".join(lines) + "\n"


def _line(number: int, rgb: tuple[int, int, int], shown: int, name: str) -> str:
    red, green, blue = rgb
    return f'{number:5d}  {red:4d} {green:4d} {blue:4d}  {shown:8d}  {shown}  {shown}    "{name}"'
