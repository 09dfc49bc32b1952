from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from segmentation.core.errors import BadConfiguration
from segmentation.networks import DenseNet3DSpec, DenseUNetSpec, UNet3DSpec, VNetSpec
from segmentation.preprocessing.preprocess import InputSpec
from segmentation.training.ablation import load_ablation
from segmentation.training.config import TrainingConfig, load_config
from segmentation.training.config_network import FastDense3DUNet
from segmentation.training.vertebrae.config import load_names_config

DOCS = Path(__file__).parents[3] / "docs" / "training"

WHOLE = """
name: tiny
out: runs/tiny
stage: locate
spacing_mm: 4.0
window: 64
network: {stem: 1, width: 8, growth: [4, 8], encoder_layers: [1, 2], decoder_layers: [1], norm: batch}
start_from: earlier.safetensors
data:
  labelled:
    - {folder: cases/a, partial: true, weight: 2}
    - {folder: /elsewhere/b}
  validation:
    - {folder: ../c}
  label_maps: maps
  label_maps_exclude: [bad]
  unlabelled: cts
  centrelines: lines.json
  pseudo_labels: opinions
  negatives: limbs
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "run.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(BadConfiguration) as caught:
        load_config(written(folder, text))
    return caught.value.message


def test_a_whole_configuration(tmp_path):
    config = load_config(written(tmp_path, WHOLE))
    assert (config.name, config.stage, config.spacing_mm, config.window) == ("tiny", "locate", 4.0, 64)
    assert config.network == FastDense3DUNet(
        stem=1, width=8, growth=(4, 8), encoder_layers=(1, 2), decoder_layers=(1,), norm="batch"
    )
    assert [(c.partial, c.weight) for c in config.data.labelled] == [(True, 2.0), (False, 1.0)]
    assert config.data.label_maps_exclude == ("bad",)


def test_paths_are_relative_to_the_configuration_s_folder(tmp_path):
    config = load_config(written(tmp_path, WHOLE))
    base, data = tmp_path.resolve(), config.data
    assert config.out == base / "runs" / "tiny"
    assert config.start_from == base / "earlier.safetensors"
    assert [c.folder for c in data.labelled] == [base / "cases/a", Path("/elsewhere/b")]
    assert data.validation[0].folder.resolve() == base.parent / "c"
    found = (data.label_maps, data.unlabelled, data.centrelines, data.pseudo_labels, data.negatives)
    assert found == tuple(base / name for name in ("maps", "cts", "lines.json", "opinions", "limbs"))


def test_paths_that_are_not_given_stay_none(tmp_path):
    config = load_config(written(tmp_path, "name: a\nout: b\ndata: {}\n"))
    assert config.start_from is None
    assert config.data.label_maps is None
    assert config.data.negatives is None


def test_defaults_are_the_thesis_s(tmp_path):
    config = load_config(written(tmp_path, "name: a\nout: b\ndata: {}\n"))
    thesis = (config.window, config.batch, config.epochs, config.learning_rate, config.weight_decay)
    assert thesis == (128, 4, 200, 1e-4, 1e-5)
    assert (config.schedule, config.spacing_mm) == ("plateau", 1.0)


@pytest.mark.parametrize(
    ("line", "where", "right"),
    [
        ("learnin_rate: 1", "learnin_rate", "learning_rate"),
        ("epoch: 3", "epoch", "epochs"),
        ("network: {growht: [1]}", "network.growht", "growth"),
        ("network: {encoder_layer: [1]}", "network.encoder_layer", "encoder_layers"),
    ],
)
def test_an_unknown_key_names_the_nearest_right_one(tmp_path, line, where, right):
    message = refusal(tmp_path, f"name: a\nout: b\ndata: {{}}\n{line}\n")
    assert message == f"run.yaml: unknown key {where}; did you mean {right}?"


def test_an_unknown_key_inside_data_and_cases(tmp_path):
    assert "data.label_map; did you mean label_maps?" in refusal(tmp_path, "name: a\nout: b\ndata: {label_map: x}\n")
    message = refusal(tmp_path, "name: a\nout: b\ndata: {labelled: [{foldr: x, folder: y}]}\n")
    assert "unknown key data.labelled.0.foldr; did you mean folder?" in message


def test_a_key_unlike_any_other_is_named_without_advice(tmp_path):
    assert refusal(tmp_path, "name: a\nout: b\ndata: {}\nxyzzy: 1\n") == "run.yaml: unknown key xyzzy"


@pytest.mark.parametrize(
    ("line", "where"),
    [
        ("window: 16", "window"),
        ("spacing_mm: 0", "spacing_mm"),
        ("learning_rate: -1", "learning_rate"),
        ("epochs: 0", "epochs"),
        ("epochs: many", "epochs"),
        ("stage: both", "stage"),
        ("device: tpu", "device"),
        ("ema: 1", "ema"),
        ("network: {stem: 3}", "network.stem"),
        ("network: {norm: layer}", "network.norm"),
        ("network: {order: middle}", "network.order"),
        ("network: {companding: -1}", "network.companding"),
        ("data: {focus_share: 1.1}", "data.focus_share"),
        ("data: {cropped_share: -0.1}", "data.cropped_share"),
        ("network: {growth: [4, 4]}", "network"),
        ("network: {decoder_layers: [1]}", "network"),
        ("network: {width: 0}", "network.width"),
        ("network: {growth: [4, 4, 4, 0]}", "network.growth.3"),
        ("network: {growth: []}", "network.growth"),
        ("window: 72", "Value error, window must be a multiple of 16 voxels for this network, not 72"),
    ],
)
def test_an_impossible_value_is_named(tmp_path, line, where):
    assert refusal(tmp_path, f"name: a\nout: b\ndata: {{}}\n{line}\n").startswith(f"run.yaml: {where}")


def test_a_missing_key_is_named(tmp_path):
    assert refusal(tmp_path, "name: a\nout: b\n").startswith("run.yaml: data: Field required")


@pytest.mark.parametrize("text", ["name: [", "name: a: b", "\x00", ""])
def test_what_is_not_a_configuration_is_refused(tmp_path, text):
    assert "run.yaml" in refusal(tmp_path, text)
    assert ": :" not in refusal(tmp_path, text)


def test_bytes_that_are_not_text_are_refused(tmp_path):
    (tmp_path / "run.yaml").write_bytes(b"\xff\xfe\x00\xd8name")
    with pytest.raises(BadConfiguration, match=r"run\.yaml is not YAML"):
        load_config(tmp_path / "run.yaml")


def test_no_file_is_refused(tmp_path):
    with pytest.raises(BadConfiguration, match="There is no configuration file"):
        load_config(tmp_path / "none.yaml")


def test_yaml_that_would_run_code_is_refused(tmp_path):
    assert "is not YAML" in refusal(tmp_path, "name: !!python/object/apply:os.getcwd []\n")


def test_a_configuration_is_frozen():
    config = TrainingConfig.model_validate({"name": "a", "out": "b", "data": {}})
    with pytest.raises(ValidationError):
        config.epochs = 3  # type: ignore[misc]


def test_the_network_s_own_type():
    spec = FastDense3DUNet(width=8).spec()
    assert (spec.width, spec.growth, spec.in_channels) == (8, (16, 24, 32, 40), 1)
    assert (spec.order, spec.companding) == ("pre", 0.0)
    fast = FastDense3DUNet(order="post", companding=20).spec()
    assert (fast.order, fast.companding) == ("post", 20.0)


@pytest.mark.parametrize(
    ("network", "name", "spec"),
    [
        ("{}", "FastDense3DUNet", FastDense3DUNet().spec()),
        ("{name: FastDense3DUNet, width: 8}", "FastDense3DUNet", FastDense3DUNet(width=8).spec()),
        ("{name: Dense3DUNet}", "Dense3DUNet", DenseUNetSpec(stem=1, norm="batch")),
        ("{name: DenseNet3D, growth: 8}", "DenseNet3D", DenseNet3DSpec(growth=8)),
        ("{name: UNet3D, width: 4}", "UNet3D", UNet3DSpec(width=4)),
        ("{name: VNet}", "VNet", VNetSpec()),
    ],
)
def test_a_network_by_its_name(tmp_path, network, name, spec):
    config = load_config(written(tmp_path, f"name: a\nout: b\ndata: {{}}\nnetwork: {network}\n"))
    assert (config.network.name, config.network.spec()) == (name, spec)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("network: {name: ResNet}", "network: there is no such network; use FastDense3DUNet, Dense3DUNet, DenseNet3D"),
        ("network: {name: UNet3D, stem: 2}", "unknown key network.stem"),
        ("network: {name: UNet3D, widht: 2}", "unknown key network.widht; did you mean width?"),
        ("network: {name: Dense3DUNet, stem: 2}", "network.stem: Input should be 1"),
        ("network: 3", "network: "),
        ("batch: 4\naccumulate: 3", "Value error, a batch of 4 cannot be accumulated in 3 equal parts"),
        ("crop: bone", "Value error, crop is for preprocessing: whole or resize"),
        ("preprocessing: whole\nstage: locate", "Value error, the stage locate and pseudo_labels need"),
        ("preprocessing: stretch", "preprocessing: "),
        (
            "inference_window: 84",
            "Value error, inference_window must be a multiple of 16 voxels for this network, not 84",
        ),
        ("preprocessing: whole\ninference_window: 64", "Value error, inference_window is for preprocessing: patch"),
        ("metal_hu: 500", "metal_hu: Input should be greater than 1000"),
        ("network: {name: VNet}\nwindow: 40", "Value error, window must be a multiple of 16 voxels for this network"),
    ],
)
def test_an_impossible_network_or_preprocessing_is_named(tmp_path, line, message):
    assert refusal(tmp_path, f"name: a\nout: b\ndata: {{}}\n{line}\n").startswith(f"run.yaml: {message}")


def test_what_the_network_is_to_expect(tmp_path):
    text = "name: a\nout: b\ndata: {}\nwindow: 64\npreprocessing: whole\ncrop: bone\nspacing_mm: 2\n"
    assert load_config(written(tmp_path, text)).input() == InputSpec(2.0, mode="whole", edge=64, crop="bone")


def test_metal_and_the_window_of_inference(tmp_path):
    text = "name: a\nout: b\ndata: {label_maps_weight: {neck: 3}}\nwindow: 64\ninference_window: 80\nmetal_hu: 2000\n"
    config = load_config(written(tmp_path, text))
    assert config.input() == InputSpec(1.0, edge=64, metal_hu=2000)
    assert config.inference_window == 80
    assert config.data.label_maps_weight == {"neck": 3.0}


@pytest.mark.parametrize("path", sorted(DOCS.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_configuration_of_the_documentation_is_valid(path):
    if path.stem == "ablation":
        assert load_ablation(path)[1]
    elif path.stem == "names":
        assert load_names_config(path).out.parent.name == "runs"
    else:
        assert load_config(path).out.parent.name == "runs"
