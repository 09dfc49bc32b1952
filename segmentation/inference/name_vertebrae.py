"""The naming network on a CT and its spine mask: weights loaded once, vertebrae with names out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from segmentation.core.boxes import Box, bounding_box
from segmentation.core.geometry import Grid, to_canonical
from segmentation.core.volume import LabelMap, Volume
from segmentation.inference.checkpoint import load_model
from segmentation.preprocessing.preprocess import InputSpec, prepare, resample
from segmentation.vertebrae.fields import RIBS, SACRAL, VOXEL_MM, Fields, fields_of
from segmentation.vertebrae.name_spine import name_spine, nothing_named
from segmentation.vertebrae.named_spine import NamedSpine

NAMES_MODEL = Path(__file__).parents[1] / "weights" / "vertebrae.safetensors"
STAGE = "name"
# What is shown around the mask: ribs at its sides, the sacrum below, the skull above.
AROUND_MM, BELOW_MM, ABOVE_MM = 25.0, 65.0, 30.0
LEAST_ML = 2.0  # of mask; less is no vertebra


class Namer:
    """Names the vertebrae of spine masks.

    Raises:
        BadWeights: the model file is damaged or not ours.
    """

    def __init__(self, model: Path = NAMES_MODEL, device: str = "cpu") -> None:
        self.model = load_model(model)
        self.device = device
        self._stage = self.model.stages[STAGE]
        self._stage.network.to(device).to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload]

    def name(self, volume: Volume, spine: LabelMap, with_ct: bool = True) -> NamedSpine:
        """Name the vertebrae of a binary spine mask on the CT's grid; by shape alone if ``with_ct`` is False."""
        mask = spine.labels == 1
        if np.count_nonzero(mask) * spine.grid.voxel_ml < LEAST_ML:
            return nothing_named(mask.shape)
        return name_spine(mask, volume.grid, self.fields(volume, mask, with_ct))

    def fields(self, volume: Volume, mask: NDArray[np.bool_], with_ct: bool = True) -> Fields:
        """Compute the network's answers around an (I, J, K) mask; without the CT if ``with_ct`` is False."""
        box = _surroundings(mask, volume)
        part = Volume(volume.hu[box], volume.grid.cropped(box))
        prepared = prepare(part, InputSpec(VOXEL_MM))
        canonical = to_canonical(np.asarray(mask[box]), part.grid)
        share = np.clip(resample(canonical.astype(np.float32), prepared.valid_shape), 0, 1)
        image = prepared.image if with_ct else np.zeros_like(share)
        return self.answered(np.stack([image, share]), prepared.grid, with_ct)

    def answered(self, channels: NDArray[np.float32], grid: Grid, with_ct: bool = True) -> Fields:
        """Compute the network's answers for (2, I, J, K) image and share of mask, on a grid of about ``VOXEL_MM``."""
        fields = fields_of(self._run(channels), channels[1], grid)
        if not with_ct:  # no landmark is seen without a CT, whatever the network expects where one should be
            fields.tissue[[SACRAL, RIBS]] = 0.0
        return replace(fields, with_ct=with_ct)

    def _run(self, channels: NDArray[np.float32]) -> NDArray[np.float32]:
        multiple = self._stage.network.spec.multiple
        shape = channels.shape[1:]
        padded = np.pad(channels, [(0, 0), *((0, -n % multiple) for n in shape)])
        with torch.inference_mode():
            tensor = torch.from_numpy(padded)[None].to(self.device).contiguous(memory_format=torch.channels_last_3d)
            output = self._stage.network(tensor)[0].float().cpu().numpy()
        result: NDArray[np.float32] = output[:, : shape[0], : shape[1], : shape[2]]
        return result


def _surroundings(mask: NDArray[np.bool_], volume: Volume) -> Box:
    """Find the box of the mask and what is shown around it, on any axes."""
    found = bounding_box(mask)
    assert found is not None
    grid = volume.grid
    directions = grid.affine[:3, :3] / np.array(grid.spacing_mm)
    box = []
    for axis, side in enumerate(found):
        up = directions[2, axis]  # how far this axis points to the head
        lower, upper = AROUND_MM, AROUND_MM
        if abs(up) > 0.7:
            lower, upper = (BELOW_MM, ABOVE_MM) if up > 0 else (ABOVE_MM, BELOW_MM)
        spacing = grid.spacing_mm[axis]
        start = max(0, side.start - int(np.ceil(lower / spacing)))
        stop = min(grid.shape[axis], side.stop + int(np.ceil(upper / spacing)))
        box.append(slice(start, stop))
    return (box[0], box[1], box[2])
