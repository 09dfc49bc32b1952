"""The segmentation engine: weights loaded once, a CT in, a mask on the same grid out.

Two passes. ``locate`` runs over the whole body on coarse voxels and says where the column is; ``segment`` runs on
fine voxels around it and says which voxels are vertebra. So the second, which costs nearly all of the time, is
spent where the spine is, and a rib or a femur far from the column is never even looked at.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from monai.inferers.utils import sliding_window_inference
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor

from segmentation.core.boxes import bounding_box
from segmentation.core.errors import BadConfiguration, BadWeights, OperationCancelled
from segmentation.core.progress import CancelCheck, Progress, ignore, never
from segmentation.core.volume import LabelMap, Volume
from segmentation.inference.checkpoint import DEFAULT_MODEL, Stage, load_model
from segmentation.inference.confidence import Confidence, ConfidenceFeatures, expected_dice, measure, score
from segmentation.inference.judge import LAST_CERVICAL, judged
from segmentation.inference.kinds import LEAST_METAL_ML, Kind, like_ct, measure_kind
from segmentation.inference.name_vertebrae import NAMES_MODEL as NAMES_MODEL
from segmentation.inference.name_vertebrae import Namer
from segmentation.inference.postprocess import (
    LEAST_EXPECTED_DICE,
    is_perhaps_spine,
    is_plausible_spine,
    keep_main_column,
    keep_spine,
    probability_of,
)
from segmentation.inference.refine_borders import refine
from segmentation.preprocessing.metal import metal_box
from segmentation.preprocessing.preprocess import OUTSIDE_LOGIT, Mode, Prepared, prepare, resample, restore
from segmentation.vertebrae.named_spine import NamedSpine, SegmentedSpine

Array = NDArray[np.float32]

# As nnU-Net (Isensee et al. 2021, doi:10.1038/s41592-020-01008-z): at a window's border the network sees half as much.
OVERLAP = 0.5
# Two windows at a time: with one, torch falls back to a convolution that is several times slower on a CPU.
WINDOWS_AT_ONCE = 2
SMALLEST_WINDOW = 64
# Generous at the column's border, where what is left out is lost; whether there is a column at all is judged by what
# the locator does believe in (see is_plausible_spine).
COLUMN_LOGIT = -1.0
# Processes reach beyond the closed column that the locator was taught.
SEARCH_RADIUS_MM = 20.0
# Context that the second pass sees around the column.
MARGIN_MM = 24.0


class Engine:
    """Segment spines. Safe to call from several threads: calls wait for each other.

    Attributes:
        device: ``"cpu"`` or ``"cuda"``.
        model_id: Name and abbreviated SHA-256 of the weights.
        notes: What the last call had to do without, in plain sentences (smaller windows, CPU, no spine found).
        features: What was measured of the last call's prediction; None before the first.

    ``names`` are the weights that name vertebrae: then a segmentation's ``vertebrae`` are filled in.

    Raises:
        BadWeights: the model file is damaged or not ours.
        BadConfiguration: ``device`` is unknown, or a GPU was asked for and there is none.
    """

    def __init__(
        self,
        model: Path | None = None,
        device: str = "auto",
        log: Callable[[str], None] | None = None,
        names: Path | None = None,
    ) -> None:
        self.model = load_model(model or DEFAULT_MODEL)
        self.model_id = self.model.id
        if "segment" not in self.model.stages:
            raise BadWeights("model.only_locates", model=self.model_id)
        self._segment = self.model.stages["segment"]
        self.device = _pick_device(device)
        self.namer = None if names is None else Namer(names, self.device)
        self.notes: list[str] = []
        self.features: ConfidenceFeatures | None = None
        self._log = log
        self._lock = threading.Lock()
        for stage in self.model.stages.values():
            stage.network.to(self.device).to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload]

    @property
    def naming_model_id(self) -> str:
        """Name and abbreviated SHA-256 of the weights that name vertebrae; empty where none are named."""
        return "" if self.namer is None else self.namer.model.id

    @property
    def confidence(self) -> Confidence | None:
        """Confidence in the last call's mask; None before the first."""
        return None if self.features is None else score(self.features)

    def segment(
        self,
        volume: Volume,
        progress: Progress = ignore,
        cancelled: CancelCheck = never,
        mode: Mode = "patch",
    ) -> SegmentedSpine:
        """Segment the spine of a CT, as a binary label map on ``volume.grid``, with its vertebrae if they are named.

        Mode ``patch`` is the product's: overlapping windows at the model's spacing. Mode ``whole`` is the
        thesis's down-sampling step: the scan scaled by one factor into 128^3 and shown to the network once.
        A model that was trained on whole scans is always shown whole scans, the way it was trained.

        Raises:
            OperationCancelled: ``cancelled`` answered True; asked between windows and stages.
        """
        return self._segmented(volume, progress, cancelled, mode)[0]

    def segment_with_probabilities(
        self,
        volume: Volume,
        progress: Progress = ignore,
        cancelled: CancelCheck = never,
        mode: Mode = "patch",
    ) -> tuple[SegmentedSpine, Array]:
        """Segment as ``segment`` does, and return each voxel's probability too, (I, J, K) float32.

        It is at least one half exactly where the mask is set, also where cleaning up removed or filled voxels.
        """
        label_map, logits = self._segmented(volume, progress, cancelled, mode, keep_logits=True)
        assert logits is not None
        return label_map, probability_of(logits, label_map.labels > 0)

    def logits(self, volume: Volume, mode: Mode = "patch") -> Array:
        """Compute (I, J, K) float32 logits on ``volume.grid``, before threshold and cleaning up."""
        with self._lock:
            prediction = self._predict(volume, _Reporter(ignore, never), mode)
            return self._restored(prediction, volume)

    def feature_maps(self, volume: Volume) -> dict[str, Array]:
        """Compute each level's feature maps, (C, I, J, K) by name, of one window at the centre of the spine found.

        ``input`` is the window itself. Axes are R, A, S; the finest level has half of the window's resolution.
        """
        with self._lock:
            stage, report = self._segment, _Reporter(ignore, never)
            prediction = self._patches(volume, report)
            found = np.argwhere(prediction.logits > 0)
            centre = found.mean(axis=0) if len(found) else np.array(prediction.logits.shape) / 2
            corner = np.clip((centre - stage.window / 2).astype(int), 0, None)
            image = prediction.prepared.image[tuple(slice(c, c + stage.window) for c in corner)]
            image = np.pad(image, [(0, stage.window - n) for n in image.shape])
            with torch.inference_mode():
                tensor = torch.from_numpy(image)[None, None].to(self.device)
                output, maps = stage.network.levels(tensor)
            named = {"input": tensor, **maps, "logits": output}
            return {name: value[0].float().cpu().numpy() for name, value in named.items()}

    def _segmented(
        self, volume: Volume, progress: Progress, cancelled: CancelCheck, mode: Mode, keep_logits: bool = False
    ) -> tuple[SegmentedSpine, Array | None]:
        """Compute the mask, and the logits if asked for: they are twice as large as the scan."""
        with self._lock:
            self.notes, self.features = [], None
            report = _Reporter(progress, cancelled)
            prediction = self._predict(volume, report, mode)
            report(0.9, "restoring")
            restored = self._restored(prediction, volume)
            mask, logits = restored > 0, restored if keep_logits else None
            del restored
            report(0.95, "cleaning up")
            mask = keep_spine(mask, volume.grid.voxel_ml * 1000)
            if not mask.any():
                self._note("No spine was found in this scan.")
            named, kind = None, measure_kind(volume, mask)
            if self.namer is not None:
                report(0.97, "naming")
                named = self.namer.name(volume, LabelMap(mask.astype(np.uint8), volume.grid))
                named = judged(named, volume, prediction.logits, prediction.prepared, kind)
            self.features = _features(prediction, named, kind)
            report(1.0, "done")
            return SegmentedSpine(mask.astype(np.uint8), volume.grid, "spine", volume.header, vertebrae=named), logits

    def _predict(self, volume: Volume, report: _Reporter, mode: Mode) -> _Prediction:
        report(0.0, "locating")
        spec = self._segment.input
        mode = mode if spec.mode == "patch" else spec.mode
        if mode == "patch":
            return self._patches(volume, report)
        prepared = prepare(volume, spec, mode)
        report.span(0.1, 0.9, "segmenting")
        return _Prediction(self._run(self._segment, prepared.image, spec.edge, report), prepared, None)

    def _restored(self, prediction: _Prediction, volume: Volume) -> Array:
        restored = restore(prediction.logits, prediction.prepared)
        if prediction.in_windows:
            refine(restored, volume, prediction.prepared, self._segment.input)
        metal_hu = self._segment.input.metal_hu
        if metal_hu is not None and (box := metal_box(volume.hu, metal_hu)) is not None:
            restored[box][volume.hu[box] > metal_hu] = OUTSIDE_LOGIT
        return restored

    def _patches(self, volume: Volume, report: _Reporter) -> _Prediction:
        prepared = prepare(volume, self._segment.input)
        column, reach, certain = self._column(volume, prepared.image.shape, report)
        logits = np.full(prepared.image.shape, OUTSIDE_LOGIT, dtype=np.float32)
        report.span(0.2, 0.9, "segmenting")
        box = bounding_box(reach, margin=round(MARGIN_MM / self._segment.input.spacing_mm))
        if box is not None:
            inside = self._run(self._segment, prepared.image[box], self._segment.window, report)
            logits[box] = np.where(reach[box], inside, OUTSIDE_LOGIT)
        if column is not None and not certain and expected_dice(logits) < LEAST_EXPECTED_DICE:
            logits[:], column[:] = OUTSIDE_LOGIT, False
        return _Prediction(logits, prepared, column, in_windows=True)

    def _column(
        self, volume: Volume, shape: tuple[int, ...], report: _Reporter
    ) -> tuple[NDArray[np.bool_] | None, NDArray[np.bool_], bool]:
        """Locate the column on the coarse grid, and mark where a vertebra may be, on the fine grid of ``shape``.

        False at the end where the second pass is to decide whether that is a spine at all.
        """
        stage = self.model.stages.get("locate")
        if stage is None:
            return None, np.ones(shape, dtype=bool), True
        prepared = prepare(volume, stage.input)
        report.span(0.02, 0.2, "locating")
        logits = self._run(stage, prepared.image, stage.window, report)
        found = keep_main_column(keep_spine(logits > COLUMN_LOGIT, stage.input.spacing_mm**3), stage.input.spacing_mm)
        positive = logits[found & (logits > 0)]
        certain = is_plausible_spine(positive, stage.input.spacing_mm)
        if not certain and not is_perhaps_spine(positive):
            found[:] = False
        if not found.any():
            return found, np.zeros(shape, dtype=bool), True
        near = ndimage.distance_transform_edt(~found) * stage.input.spacing_mm <= SEARCH_RADIUS_MM
        i, j, k = shape
        return found, resample(near.astype(np.float32), (i, j, k)) > 0.5, certain

    def _run(self, stage: Stage, image: Array, window: int, report: _Reporter) -> Array:
        """Compute logits of an (I, J, K) image.

        Falls back to smaller windows, then to the CPU, if the GPU's memory ends.
        """
        while True:
            try:
                return self._windows(stage, image, window, report)
            except torch.cuda.OutOfMemoryError:
                torch.cuda.empty_cache()
                if window > SMALLEST_WINDOW:
                    multiple = stage.network.spec.multiple
                    window = max(SMALLEST_WINDOW, window // 2 // multiple * multiple)
                    self._note(f"The GPU's memory ran out; the windows were made smaller ({window} voxels).")
                else:
                    self._to_cpu()

    def _windows(self, stage: Stage, image: Array, window: int, report: _Reporter) -> Array:
        total = window_count(image.shape, window)
        done = 0

        def predict(windows: Tensor) -> Tensor:
            nonlocal done
            report.check()
            logits: Tensor = stage.network(windows.contiguous(memory_format=torch.channels_last_3d))
            done += len(windows)
            report.within(min(1.0, done / total))
            return logits

        with torch.inference_mode():
            output = sliding_window_inference(
                torch.from_numpy(np.ascontiguousarray(image))[None, None].to(self.device),
                (window,) * 3,
                WINDOWS_AT_ONCE,
                predict,
                overlap=OVERLAP,
                mode="gaussian",
            )
        assert isinstance(output, Tensor)
        result: Array = output[0, 0].float().cpu().numpy()
        return result

    def _to_cpu(self) -> None:
        self._note("The GPU's memory ran out; this scan was segmented on the CPU.")
        self.device = "cpu"
        for stage in self.model.stages.values():
            stage.network.to("cpu")

    def _note(self, sentence: str) -> None:
        self.notes.append(sentence)
        if self._log is not None:
            self._log(sentence)


@dataclass(frozen=True, eq=False)
class _Prediction:
    """Logits on the grid of ``prepared``, and the column located, if any, on a coarser one of the same extent.

    ``in_windows``: of windows at full resolution, not of the whole scan made small.
    """

    logits: Array
    prepared: Prepared
    column: NDArray[np.bool_] | None
    in_windows: bool = False


def _features(prediction: _Prediction, named: NamedSpine | None, kind: Kind | None) -> ConfidenceFeatures:
    """Measure a prediction; ``kind`` is None where the mask is empty."""
    i, j, k = prediction.prepared.valid_shape
    if kind is None:
        nothing = np.full((i, j, k), OUTSIDE_LOGIT, dtype=np.float32)
        return measure(nothing, prediction.prepared.grid, prediction.prepared.source, prediction.column)
    logits = prediction.logits[:i, :j, :k]
    features = measure(logits, prediction.prepared.grid, prediction.prepared.source, prediction.column)
    features = replace(features, metal=kind.metal_ml >= LEAST_METAL_ML, like_ct=like_ct(kind))
    if named is None:
        return features
    cervical = [one.label <= LAST_CERVICAL for one in named.vertebrae]
    return replace(features, neck=float(np.mean(cervical or [False])), names_sure=named.sure)


class _Reporter:
    """Progress of one part mapped into the progress of the whole, and the check whether to stop."""

    def __init__(self, progress: Progress, cancelled: CancelCheck) -> None:
        self._progress, self._cancelled = progress, cancelled
        self._low, self._high, self._stage = 0.0, 1.0, ""
        self._reached = 0.0  # windows shown again, smaller, must not turn the progress back

    def __call__(self, fraction: float, stage: str) -> None:
        self.check()
        self._reached = max(self._reached, fraction)
        self._progress(self._reached, stage)

    def span(self, low: float, high: float, stage: str) -> None:
        self._low, self._high, self._stage = low, high, stage
        self(low, stage)

    def within(self, fraction: float) -> None:
        self._reached = max(self._reached, self._low + (self._high - self._low) * fraction)
        self._progress(self._reached, self._stage)

    def check(self) -> None:
        if self._cancelled():
            raise OperationCancelled("The segmentation was cancelled.")


def window_count(shape: tuple[int, ...], window: int) -> int:
    """Count the windows of ``window``^3 that the sliding window takes for an image of ``shape``."""
    step = int(window * (1 - OVERLAP))
    return math.prod(max(0, math.ceil((n - window) / step)) + 1 for n in shape)


def _pick_device(name: str) -> str:
    if name not in ("auto", "cpu", "cuda"):
        raise BadConfiguration("device.unknown", name=name)
    available = torch.cuda.is_available()
    if name == "cuda" and not available:
        raise BadConfiguration("device.no_cuda")
    return "cuda" if name != "cpu" and available else "cpu"
