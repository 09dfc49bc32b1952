"""Fixtures for all tests. No patient data: everything is made here."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

from segmentation.phantom import Phantom, PhantomSpec, make_phantom

# The first example of a property imports half of the scientific stack; that is not what a deadline is for.
settings.register_profile("spineview", deadline=None, max_examples=25, print_blob=True)
settings.load_profile("spineview")
# The name that Starlette's test client gives the server in each request; servers refuse names that are not theirs.
os.environ.setdefault("SPINEVIEW_PRELOAD_MODEL", "false")  # a test that needs the model loads it
os.environ["SPINEVIEW_ALLOWED_HOSTS"] = '["testserver"]'

# Files whose one or two tests take minutes: first, so that none of two processes is left alone with one of them.
LONGEST = ("test_crash_points.py", "test_contract.py", "test_engine.py", "test_fuzz.py", "test_chaos.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the longest files begin; the others keep their order."""
    last = len(LONGEST)
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else last)


@pytest.fixture(scope="session")
def small_phantom() -> Phantom:
    """L2 to L4 at 2 mm in LPS, 60 x 60 x 66 voxels; made once, so leave it as it is."""
    spec = PhantomSpec(
        levels=("L2", "L3", "L4"),
        sacrum=False,
        lordosis_deg=20.0,
        spacing_mm=(2.0, 2.0, 2.0),
        fov_mm=(120.0, 120.0, 132.0),
        centre_mm=(0.0, -18.0, 0.0),
    )
    return make_phantom(spec)
