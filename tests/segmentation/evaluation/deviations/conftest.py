"""The small phantom on the voxels that deviations work on."""

from __future__ import annotations

import pytest

from segmentation.evaluation.cases import Case
from segmentation.evaluation.deviations.measure import coarse_case
from segmentation.evaluation.perturbations import Perturbed
from segmentation.phantom import Phantom


@pytest.fixture(scope="package")
def case(small_phantom: Phantom) -> Case:
    """L2 to L4 on coarse voxels."""
    return coarse_case(Case("small", small_phantom.volume, small_phantom.labels))


@pytest.fixture(scope="package")
def plain(case: Case) -> Perturbed:
    """The same without a name."""
    return case.volume, case.reference
