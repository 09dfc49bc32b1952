"""Every file that these tests have read is read again by other programs."""

from tests.segmentation.read_again import comparisons, every_input_is_read_again

__all__ = ["comparisons", "every_input_is_read_again"]
