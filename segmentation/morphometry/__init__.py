"""Measures of the spine from a vertebra label map and its CT: heights, angles, canal, pedicles, density.

``docs/measurements.md`` holds every definition with its source.
"""

from __future__ import annotations

from segmentation.morphometry.measure import check_measurable, measure_spine
from segmentation.morphometry.results import SpineMeasures

__all__ = ["SpineMeasures", "check_measurable", "measure_spine"]
