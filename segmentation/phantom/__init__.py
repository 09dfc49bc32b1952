"""Synthetic spine CT (a digital phantom) of which every length and angle is known.

It is the demo study and the tests' input: no patient data, made from a seed, in any orientation and spacing.
Bones are analytic distance functions in each vertebra's own frame: the truth does not depend on the voxels.
"""

from __future__ import annotations

from segmentation.phantom.make import Phantom, make_phantom, write_phantom
from segmentation.phantom.spec import PhantomSpec

__all__ = ["Phantom", "PhantomSpec", "make_phantom", "write_phantom"]
