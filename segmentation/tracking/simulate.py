"""A simulated tracker: a tool that visits planned screws, as a camera with noise, occlusion and latency sees it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from segmentation.planning.screw import Screw
from segmentation.registration import rigid
from segmentation.registration.search import Level
from segmentation.tracking.readings import ToolPose

Array = NDArray[np.float64]

TOOL, DEVICE = "Pointer", "SimulatedTracker"
_PERIODS = (3.0, 5.0, 2.0, 2.0)  # s: to the next entry, along the axis to the tip, there, back
_CYCLE_S = sum(_PERIODS)
_AWAY_MM = 60.0
_SWAY_MM, _SWAY_DEG = 3.0, 4.0  # of a hand, away from the bone; a tenth of it at the tip
_HIDDEN_EVERY_S = 15.0


@dataclass(frozen=True)
class Disturbance:
    """What is wrong with a tracker.

    Attributes:
        noise_mm, noise_deg: Standard deviation in each direction, about each axis.
        hidden_s: Of every 15 s, how long the camera does not see the tool and says so.
        silent_s: Of every 15 s, how long nothing is sent at all.
        latency_s: From the moment of a pose to its message.
    """

    noise_mm: float = 0.25
    noise_deg: float = 0.1
    hidden_s: float = 0.0
    silent_s: float = 0.0
    latency_s: float = 0.0


@dataclass(frozen=True, eq=False)
class SimulatedTracker:
    """A tool that goes from screw to screw; its origin is its tip, its z axis points from the handle to the tip.

    Attributes:
        screws: What it visits, in order; at least one.
        tracker_from_image: (4, 4) maps RAS+ mm of the image to mm of the tracker: the truth a registration has to find.
        disturbance: What is wrong with it.
        random: Source of the noise.
    """

    screws: Sequence[Screw]
    tracker_from_image: Array
    disturbance: Disturbance = field(default_factory=Disturbance)
    random: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))

    def true_pose(self, t: float) -> Array:
        """(4, 4) image_from_tool at ``t`` seconds: without noise."""
        number, within = divmod(t, _CYCLE_S)
        screw = self.screws[int(number) % len(self.screws)]
        before = self.screws[(int(number) - 1) % len(self.screws)]
        share, back = _progress(within)
        length = screw.length_mm
        tip = screw.entry_mm + screw.direction * (length * share - _AWAY_MM * back)
        axis = screw.direction
        if within < _PERIODS[0]:
            start = before.entry_mm - _AWAY_MM * before.direction
            blend = _smooth(within / _PERIODS[0])
            tip = start + blend * (screw.entry_mm - start)
            axis = before.direction + blend * (screw.direction - before.direction)
        calm = 1.0 if share == 0 else max(0.1, 1 - share)
        return _looking(tip, axis, t, calm)

    def is_hidden(self, t: float) -> bool:
        """Whether something stands between the camera and the tool at ``t`` seconds."""
        return (t % _HIDDEN_EVERY_S) >= _HIDDEN_EVERY_S - self.disturbance.hidden_s

    def is_silent(self, t: float) -> bool:
        """Whether nothing is sent at ``t`` seconds."""
        half = (t + _HIDDEN_EVERY_S / 2) % _HIDDEN_EVERY_S
        return half >= _HIDDEN_EVERY_S - self.disturbance.silent_s

    def pose(self, t: float, sent_s: float) -> ToolPose:
        """Measure the tool at ``t`` seconds, with noise; hidden now and then."""
        if self.is_hidden(t):
            return ToolPose(TOOL, np.eye(4), False, sent_s)
        noise = np.eye(4)
        noise[:3, :3] = rigid.from_vector(np.radians(self.random.normal(0, self.disturbance.noise_deg, 3)))
        seen = self.tracker_from_image @ self.true_pose(t) @ noise
        seen[:3, 3] += self.random.normal(0, self.disturbance.noise_mm, 3)
        return ToolPose(TOOL, seen, True, sent_s)


def _progress(within: float) -> tuple[float, float]:
    """Give the share of the screw's length that the tip has gone, and how far away it is drawn back, 0 to 1."""
    to_entry, ahead, rest, back = _PERIODS
    if within < to_entry:
        return 0.0, 0.0
    if within < to_entry + ahead:
        return _smooth((within - to_entry) / ahead), 0.0
    if within < to_entry + ahead + rest:
        return 1.0, 0.0
    drawn = _smooth((within - to_entry - ahead - rest) / back)
    return 1.0 - drawn, drawn


def _smooth(x: float) -> float:
    return x * x * (3 - 2 * x)


def _looking(tip: Array, axis: Array, t: float, calm: float) -> Array:
    """Build a pose at ``tip`` along ``axis``, with the sway of a hand."""
    z = axis / np.linalg.norm(axis)
    x = np.cross(z, np.eye(3)[np.argmin(np.abs(z))])
    x /= np.linalg.norm(x)
    sway = np.array([np.sin(1.1 * t), np.cos(0.7 * t), np.sin(0.5 * t + 1)])
    pose = np.eye(4)
    turn = rigid.from_vector(np.radians(_SWAY_DEG) * calm * np.roll(sway, 1))
    pose[:3, :3] = turn @ np.column_stack([x, np.cross(z, x), z])
    pose[:3, 3] = tip + _SWAY_MM * calm * sway
    return pose


def random_motion(random: np.random.Generator) -> Array:
    """Draw where a tracker stands: any rotation, up to 300 mm in each direction."""
    vector = random.normal(size=4)
    x = vector / np.linalg.norm(vector)
    half = np.arccos(np.clip(x[3], -1, 1))
    axis = x[:3] / max(float(np.linalg.norm(x[:3])), 1e-12)
    return rigid.compose(rigid.from_vector(2 * half * axis), random.uniform(-300, 300, 3))


def touched_points(level: Level, count: int, noise_mm: float, random: np.random.Generator) -> Array:
    """Touch the lamina and the spinous process: (count, 3) RAS+ mm, scattered over what a probe reaches."""
    near = level.reachable & (np.abs(level.frame.to_own(level.surface_mm)[:, 0]) < 16)
    places = level.surface_mm[near]
    chosen = places[random.choice(len(places), count, replace=count > len(places))]
    # The places lie on a lattice; a hand does not.
    moved = chosen + random.normal(0, 0.7, chosen.shape)
    distance, normal = level.field.sample(moved)
    return np.asarray(moved - distance[:, None] * normal + random.normal(0, noise_mm, moved.shape))


def touched_landmarks(level: Level, noise_mm: float, random: np.random.Generator) -> tuple[list[str], Array, Array]:
    """Touch four named places: names, (4, 3) where they were touched and (4, 3) where they are; RAS+ mm."""
    own = np.array([[0.0, -35, -5], [18, -8, 0], [-18, -8, 0], [0, -8, 12]])
    image = level.frame.to_mm(own)
    distance, normal = level.field.sample(image)
    image = image - distance[:, None] * normal
    names = ["spinous process", "right facet", "left facet", "upper lamina"]
    return names, image + random.normal(0, noise_mm, image.shape), image
