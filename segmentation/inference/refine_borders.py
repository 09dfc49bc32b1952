"""Add the scan's detail below the network's voxel size to the network's logits.

The network looks at voxels of 1.5 mm; most scans are finer, at least within their slices. Its logits, brought back to
the scan's own voxels, are smooth where the scan is not: the border of bone lies somewhere within a voxel of the
network. What the scan shows beyond what the network was shown says where: a voxel that is brighter than its
surroundings is rather bone than they are. So the difference of the two, times a constant, is added to the logits. Far
from a border it changes nothing, because logits there are large; a scan as coarse as the network's voxels has no such
difference.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from segmentation.core.geometry import to_canonical
from segmentation.core.volume import Volume
from segmentation.preprocessing.preprocess import InputSpec, Prepared, resample

# Logits for the whole range of the clamp (1000 HU). Both scans that can be tested on gain from 1 to 4
# (docs/experiments.md); noise of 60 HU is then worth 0.18.
PER_RANGE = 3.0


def refine(logits: NDArray[np.float32], volume: Volume, prepared: Prepared, spec: InputSpec) -> None:
    """Sharpen (I, J, K) ``logits`` on ``volume.grid`` in place; ``prepared`` is what the network saw of ``volume``.

    Works slice by slice, so that no second copy of the scan is held.
    """
    logits = to_canonical(logits[prepared.box], prepared.source)  # a view: writing to it changes what came in
    hu = to_canonical(np.asarray(volume.hu)[prepared.box], prepared.source)
    i, j, k = prepared.valid_shape
    shape = (logits.shape[0], logits.shape[1], logits.shape[2])
    seen = resample(prepared.image[:i, :j, :k], (i, j, shape[2]))
    for slice_ in range(shape[2]):
        shown = resample(seen[:, :, slice_ : slice_ + 1], (shape[0], shape[1], 1))[:, :, 0]
        first = max(0, slice_ - 1)  # metal hides its neighbours, those above and below as well
        there = spec.to_unit(spec.clamp(hu[:, :, first : slice_ + 2])[:, :, slice_ - first])
        logits[:, :, slice_] += np.float32(PER_RANGE) * (there - shown)
