"""Means over few cases with bootstrap confidence intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import bootstrap

CONFIDENCE = 0.95
RESAMPLES = 9999
SEED = 20250101


@dataclass(frozen=True)
class Mean:
    """A mean over cases with its bootstrap interval.

    Attributes:
        mean: NaN if there are no values.
        low, high: Ends of the 95 % interval; NaN where there are fewer than two values.
        n: How many values: cases where the figure has none (NaN) are left out.
    """

    mean: float
    low: float
    high: float
    n: int


def mean_with_interval(values: Sequence[float]) -> Mean:
    """Compute the mean of ``values`` without NaN, and the percentile bootstrap interval over them, from a fixed seed.

    With few cases the interval is no wider than the cases themselves: read it with its ``n``. (The bias-corrected
    kind, BCa, has no value where all cases agree, so the plain percentiles are taken.)
    """
    known = np.array([value for value in values if math.isfinite(value)])
    mean = float(known.mean()) if known.size else math.nan
    if known.size < 2:
        return Mean(mean, math.nan, math.nan, known.size)
    interval = bootstrap(
        (known,),
        np.mean,
        n_resamples=RESAMPLES,
        confidence_level=CONFIDENCE,
        method="percentile",
        rng=np.random.default_rng(SEED),
    ).confidence_interval
    return Mean(mean, float(interval.low), float(interval.high), known.size)
