from tests.browser.test_geometry import *  # noqa: F403 - the same tests, in Firefox
