"""Print what the page of a study costs beside that of another checkout of this project, on the same scan.

    CHROMIUM=/usr/bin/chromium python bench/viewer_against.py --against DIR [--voxels 512 512 133] [--rounds N]

Both builds serve from processes of their own and are opened in turn in the same Chromium, without a graphics card
unless there is one: seconds to the first slice and the first 3D picture, what was fetched, frames a second while
turning with the vertebrae shown, and peak memory. The last column says whether the ratio is within its limit; the exit
code is 1 if one is not.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from browser.page import Measured
from startup import ANSWER_WITHIN_S, HERE, Build, answers, free_port
from viewer import ours, upload, write_scan

# What is measured, its unit, and the largest ratio to the other build that is accepted; of frames the smallest.
MOST = {
    "first_slice_s": ("first slice", "s", 0.8),
    "first_3d_s": ("first 3D", "s", None),
    "megabytes": ("fetched", "MB", 0.9),
    "peak_mb": ("peak memory", "MB", None),
}
LEAST_FRAMES = 1.5


@contextmanager
def serving(build: Build, data: Path) -> Iterator[str]:
    """Serve ``data`` from a build; yield its address."""
    port = free_port()
    server = build.start("serve", "--port", str(port), "--data", str(data))
    try:
        started = time.monotonic()
        while not answers(port):
            if server.poll() is not None or time.monotonic() - started > ANSWER_WITHIN_S:
                raise SystemExit(f"{build.folder}: the server did not start")
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait()


def main() -> int:
    """Upload the scan to both builds, open their pages in turn, print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--against", type=Path, required=True, metavar="DIR", help="the other checkout")
    parser.add_argument("--voxels", type=int, nargs=3, default=(512, 512, 133))
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        raise SystemExit("no Chromium found; set CHROMIUM to its path")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        scan = write_scan(folder / "scan", tuple(options.voxels))
        found: dict[str, list[Measured]] = {"other": [], "this": []}
        with (
            serving(Build(options.against), folder / "other") as other,
            serving(Build(HERE), folder / "this") as this,
        ):
            pages = {"other": upload(other, scan), "this": upload(this, scan)}
            wait_until_shown(pages.values())
            for _ in range(options.rounds):
                for key, page in pages.items():
                    found[key].append(ours(chromium, page))
    return 0 if report(found["other"], found["this"]) else 1


def wait_until_shown(pages: Iterable[str]) -> None:
    """Wait until each study can be displayed, so that no page waits for a server that prepares it."""
    for page in pages:
        address, _, study = page.rpartition("/studies/")
        while httpx.get(f"{address}/api/v1/studies/{study}/display.json", timeout=120).status_code != 200:
            time.sleep(0.5)


def report(other: list[Measured], this: list[Measured]) -> bool:
    """Print the medians; return whether all ratios are within their limits."""
    print(f"{'page':14}{'other':>12}{'this':>12}{'ratio':>8}{'limit':>8}   ({len(this)} rounds in turn, medians)")
    kept = [
        line(title, unit, limit, median(other, key), median(this, key)) for key, (title, unit, limit) in MOST.items()
    ]
    before, now = median(other, "frames_per_s"), median(this, "frames_per_s")
    within = now >= LEAST_FRAMES * before
    verdict = "within" if within else "UNDER"
    print(f"{'turning':14}{before:8.2f} fps{now:8.2f} fps{now / before:8.2f}{LEAST_FRAMES:8.2f}   {verdict}")
    return all([*kept, within])


def line(title: str, unit: str, limit: float | None, other: float, this: float) -> bool:
    """Print one row; return whether its ratio is within the limit, if it has one."""
    ratio = this / other
    verdict = "" if limit is None else f"{limit:8.2f}   {'within' if ratio <= limit else 'OVER'}"
    print(f"{title:14}{other:9.2f} {unit:2}{this:9.2f} {unit:2}{ratio:8.2f}{verdict}")
    return limit is None or ratio <= limit


def median(measured: list[Measured], key: str) -> float:
    """Return the median of one of the figures."""
    return statistics.median(float(getattr(each, key)) for each in measured)


if __name__ == "__main__":
    sys.exit(main())
