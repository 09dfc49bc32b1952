"""Tiny networks compared on a phantom: every run once, resumed where it was killed, and said plainly."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from segmentation.cli.ablation import as_csv, markdown, order, summarise
from segmentation.cli.main import main
from segmentation.core.errors import BadConfiguration
from segmentation.phantom import Phantom
from segmentation.training.ablation import Result, compare, load_ablation
from segmentation.writers import write_nifti, write_volume

UNET = {"name": "UNet3D", "width": 2, "depth": 1}
DENSE = {"name": "Dense3DUNet", "width": 4, "growth": [2, 4], "encoder_layers": [1, 1], "decoder_layers": [1]}


@pytest.fixture(autouse=True)
def _same_number_of_threads():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def cases(small_phantom: Phantom, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cases")
    for name in ("trained-on", "tested-on"):
        (folder / name).mkdir()
        write_volume(small_phantom.volume, folder / name / "ct.nii.gz")
        write_nifti(small_phantom.labels, folder / name / "vert.nii.gz")
    return folder


def written(folder: Path, cases: Path, **changes: Any) -> Path:
    content = {
        "out": "runs",
        "seeds": [1, 2],
        "rows": [
            {"network": UNET, "preprocessing": "resize"},
            {"network": DENSE, "preprocessing": "resize"},
            {"network": DENSE, "preprocessing": "whole", "crop": "bone"},
            {"network": DENSE, "preprocessing": "patch"},
        ],
        "test": [{"folder": str(cases / "tested-on"), "partial": True}],
        "training": {
            "window": 32,
            "spacing_mm": 4.0,
            "epochs": 1,
            "steps_per_epoch": 2,
            "batch": 1,
            "device": "cpu",
            "threads": 1,
            "data": {"labelled": [{"folder": str(cases / "trained-on")}]},
        },
    }
    path = folder / "small.yaml"
    path.write_text(yaml.safe_dump(content | changes), encoding="utf-8")
    return path


def test_every_run_is_made_once_and_the_table_is_printed(cases, tmp_path, capsys, monkeypatch):
    path = written(tmp_path, cases)
    assert main(["ablation", str(path)]) == 0
    first = capsys.readouterr().out
    folders = sorted(str(p.parent.relative_to(tmp_path)) for p in tmp_path.rglob("result.json"))
    names = ["Dense3DUNet-patch", "Dense3DUNet-resize", "Dense3DUNet-whole-bone", "UNet3D-resize"]
    assert folders == [f"runs/{name}/seed-{seed}" for name in names for seed in (1, 2)]
    assert (tmp_path / "runs/UNet3D-resize/seed-1/curves.png").is_file()
    table = (tmp_path / "runs/table.md").read_text()
    assert first.rstrip().endswith(table.rstrip())
    assert "| Dense3DUNet | whole, cut to its bone |" in table
    assert (
        "here 1 scans and 0 label maps to train on, 1 to test on (tested-on), 2 steps of 1 at 32³ voxels, seeds: 2"
        in table
    )

    monkeypatch.setattr("segmentation.training.ablation.train", lambda *_: pytest.fail("a finished run was run again"))
    assert main(["ablation", str(path)]) == 0
    assert capsys.readouterr().out.rstrip() == table.rstrip()


def test_what_was_killed_goes_on_with_the_runs_that_are_missing(cases, tmp_path, monkeypatch):
    ablation, plan = load_ablation(written(tmp_path, cases, rows=[{"network": UNET}, {"network": DENSE}]))
    from segmentation.training.trainer import train

    made: list[Path] = []

    def dies(config: Any, *rest: Any) -> Path:
        if len(made) == 2:
            raise KeyboardInterrupt
        made.append(config.out)
        return train(config, *rest)

    monkeypatch.setattr("segmentation.training.ablation.train", dies)
    with pytest.raises(KeyboardInterrupt):
        compare(ablation, plan, lambda _: None)
    first, made = made, []
    results = compare(ablation, plan, lambda _: None)
    assert [*first, *made] == [run.config.out for run in plan]
    assert [(result.variant, result.seed) for result in results] == [
        (name, seed) for name in ("UNet3D-resize", "Dense3DUNet-resize") for seed in (1, 2)
    ]
    assert results[0].dice.keys() == {"tested-on"}
    assert (results[0].scans, results[0].label_maps, results[0].steps) == (1, 0, 2)


def test_a_run_of_another_configuration_is_not_taken_for_this_one(cases, tmp_path):
    rows: dict[str, Any] = {"rows": [{"network": UNET}], "seeds": [1]}
    compare(*load_ablation(written(tmp_path, cases, **rows)), lambda _: None)
    path = written(tmp_path, cases, **rows)
    path.write_text(path.read_text().replace("batch: 1", "batch: 2"))
    with pytest.raises(BadConfiguration, match="holds a run with another configuration"):
        compare(*load_ablation(path), lambda _: None)
    (tmp_path / "runs/UNet3D-resize/seed-1/result.json").unlink()
    with pytest.raises(BadConfiguration, match="holds a run with another configuration"):
        compare(*load_ablation(path), lambda _: None)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rows": [{"network": UNET}, {"network": UNET | {"width": 4}}]}, "two rows are UNet3D-resize"),
        ({"rows": []}, "rows"),
        ({"rows": [{"network": {"name": "ResNet"}}]}, "there is no such network"),
        ({"rows": [{"network": UNET, "preprocesing": "patch"}]}, "did you mean preprocessing"),
        ({"training": {"seed": 3}}, "training.seed is decided by rows, seeds and out"),
        ({"training": {"epoch": 3, "data": {}}}, "UNet3D-resize: unknown key epoch; did you mean epochs"),
        ({"seed": [1]}, "unknown key seed; did you mean seeds"),
    ],
)
def test_an_impossible_comparison_is_refused_before_anything_is_trained(cases, tmp_path, changes, message):
    with pytest.raises(BadConfiguration, match=r"small\.yaml") as caught:
        load_ablation(written(tmp_path, cases, **changes))
    assert message in caught.value.message


def test_a_scan_is_not_both_trained_on_and_tested_on(cases, tmp_path):
    path = written(tmp_path, cases, test=[{"folder": str(cases / "trained-on")}])
    with pytest.raises(BadConfiguration, match="The test scan trained-on is also trained on"):
        compare(*load_ablation(path), lambda _: None)
    with pytest.raises(BadConfiguration, match="names no test scan"):
        compare(*load_ablation(written(tmp_path, cases, test=[])), lambda _: None)


ROWS = [("DenseNet3D", "resize"), ("UNet3D", "resize"), ("Dense3DUNet", "resize"), ("Dense3DUNet", "whole")]


def table_of(cases: Path, folder: Path, dice: list[list[float]]) -> tuple[list, list, list]:
    """Plan, results and rows of a comparison that somebody else has run; ``dice`` by row and seed."""
    networks = {"DenseNet3D": {"name": "DenseNet3D", "layers": [1]}, "UNet3D": UNET, "Dense3DUNet": DENSE}
    rows = [{"network": networks[name], "preprocessing": mode} for name, mode in ROWS]
    _, plan = load_ablation(written(folder, cases, rows=rows))
    flat = [value for by_seed in dice for value in by_seed]
    results = [
        Result(run.variant.name, run.config.seed, {"a": value - 0.1, "b": value + 0.1}, 2, 3, 1000, 60, 0.5)
        for run, value in zip(plan, flat, strict=False)
    ]
    return plan, results, summarise(plan, results)


def test_the_figures_of_the_table_by_hand(cases, tmp_path):
    plan, results, rows = table_of(cases, tmp_path, [[0.60, 0.64], [0.7, 0.7], [0.71, 0.73], [0.8, 0.82]])
    assert [(round(row.mean, 6), round(row.deviation, 4)) for row in rows][:2] == [(62, 2.8284), (70, 0)]
    assert [row.thesis for row in rows] == [70.2, 76.1, 78.3, 80.7]
    lines = markdown(rows, plan, results)
    assert lines[2] == "| DenseNet3D | resize | 1,000 | 0.5 | 62.0 ± 2.8 | 60.0, 64.0 | 70.2 |"
    assert any("cannot be compared" in line and "2 to test on (a, b), 60 steps" in line for line in lines)
    assert lines[-1].startswith("The order is the thesis's. Thesis: DenseNet3D-resize (70.2) < UNet3D-resize (76.1)")
    table = list(csv.DictReader(as_csv(rows).splitlines()))
    assert (table[3]["network"], table[3]["preprocessing"], table[3]["thesis"]) == ("Dense3DUNet", "whole", "80.7")
    assert (table[0]["dice_mean"], table[0]["dice_seed_2"]) == ("62.000", "64.000")


def test_another_order_than_the_thesis_s_is_said(cases, tmp_path):
    rows = table_of(cases, tmp_path, [[0.60, 0.64], [0.75, 0.75], [0.71, 0.73], [0.74, 0.74]])[2]
    said = order(rows)
    assert said[0].startswith("THE ORDER DIFFERS FROM THE THESIS'S.")
    assert said[1:] == [
        "UNet3D-resize is 3.0 above Dense3DUNet-resize, more than the sum of their deviations over the seeds.",
        "UNet3D-resize is 1.0 above Dense3DUNet-whole, more than the sum of their deviations over the seeds.",
    ]


def test_a_table_of_the_runs_that_are_finished(cases, tmp_path):
    plan, results, rows = table_of(cases, tmp_path, [[0.6]])
    assert len(rows) == 1
    assert "| 60.0 ± nan | 60.0 |" in markdown(rows, plan, results)[2]
    assert order(rows) == ["Of the thesis's rows there are too few for an order."]


def test_a_result_names_its_configuration(cases, tmp_path):
    ablation, plan = load_ablation(written(tmp_path, cases, rows=[{"network": UNET}], seeds=[7]))
    compare(ablation, plan, lambda _: None)
    kept = json.loads((plan[0].config.out / "result.json").read_text())
    assert kept["configuration"]["seed"] == 7
    assert 0 <= kept["result"]["dice"]["tested-on"] <= 1
