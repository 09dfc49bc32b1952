"""The same tests as in Chromium: original beside segmented, curtain, blinking, distances between masks, cine."""

from tests.browser.test_layouts import (  # noqa: F401
    open_page,
    pytestmark,
    site,
    test_a_curtain_shows_the_original_on_its_left_and_the_mask_on_its_right,
    test_blinking_shows_one_and_the_other_until_it_is_held,
    test_cine_plays_until_someone_moves,
    test_original_and_segmented_are_the_same_picture_but_for_the_mask,
    test_two_masks_are_compared_by_their_distance_in_mm,
)
