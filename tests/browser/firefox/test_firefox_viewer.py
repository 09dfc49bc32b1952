"""The same tests as in Chromium: patient planes, crosshair, slab, windows, and no work while nobody does anything."""

from tests.browser.test_viewer import (  # noqa: F401
    page,
    pytestmark,
    site,
    study_url,
    test_a_thick_slab_shows_what_lies_behind_the_slice,
    test_nothing_is_drawn_while_nobody_does_anything,
    test_right_front_and_head_are_where_a_radiologist_looks_for_them_and_a_cube_is_square,
    test_the_crosshair_links_the_panels_and_reads_the_hu_under_it,
    test_windows_change_what_is_bright,
)
