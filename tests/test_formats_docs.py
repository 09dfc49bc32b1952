"""docs/formats.md against the readers: every note and every refusal, in its own words."""

from __future__ import annotations

import ast
import re

from segmentation.core.messages import english
from tests.formats_table import CASES, ROWS
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


def _functions(module: str) -> set[str]:
    folder = ROOT / "tests" if module.startswith("webapp") else ROOT / "tests" / "segmentation"
    tree = ast.parse((folder / f"{module}.py").read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_every_row_of_the_page_and_every_kind_is_made_by_a_test_that_exists():
    named = {name for tests in (*ROWS.values(), *CASES.values()) for name in tests}
    modules = {name.partition("::")[0] for name in named}
    there = {f"{module}::{function}" for module in modules for function in _functions(module)}
    assert named - there == set()


def test_every_row_of_the_page_is_in_the_table_and_the_other_way_round():
    page = PAGE.partition("\n## Every kind that is tried")[0]
    found = [row for row in re.findall(r"^\| (.+?) \| .* \|$", page, re.M) if row != "found"]
    found = [row for row in found if set(row) != {"-"}]
    assert [row for row in found if not any(row.startswith(start) for start in ROWS)] == []
    assert [start for start in ROWS if not any(row.startswith(start) for row in found)] == []
