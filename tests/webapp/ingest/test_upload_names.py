"""Which file names are taken as uploads."""

from __future__ import annotations

import pytest

from segmentation.core.errors import UnsupportedFormat
from webapp.ingest.admission import stored_name


@pytest.mark.parametrize("name", ["ct.nii", "CT.NII.GZ", "a/b.nrrd", "ct.seg.nrrd", "ct.mha"])
def test_only_the_suffix_of_a_user_s_name_is_kept(name: str) -> None:
    assert stored_name("original", name) == "original" + name.lower()[name.index(".") :].removeprefix(".seg")


@pytest.mark.parametrize("name", ["ct.nhdr", "ct.mhd", "CT.HDR", "ct.img"])
def test_half_of_a_scan_is_refused_as_that(name: str) -> None:
    with pytest.raises(UnsupportedFormat, match="voxels in another file") as caught:
        stored_name("original", name)
    assert "one file" in caught.value.hint


def test_another_kind_of_file_is_refused_with_those_that_can_be_read() -> None:
    with pytest.raises(UnsupportedFormat, match=r"report\.pdf") as caught:
        stored_name("original", "report.pdf")
    assert ".mha" in f"{caught.value.message} {caught.value.hint}"
