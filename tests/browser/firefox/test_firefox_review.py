from tests.browser.test_review import *  # noqa: F403 - the same tests, in Firefox
