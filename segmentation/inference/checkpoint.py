"""Model files: safetensors with a JSON description inside, checked by SHA-256.

One file holds the two networks of the product: ``locate.*`` finds the column, ``segment.*`` draws it.
``python -m segmentation.inference.checkpoint NAME LOCATE SEGMENT OUT [METAL_HU]`` makes it of two training runs' files.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file

from segmentation.core.atomic import atomic_path, write_atomically
from segmentation.core.errors import BadWeights
from segmentation.networks import Network, build, describe, described
from segmentation.preprocessing.preprocess import InputSpec

DEFAULT_MODEL = Path(__file__).parents[1] / "weights" / "spineview.safetensors"
METADATA = "spineview"


@dataclass(frozen=True, eq=False)
class Stage:
    """One network, the input that it expects, and the size of its windows."""

    network: Network
    input: InputSpec
    window: int


@dataclass(frozen=True, eq=False)
class Model:
    """The content of a model file: one network (what a training run writes) or both (the product)."""

    name: str
    sha256: str
    stages: dict[str, Stage]

    @property
    def id(self) -> str:
        """Name and the first 12 digits of the SHA-256: enough to tell which weights made a mask."""
        return f"{self.name}-{self.sha256[:12]}"


def sha256_of(path: Path) -> str:
    """Compute the hexadecimal SHA-256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def save_model(path: Path, name: str, stages: dict[str, Stage]) -> str:
    """Write a model file and, next to it, its SHA-256, which is returned."""
    tensors = {
        f"{stage}.{key}": value.detach().to(torch.float32).contiguous().clone()
        for stage, part in stages.items()
        for key, value in part.network.state_dict().items()
    }
    description = {
        stage: {
            "network": describe(part.network.spec),
            "input": dataclasses.asdict(part.input),
            "window": part.window,
        }
        for stage, part in stages.items()
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(path) as partial:
        # One key: safetensors writes several in an order of chance, and the same model is to have one SHA-256.
        save_file(tensors, partial, metadata={METADATA: json.dumps({"name": name, "stages": description})})
        digest = sha256_of(partial)
        partial.chmod(0o644)  # safetensors writes for its owner alone, and a package is for everybody
    write_atomically(path.with_suffix(".sha256"), f"{digest}  {path.name}\n")
    return digest


def load_model(path: Path = DEFAULT_MODEL) -> Model:
    """Read a model file.

    Raises:
        BadWeights: no such file, damaged, not ours, or its SHA-256 differs from the one in its ``.sha256`` file.
    """
    if not path.is_file():
        raise BadWeights("model.no_file", name=path.name)
    digest = sha256_of(path)
    expected = path.with_suffix(".sha256")
    if expected.is_file() and expected.read_text(encoding="ascii", errors="replace").split()[:1] != [digest]:
        raise BadWeights("model.damaged", name=path.name)
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
        tensors = load_file(path)
        content = json.loads(metadata[METADATA])
        stages = {stage: _stage(stage, part, tensors) for stage, part in content["stages"].items()}
        return Model(str(content["name"]), digest, stages)
    except (SafetensorError, LookupError, AttributeError, TypeError, ValueError, RuntimeError) as error:
        raise BadWeights("model.foreign", name=path.name) from error


def join(name: str, locate: Path, segment: Path, out: Path, metal_hu: float | None = None) -> str:
    """Join two training runs' model files into one product file; return its SHA-256.

    ``metal_hu`` hides metal above it from the ``segment`` stage, for weights that were trained without that.
    """
    paths = {"locate": locate, "segment": segment}
    stages = {stage: load_model(path).stages[stage] for stage, path in paths.items()}
    if metal_hu is not None:
        shown = dataclasses.replace(stages["segment"].input, metal_hu=metal_hu)
        stages["segment"] = dataclasses.replace(stages["segment"], input=shown)
    return save_model(out, name, stages)


def _stage(name: str, content: dict[str, Any], tensors: dict[str, torch.Tensor]) -> Stage:
    network = build(described(content["network"]))
    prefix = f"{name}."
    network.load_state_dict({k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)})
    network.eval()
    return Stage(network, InputSpec(**content["input"]), int(content["window"]))


if __name__ == "__main__":
    locator, segmenter, product = map(Path, sys.argv[2:5])
    hidden_hu = float(sys.argv[5]) if len(sys.argv) > 5 else None
    sys.stdout.write(f"{join(sys.argv[1], locator, segmenter, product, hidden_hu)}\n")
