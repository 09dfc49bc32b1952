"""What an archive may answer that is not DICOMweb, as one error for people."""

from __future__ import annotations

import json

import pytest

from webapp.dicomweb.errors import translate_errors
from webapp.http.errors import WebError


@pytest.mark.parametrize("content", ["[" * 100_000, "nonsense", '{"a": ' * 100_000, "[" + "9" * 5000 + "]"])
def test_an_answer_that_no_parser_reads_is_refused(content: str):
    with pytest.raises(WebError) as raised, translate_errors("Hospital"):
        json.loads(content)
    assert (raised.value.status, raised.value.code) == (502, "pacs_refused")
