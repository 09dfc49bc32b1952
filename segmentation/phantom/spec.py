"""Specification of the phantom: levels, field of view, voxels, deformity and noise."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from segmentation.core.errors import BadConfiguration
from segmentation.core.geometry import Grid
from segmentation.core.labels import HEAD_TO_FOOT, NUMBERS

Vector = tuple[float, float, float]

MODELLED = HEAD_TO_FOOT[HEAD_TO_FOOT.index("C3") : HEAD_TO_FOOT.index("sacrum")]
_AXES = {"R": (0, 1), "L": (0, -1), "A": (1, 1), "P": (1, -1), "S": (2, 1), "I": (2, -1)}


@dataclass(frozen=True)
class PhantomSpec:
    """Specification of a spine and the scan of it.

    Attributes:
        levels: Vertebrae from head to foot, neighbours in the spine; C3 to L6 (the atlas and axis, which have
            another shape, are not modelled).
        sacrum: Add the upper sacrum and the iliac wings below; only where the last level is lumbar.
        lordosis_deg: Angle between the mid-planes of the first and the last lumbar level.
        kyphosis_deg: Angle between T1 and T12; a part of it is shown where fewer levels are.
        spacing_mm: Along the array axes i, j, k.
        orientation: Where the array axes point, three letters such as ``"LPS"``.
        rotation_deg: Obliqueness: the grid is turned about the R, A and S axes, in this order.
        fov_mm: Length covered along R, A and S (before the rotation); None covers the levels and a slim body.
        centre_mm: Middle of the scan relative to the middle of the levels; None suits ``fov_mm``.
        ribs, organs: Draw ribs; draw lungs, kidneys, vessels, bowel.
        noise_hu: Standard deviation of the noise.
        lifelike: Draw bone more as a scanner shows it: a thin cortex, coarse trabeculae, processes that taper, ribs
            that meet their vertebrae, and a steep whole sacrum whose wings meet the hip bones, in a trunk that has room
            for it. Bodies, canals and discs of the spine measure the same; the sacrum's slope does not.
        seed: Of everything random.

    Raises:
        BadConfiguration: a value that has no meaning.
    """

    levels: tuple[str, ...] = ("T11", "T12", "L1", "L2", "L3", "L4", "L5")
    sacrum: bool = True
    lordosis_deg: float = 40.0
    kyphosis_deg: float = 35.0
    spacing_mm: Vector = (1.5, 1.5, 1.5)
    orientation: str = "LPS"
    rotation_deg: Vector = (0.0, 0.0, 0.0)
    fov_mm: Vector | None = None
    centre_mm: Vector | None = None
    ribs: bool = True
    organs: bool = True
    noise_hu: float = 15.0
    lifelike: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        self._check_levels()
        if len(self.orientation) != 3 or {_AXES.get(c, (9, 0))[0] for c in self.orientation} != {0, 1, 2}:
            raise BadConfiguration("phantom.bad_orientation", orientation=self.orientation)
        for lengths in (self.spacing_mm, self.fov_mm or (1, 1, 1)):
            if len(lengths) != 3 or not all(np.isfinite(s) and s > 0 for s in lengths):
                raise BadConfiguration("phantom.bad_lengths", lengths=str(lengths))
        if not (np.isfinite(self.noise_hu) and self.noise_hu >= 0):
            raise BadConfiguration("phantom.negative_noise", noise=self.noise_hu)
        if not (abs(self.lordosis_deg) <= 90 and abs(self.kyphosis_deg) <= 90):
            raise BadConfiguration("phantom.curved_too_much")

    def _check_levels(self) -> None:
        unknown = [name for name in self.levels if name not in MODELLED]
        if unknown or not self.levels:
            raise BadConfiguration("phantom.unknown_level", level=str(unknown), first=MODELLED[0], last=MODELLED[-1])
        for upper, lower in pairwise(self.levels):
            if lower not in _below(upper):
                raise BadConfiguration("phantom.wrong_order", lower=lower, upper=upper)

    @property
    def numbers(self) -> tuple[int, ...]:
        """VerSe numbers of the levels."""
        return tuple(NUMBERS[name] for name in self.levels)

    def grid(self, fov_mm: Vector, centre_mm: Vector) -> Grid:
        """Make the scan's grid: ``fov_mm`` long along R, A, S, with its middle at ``centre_mm``."""
        world = [_AXES[letter] for letter in self.orientation]
        shape = tuple(max(2, round(fov_mm[axis] / s)) for (axis, _), s in zip(world, self.spacing_mm, strict=True))
        linear = np.zeros((3, 3))
        for column, ((axis, sign), spacing) in enumerate(zip(world, self.spacing_mm, strict=True)):
            linear[axis, column] = sign * spacing
        affine = np.eye(4)
        affine[:3, :3] = rotation(self.rotation_deg) @ linear
        affine[:3, 3] = np.array(centre_mm) - affine[:3, :3] @ ((np.array(shape) - 1) / 2)
        return Grid((shape[0], shape[1], shape[2]), affine)


def rotation(degrees: Vector) -> NDArray[np.float64]:
    """Make the (3, 3) rotation about the first axis, then the second, then the third."""
    x, y, z = np.radians(degrees)
    about_x = np.array([[1, 0, 0], [0, np.cos(x), -np.sin(x)], [0, np.sin(x), np.cos(x)]])
    about_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    about_z = np.array([[np.cos(z), -np.sin(z), 0], [np.sin(z), np.cos(z), 0], [0, 0, 1]])
    return np.asarray(about_z @ about_y @ about_x)


def _below(name: str) -> tuple[str, ...]:
    """List what may follow a level: T13 is optional."""
    place = MODELLED.index(name)
    following = MODELLED[place + 1 : place + 2]
    return (*following, "L1") if name == "T12" else following
