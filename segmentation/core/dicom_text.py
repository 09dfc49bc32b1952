"""Texts of DICOM headers after they were decoded."""

from __future__ import annotations

import re

# Of ISO 2022, as PS3.3 C.12.1.1.2 lists them. pydicom 3 leaves those of ISO 2022 IR 58 (GB 2312) in the text.
_ESCAPES = re.compile(r"\x1b(?:\$\)[AC]|\$\(D|\$[@B]|\([BJ]|\)I|[-,][A-M])")


def without_escapes(text: str) -> str:
    """Remove the escape sequences by which a text changes between character sets."""
    return _ESCAPES.sub("", text)
