"""Robust fits of endplates: a plane for angles, and the surface's distance from it in front, middle and back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from segmentation.morphometry.anatomy.frame import Real

EDGE_ZONE = (0.08, 0.22)
"""Where the height of an edge is taken: this far from it, in shares of the depth. The rounded rim lies outside."""

MIDDLE_ZONE = 0.05
"""Half the length of the middle zone, in shares of the depth."""

MEDIAN_ZONE = (0.2, 0.05, 0.2)
"""Half the width of the zones at the back, in the middle and in front, in shares of the body's width."""

_TUKEY = 4.685  # 95 % efficiency for normal errors
_TRIM_MM = 2.0
_FEWEST = 25
_LEAST_ZONE_MM = 1.7


@dataclass(frozen=True)
class Outline:
    """Where an endplate lies in its frame: the middle of the body and its front and back, width and depth, mm."""

    x: float
    back: float
    front: float
    width: float

    @property
    def depth(self) -> float:
        """From back to front, mm."""
        return self.front - self.back


@dataclass(frozen=True, eq=False)
class Endplate:
    """An endplate in a vertebra's frame.

    Attributes:
        plane: (3,) z = plane @ (1, x, y): the plane that fits best.
        stations: (3,) y of the back, the middle and the front.
        offsets: (3,) how far the surface near each station lies above the plane, mm.
        residual_mm: Root mean square distance of the surface from plane and offsets, by robust weights.
        points: Number of places that the surface was sampled at.
        used: Share of them that the plane fits.
    """

    plane: Real
    stations: Real
    offsets: Real
    residual_mm: float
    points: int
    used: float

    def height(self, x: float, y: float) -> float:
        """Give the z of the endplate at (x, y), mm."""
        return float(self.plane @ (1.0, x, y) + np.interp(y, self.stations, self.offsets))

    @property
    def normal(self) -> Real:
        """(3,) unit vector at right angles to the plane, towards +z."""
        vector = np.array([-self.plane[1], -self.plane[2], 1.0])
        return np.asarray(vector / np.linalg.norm(vector))


def fit_endplate(x: Real, y: Real, z: Real, outline: Outline) -> Endplate | None:
    """Fit (N,) places of a surface, NaN among them allowed; None where too few are left.

    Iteratively reweighted least squares with Tukey's biweight (Holland and Welsch 1977,
    doi:10.1080/03610927708827533).
    """
    known = np.isfinite(z)
    if known.sum() < _FEWEST or known.mean() < 0.5:
        return None
    x, y, z = x[known], y[known], z[known]
    plane, weights = _robust_plane(x, y, z)
    rest = z - plane[0] - plane[1] * x - plane[2] * y
    middle = (outline.front + outline.back) / 2
    centre = max(MIDDLE_ZONE * outline.depth, _LEAST_ZONE_MM)
    near, far = (share * outline.depth for share in EDGE_ZONE)
    zones = (
        (outline.back + near, outline.back + far),
        (middle - centre, middle + centre),
        (outline.front - far, outline.front - near),
    )
    aside = np.abs(x - outline.x)
    offsets = np.array(
        [
            _trimmed_mean(rest[(aside <= max(share * outline.width, _LEAST_ZONE_MM)) & (y >= low) & (y <= high)])
            for share, (low, high) in zip(MEDIAN_ZONE, zones, strict=True)
        ]
    )
    if not np.isfinite(offsets).all():
        return None
    stations = np.array([outline.back, middle, outline.front])
    left = rest - np.interp(y, stations, offsets)
    residual = float(np.sqrt((weights * left**2).sum() / weights.sum()))
    return Endplate(plane, stations, offsets, residual, int(known.sum()), float((weights > 0.1).mean()))


def _robust_plane(x: Real, y: Real, z: Real) -> tuple[Real, Real]:
    terms = np.stack([np.ones_like(x), x, y], axis=1)
    weights = np.ones(len(z))
    plane = np.zeros(3)
    for _ in range(8):
        root = np.sqrt(weights)
        plane = np.linalg.lstsq(terms * root[:, None], z * root, rcond=None)[0]
        rest = np.abs(z - terms @ plane)
        scale = max(1.4826 * float(np.median(rest)), 0.3)
        ratio = np.minimum(rest / (_TUKEY * scale), 1)
        weights = (1 - ratio**2) ** 2
    return plane, weights


def _trimmed_mean(values: Real) -> float:
    """Average what lies near the median."""
    if values.size < 5:
        return float("nan")
    near = values[np.abs(values - np.median(values)) <= _TRIM_MM]
    return float(near.mean()) if near.size else float("nan")  # the median of two heaps lies between them
