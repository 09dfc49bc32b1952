"""Specification of a phantom for measuring: the size and the place of each vertebra, the voxels, the values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segmentation.core.labels import NUMBERS, SACRUM
from segmentation.phantom.spec import PhantomSpec, Vector

Real = NDArray[np.float64]


@dataclass(frozen=True)
class Level:
    """Size of one vertebra, mm, and how it stands, degrees.

    Attributes:
        name: ``"L3"``; ``"sacrum"`` is its first segment, with wings and without an arch.
        anterior, posterior: Heights of the body at its front and back edge.
        hollow: Depth of each endplate's dent in the middle.
        width, depth: Of the body, an ellipse.
        canal_depth, canal_width: At the height of the pedicles.
        pedicle_width, pedicle_height: Of an ellipse.
        disc: Height of the disc below, between the middles of the endplates.
        sagittal_tilt: Lean of the superior axis to the front.
        coronal_tilt: Lean of the superior axis to the patient's right.
        rotation: Turn of the front to the patient's left.
        slip: Forward shift against the vertebra below, along the mid-plane of the disc.
        core_hu: Of the spongy bone.
    """

    name: str
    anterior: float = 27.0
    posterior: float = 27.0
    hollow: float = 0.0
    width: float = 44.0
    depth: float = 33.0
    canal_depth: float = 17.0
    canal_width: float = 23.0
    pedicle_width: float = 9.0
    pedicle_height: float = 14.0
    disc: float = 9.0
    sagittal_tilt: float = 0.0
    coronal_tilt: float = 0.0
    rotation: float = 0.0
    slip: float = 0.0
    core_hu: float = 150.0

    @property
    def number(self) -> int:
        """VerSe number."""
        return NUMBERS[self.name]

    @property
    def is_sacrum(self) -> bool:
        """Whether it has wings instead of an arch."""
        return self.number == SACRUM

    @property
    def height(self) -> float:
        """Height between the endplates' planes at the middle of the body, mm."""
        return (self.anterior + self.posterior) / 2


@dataclass(frozen=True)
class SpineSpec:
    """Specification of one phantom.

    Attributes:
        name: Of the case.
        levels: From head to foot.
        spacing_mm, orientation, rotation_deg: Of the grid, as in ``PhantomSpec``.
        shell_hu: Of the 1.2 mm of dense bone under every surface; None leaves it out.
        noise_hu: Standard deviation of the noise.
    """

    name: str
    levels: tuple[Level, ...]
    spacing_mm: Vector = (1.0, 1.0, 1.0)
    orientation: str = "RAS"
    rotation_deg: Vector = (0.0, 0.0, 0.0)
    shell_hu: float | None = None
    noise_hu: float = 8.0

    def grid_spec(self) -> PhantomSpec:
        """Give a specification with the same grid."""
        return PhantomSpec(spacing_mm=self.spacing_mm, orientation=self.orientation, rotation_deg=self.rotation_deg)


@dataclass(frozen=True, eq=False)
class Placed:
    """A level in the patient: the centre of its body, RAS+ mm, and its axes (right, anterior, superior columns)."""

    level: Level
    centre_mm: Real
    axes: Real

    def normal(self, upwards: bool) -> Real:
        """(3,) unit vector at right angles to the superior or inferior endplate, towards the head."""
        slope = (self.level.anterior - self.level.posterior) / 2 / self.level.depth * (1 if upwards else -1)
        local = np.array([0.0, -slope, 1.0])
        return np.asarray(self.axes @ (local / np.linalg.norm(local)))

    def point(self, y: float, upwards: bool) -> Real:
        """Give the point of an endplate's plane at ``y`` in the median plane, RAS+ mm."""
        level = self.level
        half = (level.height / 2 + (level.anterior - level.posterior) / 2 * y / level.depth) * (1 if upwards else -1)
        return np.asarray(self.centre_mm + self.axes @ np.array([0.0, y, half]))


def place(spec: SpineSpec) -> list[Placed]:
    """Stand the levels on each other from head to foot, the middle of the row at the origin."""
    placed: list[Placed] = []
    for level in spec.levels:
        axes = _axes(level)
        if not placed:
            placed.append(Placed(level, np.zeros(3), axes))
            continue
        above = placed[-1]
        here = Placed(level, np.zeros(3), axes)
        up = above.normal(False) + here.normal(True)
        up /= np.linalg.norm(up)
        front = above.axes[:, 1] + axes[:, 1]
        front -= up * (front @ up)
        front /= np.linalg.norm(front)
        # Between the dents: the truth of the disc's middle height counts them.
        top = above.point(0.0, False) - up * above.level.disc - front * above.level.slip
        placed.append(Placed(level, top - here.point(0.0, True), axes))
    middle = (placed[0].centre_mm + placed[-1].centre_mm) / 2
    return [Placed(each.level, each.centre_mm - middle, each.axes) for each in placed]


def _axes(level: Level) -> Real:
    """Turn about the superior axis first, then lean in the coronal and in the sagittal plane."""
    up = np.array([np.tan(np.radians(level.coronal_tilt)), np.tan(np.radians(level.sagittal_tilt)), 1.0])
    up /= np.linalg.norm(up)
    front = np.array([0.0, 1.0, 0.0]) - up * up[1]
    front /= np.linalg.norm(front)
    right = np.cross(front, up)
    angle = np.radians(level.rotation)
    front, right = front * np.cos(angle) - right * np.sin(angle), right * np.cos(angle) + front * np.sin(angle)
    return np.stack([right, front, up], axis=1)
