"""The same tests as in Chromium: 3D presets, colours, the CT coloured by its mask, surfaces, clipping, six views."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.test_volume import (  # noqa: F401
    pytestmark,
    site,
    study_url,
    test_a_colour_point_recolours_the_bone,
    test_each_preset_shows_something_of_its_own,
    test_surfaces_lie_where_the_labels_are,
    test_the_clipping_box_cuts_the_upper_half_away,
    test_the_mask_colours_the_volume_itself_and_turns_the_rest_to_faint_grey,
    test_the_patient_is_seen_from_six_sides_by_button_and_by_key,
)


@pytest.fixture
def page(browser: Any, study_url: str) -> Iterator[Any]:  # noqa: F811
    """As in Chromium, but for what Firefox says of the style that the driver puts into the page for a picture."""
    context = browser.new_context(viewport={"width": 1200, "height": 800}, locale="en-GB")
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: None if "inline style" in str(error) else faults.append(str(error)))
    page.goto(study_url)
    page.wait_for_function("window.spineview && window.spineview.ready")
    yield page
    assert faults == []
    context.close()
