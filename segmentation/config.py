"""Training configuration: YAML in, one frozen and validated object out."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Annotated, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, PositiveInt, ValidationError, model_validator

from segmentation.errors import BadConfiguration
from segmentation.networks.dense_unet import DenseUNetSpec

Levels = Annotated[tuple[PositiveInt, ...], Field(min_length=1)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Case(_Frozen):
    """A labelled CT. ``partial``: vertebrae cut by the scan's border are visible but not labelled (VerSe)."""

    folder: Path
    partial: bool = False
    weight: float = Field(1.0, gt=0)


class Data(_Frozen):
    """Where the training data lie. Every list may be empty; ``labelled`` and ``label_maps`` not both.

    Attributes:
        labelled: Folders with ``ct.nii.gz`` and ``vert.nii.gz``.
        validation: Labelled folders that are never trained on; their Dice chooses the checkpoint.
        label_maps: Folder of ``*.nii.gz`` label maps without a CT: images are synthesised from them.
        unlabelled: Folder of CTs whose column runs where ``centrelines`` says.
        pseudo_labels: Folder of masks for CTs in ``unlabelled``, by the same name: self-training.
        negatives: Folder of CTs without any spine.
    """

    labelled: tuple[Case, ...] = ()
    validation: tuple[Case, ...] = ()
    label_maps: Path | None = None
    label_maps_exclude: tuple[str, ...] = ()
    unlabelled: Path | None = None
    centrelines: Path | None = None
    pseudo_labels: Path | None = None
    negatives: Path | None = None
    synthetic_share: float = Field(0.4, ge=0, le=1)


class Network(_Frozen):
    """See :class:`segmentation.networks.DenseUNetSpec`."""

    stem: Literal[1, 2, 4] = 2
    width: PositiveInt = 16
    growth: Levels = (16, 24, 32, 40)
    encoder_layers: Levels = (2, 3, 3, 3)
    decoder_layers: tuple[PositiveInt, ...] = (1, 2, 2)
    norm: Literal["batch", "group"] = "group"

    @model_validator(mode="after")
    def _levels_agree(self) -> Self:
        levels = len(self.growth)
        if len(self.encoder_layers) != levels or len(self.decoder_layers) != levels - 1:
            raise ValueError(f"{levels} levels of growth need {levels} encoder_layers and {levels - 1} decoder_layers")
        return self

    def spec(self) -> DenseUNetSpec:
        """As the network's own type."""
        return DenseUNetSpec(**self.model_dump())


class TrainingConfig(_Frozen):
    """Everything a training run depends on. Defaults are the thesis's where it names a value.

    Attributes:
        stage: ``locate`` learns the column as one piece on coarse voxels, ``segment`` the vertebrae.
        window: Edge of a training crop and of an inference window, voxels.
        schedule: ``plateau`` (the thesis: reduced when validation stalls) or ``cosine`` (for short budgets).
        ema: Decay of the averaged weights that are validated and saved; 0 keeps the raw ones.
        steps_per_epoch: Batches between two validations.
        threads: CPU threads; 0 leaves it to torch.
        start_from: A model file to take this stage's weights from, where a run does not begin from nothing.
    """

    name: str
    out: Path
    data: Data
    stage: Literal["locate", "segment"] = "segment"
    spacing_mm: float = Field(1.0, gt=0.2, le=8)
    window: int = Field(128, ge=32, le=256)
    network: Network = Network()
    epochs: int = Field(200, ge=1)
    steps_per_epoch: int = Field(100, ge=1)
    batch: int = Field(4, ge=1)
    learning_rate: float = Field(1e-4, gt=0)
    weight_decay: float = Field(1e-5, ge=0)
    schedule: Literal["plateau", "cosine"] = "plateau"
    patience: int = 10
    ema: float = Field(0.0, ge=0, lt=1)
    max_minutes: float | None = None
    seed: int = 1
    device: Literal["auto", "cpu", "cuda"] = "auto"
    threads: int = 0
    start_from: Path | None = None

    @model_validator(mode="after")
    def _window_fits(self) -> Self:
        multiple = self.network.spec().multiple
        if self.window % multiple:
            raise ValueError(f"window must be a multiple of {multiple} voxels for this network, not {self.window}")
        return self


def load_config(path: Path) -> TrainingConfig:
    """Read a YAML configuration; paths in it are relative to the folder it lies in.

    Raises:
        BadConfiguration: no such file, not YAML, an unknown key (with the nearest right one), or a bad value.
    """
    if not path.is_file():
        raise BadConfiguration(f"There is no configuration file {path}.")
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        return _resolved(TrainingConfig.model_validate(content), path.parent.resolve())
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BadConfiguration(f"{path.name} is not YAML: {error}") from error
    except ValidationError as error:
        raise BadConfiguration(f"{path.name}: {_first_problem(error)}") from error


def _first_problem(error: ValidationError) -> str:
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    if first["type"] != "extra_forbidden":
        return ": ".join(part for part in (where, first["msg"]) if part)
    known = [*TrainingConfig.model_fields, *Data.model_fields, *Network.model_fields, *Case.model_fields]
    near = difflib.get_close_matches(str(first["loc"][-1]), known, n=1)
    return f"unknown key {where}" + (f"; did you mean {near[0]}?" if near else "")


def _resolved(config: TrainingConfig, base: Path) -> TrainingConfig:
    def at(path: Path | None) -> Path | None:
        return None if path is None else base / path

    data = config.data
    cases = {
        key: tuple(case.model_copy(update={"folder": base / case.folder}) for case in getattr(data, key))
        for key in ("labelled", "validation")
    }
    folders = {
        key: at(getattr(data, key)) for key in ("label_maps", "unlabelled", "centrelines", "pseudo_labels", "negatives")
    }
    return config.model_copy(
        update={
            "out": base / config.out,
            "start_from": at(config.start_from),
            "data": data.model_copy(update={**cases, **folders}),
        }
    )
