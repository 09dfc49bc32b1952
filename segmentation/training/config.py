"""Configuration of a training run: read from YAML into one frozen and validated object."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Literal, Self, TypeVar

import yaml
from pydantic import Field, PositiveFloat, ValidationError, model_validator

from segmentation.core.errors import BadConfiguration
from segmentation.preprocessing.preprocess import InputSpec
from segmentation.training.config_network import NETWORKS, FastDense3DUNet, Frozen, Network


class Case(Frozen):
    """One labelled CT. ``partial``: vertebrae cut by the scan's border are visible but not labelled (VerSe)."""

    folder: Path
    partial: bool = False
    weight: float = Field(1.0, gt=0)


class Data(Frozen):
    """Places of the training data. Every list may be empty; ``labelled`` and ``label_maps`` not both.

    Attributes:
        labelled: Folders with ``ct.nii.gz`` and ``vert.nii.gz``.
        validation: Labelled folders that are never trained on; their Dice chooses the checkpoint.
        verse: The VerSe release in its own layout (see ``segmentation.training.verse``): its training split is
            trained on, its validation split chooses the checkpoint, its test split is left alone.
        label_maps: Folder of ``*.nii.gz`` label maps without a CT: images are synthesised from them.
        label_maps_exclude: Parts of the names of label maps that are left out.
        label_maps_weight: Part of a name to how often such a label map is drawn, beside 1 for the others.
        unlabelled: Folder of CTs whose column runs where ``centrelines`` says.
        pseudo_labels: Folder of masks for CTs in ``unlabelled``, by the same name: self-training.
        negatives: Folder of CTs without any spine.
        junction_weight: How often one of those is drawn in which the top of the sacrum or the bottom of the skull is
            marked; None draws them as the others.
        unlabelled_weight, negatives_weight: How often one of them is drawn, relative to 1 for a labelled case.
        synthetic_share: Of the crops, those made from label maps.
        focus_share: Of the crops of scans, those centred near the column; the others show what is not spine.
        cropped_share: Of the crops, those that end inside the window, as small fields of view do.
        metal_share: Of the crops, those with implants and their streaks drawn into them.
    """

    labelled: tuple[Case, ...] = ()
    validation: tuple[Case, ...] = ()
    verse: Path | None = None
    label_maps: Path | None = None
    label_maps_exclude: tuple[str, ...] = ()
    label_maps_weight: dict[str, PositiveFloat] = Field(default_factory=dict)
    unlabelled: Path | None = None
    centrelines: Path | None = None
    pseudo_labels: Path | None = None
    negatives: Path | None = None
    unlabelled_weight: float = Field(0.3, gt=0)
    junction_weight: float | None = Field(None, gt=0)
    negatives_weight: float = Field(0.05, gt=0)
    synthetic_share: float = Field(0.4, ge=0, le=1)
    focus_share: float = Field(0.9, ge=0, le=1)
    cropped_share: float = Field(0.15, ge=0, le=1)
    metal_share: float = Field(0.06, ge=0, le=1)


class TrainingConfig(Frozen):
    """Configuration of everything a training run depends on. Defaults are the thesis's where it names a value.

    Attributes:
        stage: ``locate`` learns the column, filled to one piece, on coarse voxels, ``segment`` the vertebrae.
        preprocessing, crop: What the network sees of a scan:
            see ``segmentation.preprocessing.preprocess.InputSpec``.
        metal_hu: Voxels above this density are shown as air: see the same key of ``InputSpec``.
        window: Edge of a training crop and of an inference window, or of the whole scan, in voxels.
        inference_window: Edge of an inference window, where it is not that of the training crops.
        accumulate: Parts in which a batch goes through the network, where memory holds no whole batch. The loss is
            then the mean of the parts', and batch normalisation sees one part at a time.
        schedule: ``plateau`` (the thesis: reduced when validation stalls) or ``cosine`` (for short budgets).
        ema: Decay of the averaged weights that are validated and saved; 0 keeps the raw ones.
        steps_per_epoch: Batches between two validations.
        threads: CPU threads; 0 leaves it to torch.
        precision: ``bfloat16`` runs the convolutions in half of the bits (torch.autocast): several times faster on
            processors with AMX and on GPUs, many times slower on others. Weights, norms' sums and loss stay float32.
        compile: Translate the network by torch.compile first: minutes once, then a third less a step. Needs a
            C++ compiler.
        start_from: A model file to take this stage's weights from, where a run does not begin from nothing.
    """

    name: str
    out: Path
    data: Data
    stage: Literal["locate", "segment"] = "segment"
    spacing_mm: float = Field(1.0, gt=0.2, le=8)
    preprocessing: Literal["patch", "whole", "resize"] = "patch"
    crop: Literal["none", "bone"] = "none"
    metal_hu: float | None = Field(None, gt=1000)
    window: int = Field(128, ge=32, le=256)
    inference_window: int | None = Field(None, ge=32, le=256)
    network: Network = FastDense3DUNet()
    epochs: int = Field(200, ge=1)
    steps_per_epoch: int = Field(100, ge=1)
    batch: int = Field(4, ge=1)
    accumulate: int = Field(1, ge=1)
    learning_rate: float = Field(1e-4, gt=0)
    weight_decay: float = Field(1e-5, ge=0)
    schedule: Literal["plateau", "cosine"] = "plateau"
    patience: int = 10
    ema: float = Field(0.0, ge=0, lt=1)
    max_minutes: float | None = None
    seed: int = 1
    device: Literal["auto", "cpu", "cuda"] = "auto"
    threads: int = 0
    precision: Literal["float32", "bfloat16"] = "float32"
    compile: bool = False
    start_from: Path | None = None

    @model_validator(mode="after")
    def _window_fits(self) -> Self:
        multiple = self.network.spec().multiple
        for key, edge in (("window", self.window), ("inference_window", self.inference_window or self.window)):
            if edge % multiple:
                raise ValueError(f"{key} must be a multiple of {multiple} voxels for this network, not {edge}")
        return self

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        if self.batch % self.accumulate:
            raise ValueError(f"a batch of {self.batch} cannot be accumulated in {self.accumulate} equal parts")
        if self.preprocessing != "patch" and (self.stage == "locate" or self.data.pseudo_labels):
            raise ValueError("the stage locate and pseudo_labels need preprocessing: patch")
        if self.preprocessing != "patch" and self.inference_window is not None:
            raise ValueError("inference_window is for preprocessing: patch; a whole scan fills one window")
        if self.preprocessing == "patch" and self.crop != "none":
            raise ValueError("crop is for preprocessing: whole or resize; a patch has its full resolution already")
        return self

    def input(self) -> InputSpec:
        """Return the input that the network is to expect."""
        return InputSpec(
            self.spacing_mm, mode=self.preprocessing, edge=self.window, crop=self.crop, metal_hu=self.metal_hu
        )


def load_config(path: Path) -> TrainingConfig:
    """Read a YAML configuration; paths in it are relative to the folder it lies in.

    Raises:
        BadConfiguration: no such file, not YAML, an unknown key (with the nearest right one), or a bad value.
    """
    return resolved(read_yaml(path, TrainingConfig), path.parent.resolve())


Configuration = TypeVar("Configuration", bound=Frozen)


def read_yaml(path: Path, kind: type[Configuration]) -> Configuration:
    """Read a YAML file as a validated ``kind``; raises BadConfiguration as ``load_config`` does."""
    if not path.is_file():
        raise BadConfiguration("config.no_file", path=path)
    try:
        return kind.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BadConfiguration("yaml.unreadable", name=path.name, detail=error) from error
    except ValidationError as error:
        raise BadConfiguration("config.invalid", name=path.name, detail=first_problem(error, kind)) from error


def first_problem(error: ValidationError, kind: type[Frozen]) -> str:
    """Describe the first thing wrong with a configuration of ``kind``, in one sentence."""
    first = error.errors()[0]
    networks = {network.__name__: network for network in NETWORKS}
    where = ".".join(str(part) for part in first["loc"] if part not in networks)
    if first["type"] != "extra_forbidden":
        return ": ".join(part for part in (where, first["msg"]) if part)
    named = [networks[str(part)] for part in first["loc"] if part in networks]
    models: list[type[Frozen]] = named or [kind, TrainingConfig, Data, Case]
    known = {key for model in models for key in model.model_fields}
    key = str(first["loc"][-1])
    near = difflib.get_close_matches(key, sorted(known - {key}), n=1)
    return f"unknown key {where}" + (f"; did you mean {near[0]}?" if near else "")


def resolved(config: TrainingConfig, base: Path) -> TrainingConfig:
    """Return the same configuration with paths relative to ``base``."""

    def at(path: Path | None) -> Path | None:
        return None if path is None else base / path

    data = config.data
    cases = {
        key: tuple(case.model_copy(update={"folder": base / case.folder}) for case in getattr(data, key))
        for key in ("labelled", "validation")
    }
    folders = {
        key: at(getattr(data, key))
        for key in ("verse", "label_maps", "unlabelled", "centrelines", "pseudo_labels", "negatives")
    }
    return config.model_copy(
        update={
            "out": base / config.out,
            "start_from": at(config.start_from),
            "data": data.model_copy(update={**cases, **folders}),
        }
    )
