"""Print every figure that the README and the model card claim, from the code as it stands.

python bench/run.py [--model FILE] [--device auto|cpu|cuda] [--cases DIR] [--windows 2]

Speed: Engine.segment on a phantom of the size of a chest CT (512 x 512 x 133 voxels), in a process of its own,
beside a network of nnU-Net's size on the same scan and machine. The viewer: bench/viewer.py. Accuracy,
where --cases names labelled scans: what `spineview evaluate` prints.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

SHAPE = (512, 512, 133)
SPACING_MM = (0.7, 0.7, 2.5)
# nnU-Net v2, "3d_fullres": Isensee et al. 2021, doi:10.1038/s41592-020-01008-z.
NNUNET_FILTERS = (32, 64, 128, 256, 320, 320)
NNUNET_WINDOW = 128
NNUNET_SPACING_MM = 1.5
NNUNET_STEP = NNUNET_WINDOW // 2


def main() -> int:
    """Run each measurement in a fresh process, so that memory and warm caches are its own."""
    options = parse()
    if options.part is not None:
        print(json.dumps(PARTS[options.part](options)))
        return 0
    print(f"machine     {platform.processor() or platform.machine()}, {os.cpu_count()} CPU cores")
    with tempfile.TemporaryDirectory() as folder:
        options.folder = Path(folder)
        scan = measure("phantom", options)
        print(f"scan        phantom, {' x '.join(map(str, scan['shape']))} voxels, {scan['spacing_mm']} mm")
        engine, rival = measure("engine", options), measure("nnunet", options)
    report(engine, rival)
    subprocess.run([sys.executable, str(Path(__file__).with_name("viewer.py"))], check=False)
    if options.cases is not None:
        arguments = ["evaluate", "--cases", str(options.cases), "--device", options.device]
        arguments += ["--model", str(options.model)] if options.model else []
        print(flush=True)
        return subprocess.run([sys.executable, "-m", "segmentation.cli.main", *arguments], check=False).returncode
    return 0


def parse() -> argparse.Namespace:
    """Options; ``--part`` and ``--folder`` are how the program calls itself."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--cases", type=Path)
    parser.add_argument("--windows", type=int, default=2, help="windows of the nnU-Net-sized network to time")
    parser.add_argument("--part", choices=PARTS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def report(engine: dict[str, Any], rival: dict[str, Any]) -> None:
    """Both networks and their ratio."""
    print(
        f"SpineView   {engine['seconds']:.1f} s on {engine['device']} with {engine['model']} "
        f"({engine['parameters'] / 1e6:.1f} M parameters), peak memory {engine['peak_gib']:.1f} GiB"
    )
    for note in engine["notes"]:
        print(f"            note: {note}")
    print(
        f"nnU-Net     {rival['seconds']:.1f} s, extrapolated from {rival['timed']} of {rival['windows']} windows of "
        f"{NNUNET_WINDOW}^3 at {NNUNET_SPACING_MM} mm ({rival['parameters'] / 1e6:.1f} M parameters, MONAI DynUNet "
        f"of nnU-Net's size,\n            untrained: speed only; no mirroring, no resampling counted), "
        f"peak memory {rival['peak_gib']:.1f} GiB"
    )
    print(f"ratio       SpineView is {rival['seconds'] / engine['seconds']:.1f} times as fast")


def measure(part: str, options: argparse.Namespace) -> dict[str, Any]:
    """Run one part in a process of its own and read what it prints last."""
    command = [sys.executable, __file__, "--part", part, "--folder", str(options.folder)]
    command += ["--device", options.device, "--windows", str(options.windows)]
    command += ["--model", str(options.model.resolve())] if options.model else []
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"bench: the part {part} failed")
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def phantom(options: argparse.Namespace) -> dict[str, Any]:
    """Write the scan that both are timed on."""
    from segmentation.phantom import PhantomSpec, write_phantom

    fov_mm = tuple(n * mm for n, mm in zip(SHAPE, SPACING_MM, strict=True))
    levels = (*(f"T{n}" for n in range(4, 13)), "L1", "L2", "L3")
    spec = PhantomSpec(levels=levels, sacrum=False, spacing_mm=SPACING_MM, fov_mm=(fov_mm[0], fov_mm[1], fov_mm[2]))
    made = write_phantom(options.folder, spec)
    return {"shape": list(made.volume.grid.shape), "spacing_mm": list(SPACING_MM)}


def engine(options: argparse.Namespace) -> dict[str, Any]:
    """Time one segmentation, reading and loading not counted, and this process's peak memory."""
    from segmentation.core.errors import InputError
    from segmentation.inference.engine import Engine
    from segmentation.readers import read_volume

    volume = read_volume(options.folder / "ct.nii.gz")
    try:
        running = Engine(options.model, options.device)
    except InputError as error:
        raise SystemExit(f"bench: {error.message}") from error
    started = time.perf_counter()
    running.segment(volume)
    seconds = time.perf_counter() - started
    return {
        "seconds": seconds,
        "device": running.device,
        "model": running.model_id,
        "parameters": sum(p.numel() for stage in running.model.stages.values() for p in stage.network.parameters()),
        "notes": running.notes,
        "peak_gib": peak_gib(),
    }


def nnunet(options: argparse.Namespace) -> dict[str, Any]:
    """Time a few windows of a network of nnU-Net's size and extrapolate to the scan."""
    import torch
    from monai.networks.nets import DynUNet

    device = "cuda" if options.device != "cpu" and torch.cuda.is_available() else "cpu"
    levels = len(NNUNET_FILTERS)
    network = DynUNet(
        spatial_dims=3,
        in_channels=1,
        out_channels=2,
        kernel_size=[3] * levels,
        strides=[1] + [2] * (levels - 1),
        upsample_kernel_size=[2] * (levels - 1),
        filters=list(NNUNET_FILTERS),
    )
    network.eval().to(device)
    window = torch.zeros((1, 1, *(NNUNET_WINDOW,) * 3), device=device)
    with torch.inference_mode():
        network(window)  # the first pass also chooses algorithms and allocates
        started = time.perf_counter()
        for _ in range(options.windows):
            network(window)[0, 0, 0, 0, 0].item()  # reading a value waits for a GPU to finish
        each = (time.perf_counter() - started) / options.windows
    lengths = [round(n * mm / NNUNET_SPACING_MM) for n, mm in zip(SHAPE, SPACING_MM, strict=True)]
    windows = math.prod(max(0, math.ceil((n - NNUNET_WINDOW) / NNUNET_STEP)) + 1 for n in lengths)
    return {
        "seconds": each * windows,
        "windows": windows,
        "timed": options.windows,
        "parameters": sum(p.numel() for p in network.parameters()),
        "peak_gib": peak_gib(),
    }


def peak_gib() -> float:
    """Return the most memory this process ever held, in GiB (Linux counts it in KiB)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2


PARTS = {"phantom": phantom, "engine": engine, "nnunet": nnunet}

if __name__ == "__main__":
    sys.exit(main())
