"""Values of fewer bits than their words have: where they lie, their sign, and compressions that nobody reads."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest
from pydicom import uid
from pydicom.dataset import Dataset

from segmentation.core.errors import UnsupportedFormat
from segmentation.core.volume import Volume
from segmentation.readers import read_volume
from tests.segmentation.readers.dicom.conftest import Writer, edit, refusal

pytestmark = pytest.mark.usefixtures("inline")


def stored_in(bits: int, high_bit: int, dataset: Dataset) -> None:
    """Lay the pixels out anew, with these bits, at the upper end of their words if the high bit is there."""
    kind = "<i2" if dataset.PixelRepresentation else "<u2"
    values = np.frombuffer(dataset.PixelData, kind) << (high_bit + 1 - bits)
    dataset.BitsStored, dataset.HighBit = bits, high_bit
    dataset.PixelData = values.astype(kind).tobytes()


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize(("bits", "high_bit"), [(12, 15), (13, 15), (12, 14), (12, 11)])
@pytest.mark.parametrize("rle", [False, True])
def test_values_at_the_upper_end_are_moved_down(
    written: Writer, oblique: Volume, signed: bool, bits: int, high_bit: int, rle: bool
):
    folder = written(signed=signed)

    def change(dataset: Dataset, _: int) -> None:
        stored_in(bits, high_bit, dataset)
        if rle:
            dataset.compress(uid.RLELossless, generate_instance_uid=False)

    edit(folder, change)
    np.testing.assert_array_equal(read_volume(folder).hu, oblique.hu)


def test_values_with_other_bits_below_them_are_refused(written: Writer):
    folder = written(signed=False)

    def change(dataset: Dataset, _: int) -> None:
        dataset.BitsStored, dataset.HighBit = 12, 15

    edit(folder, change)
    error = refusal(folder)
    assert type(error) is UnsupportedFormat
    assert error.message == (
        "The values of Series 2 lie in a way that cannot be read (HighBit 15, BitsStored 12, BitsAllocated 16)."
    )


@pytest.mark.parametrize("syntax", [uid.JPEGLSLossless, uid.JPEG2000Lossless])
@pytest.mark.parametrize("bits", [12, 13, 15])
@pytest.mark.parametrize("signed", [True, False])
def test_compressed_values_of_fewer_bits_are_exact(
    written: Writer, oblique: Volume, syntax: uid.UID, bits: int, signed: bool
):
    folder = written(signed=signed)

    def change(dataset: Dataset, _: int) -> None:
        stored_in(bits, bits - 1, dataset)
        dataset.compress(syntax, generate_instance_uid=False)

    edit(folder, change)
    volume = read_volume(folder)
    np.testing.assert_array_equal(volume.hu, oblique.hu)
    np.testing.assert_allclose(volume.grid.affine, oblique.grid.affine, atol=1e-3)


def test_a_jpeg_2000_stream_whose_sign_differs_from_the_header_is_exact(written: Writer, oblique: Volume):
    folder = written(signed=False)

    def change(dataset: Dataset, _: int) -> None:
        values = np.frombuffer(dataset.PixelData, "<u2").astype(int) - 1024
        dataset.PixelData = (values & 0xFFF).astype("<u2").tobytes()  # two's complement of 12 bits, without a sign
        dataset.BitsStored, dataset.HighBit = 12, 11
        dataset.compress(uid.JPEG2000Lossless, generate_instance_uid=False)
        dataset.PixelRepresentation, dataset.RescaleIntercept = 1, 0

    edit(folder, change)
    np.testing.assert_array_equal(read_volume(folder).hu, oblique.hu)


@pytest.mark.parametrize(("syntax", "name"), [(uid.JPEGExtended12Bit, "JPEG Extended"), (uid.MPEG2MPML, "MPEG2 Main")])
def test_a_compression_that_cannot_be_read_is_named(written: Writer, syntax: uid.UID, name: str):
    folder = written(syntax="jpeg-ls")
    for path in folder.iterdir():
        dataset = pydicom.dcmread(path)
        dataset.BitsStored, dataset.HighBit = 12, 11
        dataset.file_meta.TransferSyntaxUID = syntax
        dataset.save_as(path)
    error = refusal(folder)
    assert type(error) is UnsupportedFormat
    assert name in error.message
