from tests.browser.test_masks import *  # noqa: F403 - the same tests, in Firefox
