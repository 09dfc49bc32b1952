"""The same test as in Chromium: the HU inside an ellipse that the mouse draws."""

from tests.browser.test_measure import (  # noqa: F401
    pytestmark,
    site,
    study,
    test_an_ellipse_in_the_vertebra_reads_its_trabecular_hu,
)
