"""Send odd and damaged scans to a real server: what is sound must be read right, and nothing else may suffer.

    python scripts/fuzz_dicom.py --minutes 60 --seed 0

Every upload comes from a seed: a DICOM series with wounds, or one of the kinds of fuzz_kinds.py, sound or with wounds.
The seed is printed where something is wrong: a sound scan refused or read with another size or spacing, an answer 5xx,
a server that died, a file outside its folder, more memory than the limit. Ends with 1 then; prints counts in any case.
"""

from __future__ import annotations

import argparse
import io
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from bench.memory import Memory
from scripts.fuzz_kinds import Files, Kind, kinds
from segmentation.core.geometry import Grid
from segmentation.core.volume import Volume
from segmentation.phantom.dicom import SYNTAXES, DicomSpec, write_dicom
from segmentation.readers import DEFAULT_LIMITS

_HOSTILE_NAMES = ["../../outside", "/tmp/outside", "..\\outside", "a/../../../outside", "\x00", "x" * 5000, "con", "."]
_LENGTHS = [0, 1, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 0xFFFFFFFE]


def corpus() -> list[Files]:
    """Sound series, as lists of files: every transfer syntax, classic and enhanced, and some repairs."""
    shape = (34, 34, 14)
    i, j, k = np.meshgrid(*map(np.arange, shape), indexing="ij")
    hu = np.rint(300 * np.sin(i / 5) * np.cos(j / 6) + 20 * k - 200)
    hu[:3] = -1000
    volume = Volume(hu.astype(np.int16), Grid(shape, np.diag([-1.5, -1.5, 2.0, 1.0])))
    specs = [DicomSpec(syntax, multiframe=each) for syntax in SYNTAXES for each in (False, True)]
    specs += [DicomSpec(tilt_deg=15), DicomSpec(missing=(5,)), DicomSpec(thinned_from=6), DicomSpec(preamble=False)]
    specs += [DicomSpec(syntax, multiframe=True, acquisitions=2) for syntax in ("explicit", "rle")]
    series = []
    for spec in specs:
        with tempfile.TemporaryDirectory() as folder:
            series.append([path.read_bytes() for path in write_dicom(volume, Path(folder), spec)])
    return series


def mutant(series: list[Files], seed: int) -> Files:
    """Make the files of one upload: a sound series with some of its files damaged, perhaps in a damaged zip."""
    chance = random.Random(seed)
    files = list(chance.choice(series))
    for number in range(len(files)):
        if chance.random() < (0.3 if len(files) > 1 else 0.9):
            files[number] = damaged(files[number], chance)
    if chance.random() < 0.3:
        packed = zipped(files, chance)
        return [damaged(packed, chance) if chance.random() < 0.6 else packed]
    return files


def upload_of(series: list[Files], odd: list[Kind], seed: int) -> Kind:
    """Make the upload of a seed: half of them of the odd kinds, of which half are sound; the kind has no shape else."""
    chance = random.Random(seed)
    if chance.random() < 0.5:
        return Kind("damaged DICOM", mutant(series, seed), shape=(), spacing_mm=())
    kind = chance.choice(odd)
    if chance.random() < 0.5:
        return kind
    files = [
        damaged(data, chance) if chance.random() < (0.3 if len(kind.files) > 1 else 1) else data for data in kind.files
    ]
    return Kind(f"damaged: {kind.name}", files, kind.suffix, (), ())


def damaged(data: bytes, chance: random.Random) -> bytes:
    """One to eight wounds: bits, lengths, cuts, repeats, swaps, zeros. Most hit the header, where meaning is."""
    wounds: list[Callable[[bytearray, int], None]] = [
        lambda d, at: d.__setitem__(at, chance.randrange(256)),
        lambda d, at: d.__setitem__(at, d[at] ^ (1 << chance.randrange(8))),
        lambda d, at: d.__setitem__(slice(at, at + 4), chance.choice(_LENGTHS).to_bytes(4, "little")),
        lambda d, at: d.__setitem__(slice(at, at + 2), (chance.choice(_LENGTHS) & 0xFFFF).to_bytes(2, "little")),
        lambda d, at: d.__delitem__(slice(at, None)),
        lambda d, at: d.__delitem__(slice(at, at + chance.randrange(1, 64))),
        lambda d, at: d.__setitem__(slice(at, at), d[at : at + chance.randrange(1, 2000)]),
        lambda d, at: d.__setitem__(slice(at, at), bytes(chance.randrange(1, 64))),
        lambda d, at: d.__setitem__(
            slice(at, at + 8), chance.choice([b"nan     ", b"-1e308\\0", b"inf\\inf ", b"9" * 8])
        ),
    ]
    result = bytearray(data)
    for _ in range(chance.randrange(1, 9)):
        if not result:
            break
        end = len(result) if chance.random() < 0.4 else min(len(result), 2500)
        chance.choice(wounds)(result, chance.randrange(end))
    return bytes(result)


def zipped(files: Files, chance: random.Random) -> bytes:
    """Make a zip with some hostile names, links and zips inside."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, data in enumerate(files):
            name = f"{number}" if chance.random() < 0.9 else chance.choice(_HOSTILE_NAMES) + str(number)
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            if chance.random() < 0.03:
                entry.external_attr = 0o120777 << 16
            archive.writestr(entry, data)
        if chance.random() < 0.1:
            archive.writestr("inner.zip", buffer.getvalue())
        if chance.random() < 0.1:
            archive.writestr("zeros", bytes(20_000_000))
    return buffer.getvalue()


@dataclass
class Tally:
    """What happened: answers by kind, and the seeds of what must not happen."""

    answers: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def expect(self, fact: bool, seed: int, what: str) -> None:
        """Note what is wrong."""
        if not fact:
            self.wrong.append(f"seed {seed}: {what}")
            print(self.wrong[-1], flush=True)


def send(client: Any, upload: Kind, seed: int, tally: Tally) -> None:
    """Upload, choose the proposed series, compare and remove the study. ``client`` speaks HTTP as httpx's does."""
    answer = _posted(client, upload)
    if answer.status_code == 201:
        tally.answers["a sound study" if upload.shape else "a study"] += 1
        study = answer.json()
        client.delete(f"/api/v1/studies/{study['id']}")
        if upload.shape:
            tally.expect(_agrees(study, upload), seed, f"{upload.name}: {study['shape']}, {study['spacing_mm']} mm")
        return
    tally.expect(not upload.shape, seed, f"{upload.name} refused: {answer.text[:200]}")
    tally.expect(400 <= answer.status_code < 500, seed, f"answer {answer.status_code}: {answer.text[:200]}")
    error = answer.json().get("error", {})
    tally.expect(bool(error.get("message")), seed, "a refusal without a sentence")
    stopped = "made its reader stop" in error.get("message", "")
    tally.answers["reader stopped" if stopped else error.get("code", "?")] += 1


def _posted(client: Any, upload: Kind) -> Any:
    if upload.suffix:
        return client.post("/api/v1/studies", files={"file": (f"ct{upload.suffix}", upload.files[0])})
    parts = [("file", (str(number), data)) for number, data in enumerate(upload.files)]
    answer = client.post("/api/v1/imports", files=parts)
    if answer.status_code != 201:
        return answer
    waiting = answer.json()["id"]
    answer = client.post(f"/api/v1/imports/{waiting}/studies")
    if answer.status_code != 201:
        client.delete(f"/api/v1/imports/{waiting}")
    return answer


def _agrees(study: dict[str, Any], upload: Kind) -> bool:
    return study["shape"] == list(upload.shape) and np.allclose(study["spacing_mm"], upload.spacing_mm, atol=1e-3)


def left_behind(data_dir: Path) -> list[str]:
    """List what an upload that is over may not leave."""
    return [path.name for part in ("incoming", "studies") for path in (data_dir / part).iterdir()]


@contextmanager
def serving(folder: Path) -> Iterator[tuple[str, int]]:
    """Run the real server on ``folder/data``; yield its address and its process."""
    log = folder / "log"
    command = [sys.executable, "-m", "webapp.cli", "serve", "--port", "0", "--data", str(folder / "data")]
    environment = {
        **os.environ,
        "HOME": str(folder),
        "TMPDIR": str(folder / "tmp"),
        "SPINEVIEW_MIN_FREE_BYTES": "0",
        "SPINEVIEW_PRELOAD_MODEL": "0",
    }
    (folder / "tmp").mkdir()
    with log.open("w") as out:
        server = subprocess.Popen(
            command, stdout=out, stderr=subprocess.STDOUT, env=environment, start_new_session=True
        )
    try:
        while not (found := re.search(r"answers at (http://\S+?)/ ", log.read_text())):
            time.sleep(0.2)
        yield found[1], server.pid
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(30)


def main() -> int:
    """Fuzz for so many minutes, or so many uploads."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--uploads", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0, help="of the first upload; each next one has the next")
    options = parser.parse_args()
    series, odd, tally, seed = corpus(), kinds(), Tally(), options.seed
    end = time.monotonic() + 60 * options.minutes
    with tempfile.TemporaryDirectory() as name, serving(Path(name)) as (url, pid):
        outside = sorted(path.name for path in Path(name).iterdir())
        memory = Memory(pid)
        with httpx.Client(base_url=url, timeout=900) as client:
            while time.monotonic() < end and seed < options.seed + options.uploads:
                send(client, upload_of(series, odd, seed), seed, tally)
                tally.expect(left_behind(Path(name) / "data") == [], seed, "files were left behind")
                tally.expect(sorted(p.name for p in Path(name).iterdir()) == outside, seed, "a file lies outside")
                tally.expect(list((Path(name) / "tmp").iterdir()) == [], seed, "a temporary file was left")
                seed += 1
            tally.expect(client.get("/api/v1/health").json()["status"] == "ok", seed, "the server is not well")
        memory.stop()
        most = memory.one
        tally.expect(most < DEFAULT_LIMITS.process_bytes, seed, f"a process took {most >> 20} MiB")
        log = (Path(name) / "log").read_text()
        tally.expect(log.count("Booting worker") == 1 and "Traceback" not in log, seed, "the server met a fault")
    print(f"seeds {options.seed} to {seed - 1}: {seed - options.seed} uploads")
    print(f"answers: {', '.join(f'{kind} {count}' for kind, count in tally.answers.most_common())}")
    print(f"most memory of one process: {most >> 20} MiB; wrong: {len(tally.wrong)}")
    return 1 if tally.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
