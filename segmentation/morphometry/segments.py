"""Motion segments: the height of a disc, and the slip of the vertebra above it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from segmentation.morphometry.anatomy.frame import Frame, Real
from segmentation.morphometry.anatomy.sacrum import SacralEndplate
from segmentation.morphometry.anatomy.shape import Shape
from segmentation.morphometry.anatomy.surface_fit import Endplate
from segmentation.morphometry.results import DiscMeasures, Point, known

_BEYOND = 0.15  # of the depth, so that edges of different depths can be compared
_LEAST_SLIP_MM = 2.0
_GRADE_PERCENT = (25.0, 50.0, 75.0, 100.0)


@dataclass(frozen=True, eq=False)
class Plate:
    """An endplate of a bone, in the patient.

    Attributes:
        bone: Name of the bone.
        frame: In which the fit lies.
        fit: The surface.
        x: Of the median plane.
        front, back: y of its ends.
        half_width: Half its transverse diameter.
        error_mm: Standard uncertainty of its height.
        error_deg: Standard uncertainty of its tilt.
    """

    bone: str
    frame: Frame
    fit: Endplate
    x: float
    front: float
    back: float
    half_width: float
    error_mm: float
    error_deg: float

    def at(self, y: float) -> Real:
        """Give the point of the surface at ``y`` in the median plane, RAS+ mm."""
        return self.frame.to_mm((self.x, y, self.fit.height(self.x, y)))

    @property
    def middle(self) -> Real:
        """(3,) its middle, RAS+ mm."""
        return self.at((self.front + self.back) / 2)

    @property
    def normal(self) -> Real:
        """(3,) unit vector towards the head."""
        return np.asarray(self.frame.axes @ self.fit.normal)

    @property
    def depth_mm(self) -> float:
        """Sagittal diameter, mm."""
        return self.front - self.back

    def line(self, plane: str) -> tuple[Point, Point]:
        """Give two points of the plane's line in the patient's coronal or sagittal plane, RAS+ mm.

        From the left to the right, or from the back to the front: its steepness is the tilt that angles are made of.
        """
        y = (self.front + self.back) / 2
        middle = self.frame.to_mm((self.x, y, float(self.fit.plane @ (1.0, self.x, y))))
        across, half = (0, self.half_width) if plane == "coronal" else (1, self.depth_mm / 2)
        along = np.zeros(3)
        along[across], along[2] = self.normal[2], -self.normal[across]
        along *= half / np.linalg.norm(along)
        return point(middle - along), point(middle + along)


def point(at: Real) -> Point:
    """Convert (3,) to a tuple of plain numbers."""
    return (float(at[0]), float(at[1]), float(at[2]))


def plates_of(shape: Shape, name: str, error_mm: float, error_deg: float) -> tuple[Plate, Plate] | None:
    """Give the superior and the inferior endplate of a vertebra; None where it has no body."""
    body = shape.body
    if body is None:
        return None
    common = (body.middle[0], body.front, body.back, body.width_mm / 2, error_mm, error_deg)
    return Plate(name, shape.frame, body.superior, *common), Plate(name, shape.frame, body.inferior, *common)


def plate_of_sacrum(found: SacralEndplate, half_width: float, error_mm: float, error_deg: float) -> Plate:
    """Give the endplate of S1."""
    return Plate("sacrum", found.frame, found.superior, 0.0, found.front, found.back, half_width, error_mm, error_deg)


def measure_disc(above: Plate, below: Plate) -> DiscMeasures:
    """Measure between an inferior and the superior endplate below it.

    Heights are taken at right angles to the mid-plane of the disc, in the median plane: at the mean of the two front
    edges, of the two back edges, and half-way. The slip is the distance between the back edges along that mid-plane,
    positive where the upper vertebra has moved forwards; its grade is Meyerding's (1932), by the depth of the endplate
    below.
    """
    up = above.normal + below.normal
    frame = Frame.of((above.middle + below.middle) / 2, up, above.frame.axes[:, 1] + below.frame.axes[:, 1])
    upper, lower = (_profile(plate, frame) for plate in (above, below))
    front = float((_edge(above, above.front, frame)[1] + _edge(below, below.front, frame)[1]) / 2)
    back = float((_edge(above, above.back, frame)[1] + _edge(below, below.back, frame)[1]) / 2)
    error = float(np.hypot(above.error_mm, below.error_mm))
    heights = {
        f"{name}_height_mm": known(float(_height(upper, y) - _height(lower, y)), error * factor)
        for name, y, factor in (("anterior", front, 1.5), ("middle", (front + back) / 2, 1.0), ("posterior", back, 1.5))
    }
    slip = float(_edge(above, above.back, frame)[1] - _edge(below, below.back, frame)[1])
    slip_error = float(np.hypot(0.3, 1.5 * error))
    percent = 100 * slip / below.depth_mm
    cosine = float(np.clip(above.normal @ below.normal, -1, 1))
    wedge = np.sign((np.cross(above.normal, below.normal)) @ -frame.axes[:, 0]) * np.degrees(np.arccos(cosine))
    values = {
        **heights,
        "wedge_angle_deg": known(float(wedge), float(np.hypot(above.error_deg, below.error_deg))),
        "slip_mm": known(slip, slip_error),
        "slip_percent": known(percent, 100 * slip_error / below.depth_mm),
    }
    landmarks = {
        "upper_anterior": point(above.at(above.front)), "upper_posterior": point(above.at(above.back)),
        "lower_anterior": point(below.at(below.front)), "lower_posterior": point(below.at(below.back)),
    }  # fmt: skip
    grade = meyerding_grade(slip, percent)
    direction = "none" if grade == 0 else "anterior" if slip > 0 else "posterior"
    return DiscMeasures(above.bone, below.bone, values, grade, direction, landmarks)


def meyerding_grade(slip_mm: float, percent: float) -> int:
    """Grade a slip: I below 25 %, II below 50 %, III below 75 %, IV up to 100 %, V beyond (spondyloptosis).

    Less than 2 mm, which is within what healthy spines and a CT's voxels show, is no slip: 0.
    """
    if abs(slip_mm) < _LEAST_SLIP_MM:
        return 0
    return 1 + sum(abs(percent) >= limit for limit in _GRADE_PERCENT)


def _edge(plate: Plate, y: float, frame: Frame) -> Real:
    return frame.to_local(plate.at(y))


def _profile(plate: Plate, frame: Frame) -> tuple[Real, Real]:
    """Give y and z of the endplate's median line in another frame, a little beyond its ends."""
    more = _BEYOND * plate.depth_mm
    points = np.array([plate.at(y) for y in np.linspace(plate.back - more, plate.front + more, 61)])
    local = frame.to_local(points)
    order = np.argsort(local[:, 1])
    return local[order, 1], local[order, 2]


def _height(profile: tuple[Real, Real], y: float) -> float:
    return float(np.interp(y, *profile))
