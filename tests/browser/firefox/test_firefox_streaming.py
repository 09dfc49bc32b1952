from tests.browser.test_streaming import *  # noqa: F403 - the same tests, in Firefox
