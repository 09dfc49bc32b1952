"""docs/formats.md against the readers: every note and every refusal, in its own words."""

from __future__ import annotations

import re

from segmentation.core.messages import english
from tests.message_keys import ROOT, modules

PAGE = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
PARTS = "note|file|image|values|header|axes|affine|nifti|nrrd|mha|upload|dicom|slices|zip|scan|series_choice"
KEY = rf"`((?:{PARTS})\.[a-z_]+)`"
PART_OF_ANOTHER = {
    "dicom.unknown_transfer_syntax", "file.read_error", "join.and", "join.sentences", "modality.", "modality.other",
    "series_title.numbered", "series_title.plain", "slices.one", "slices.one_place", "slices.others", "slices.places",
    "slices.range",
}  # fmt: skip
OF_PROPOSALS = "segmentation/readers/dicom/propose.py"  # reasons for a choice, which docs/dicom.md tells


def test_every_sentence_of_the_page_is_the_catalogue_s():
    named = re.findall(rf'"([^"]*)" \({KEY}\)', PAGE)
    assert len(named) > 60
    assert [(key, words) for words, key in named if english()[key].message != words] == []


def test_every_key_of_the_page_exists():
    assert set(re.findall(KEY, PAGE)) <= english().keys()


def test_every_note_and_refusal_of_the_readers_is_on_the_page():
    own = [module for module in modules() if re.fullmatch(r"segmentation/readers/[\w/]+\.py", module.name)]
    assert len(own) > 20
    used = {use.key for module in own if module.name != OF_PROPOSALS for use in module.uses}
    assert used - PART_OF_ANOTHER - set(re.findall(KEY, PAGE)) == set()
