"""Print what the page costs beside NiiVue's four-panel page on the same scan, and what a session costs the server.

python bench/viewer.py [--voxels 512 512 133] [--brush 512 512 300] [--large 512 512 800] [--sessions 50]

Both pages get the phantom's CT and its labels, in the same Chromium, without a graphics card unless there is one.
NiiVue is a development dependency of static/viewer: `make viewer` installs it.
"""

from __future__ import annotations

import argparse
import functools
import gzip
import http.server
import os
import shutil
import sys
import tempfile
import threading
from pathlib import Path

from browser.brush import add_vertebrae, brush_times
from browser.page import Measured, await_pictures, measured, turn
from browser.sessions import session_cost
from browser.tablet import tablet_memory
from serving import serving, upload

SESSIONS = {"viewer_sessions": 200, "viewer_sessions_per_user": 200, "viewer_grace_s": 0.2}
ROOT = Path(__file__).resolve().parent.parent
NIIVUE = ROOT / "static" / "viewer" / "node_modules" / "@niivue" / "niivue" / "dist" / "niivue.umd.js"
NIIVUE_PAGE = """<!doctype html><meta charset="utf-8"><style>html,body{margin:0;height:100%%;background:#000}</style>
<canvas id="gl"></canvas><script src="niivue.umd.js"></script><script type="module">
const nv = new niivue.Niivue({ show3Dcrosshair: false, backColor: [0, 0, 0, 1], multiplanarShowRender: 1 });
await nv.attachTo('gl');
nv.setMultiplanarLayout(2);
nv.setSliceType(nv.sliceTypeMultiplanar);
nv.opts.multiplanarShowRender = 1;
await nv.loadVolumes([{ url: 'ct.nii.gz', colormap: 'gray', cal_min: -500, cal_max: 1500 }]);
window.masked = async () => {
  await nv.addVolumeFromUrl({ url: 'vert.nii.gz', colormap: 'red', opacity: 0.6 });
  nv.updateGLVolume();
};
window.ready = true;
</script>"""


def part(selector: str, x: float = 0, y: float = 0, size: float = 1) -> str:
    """JavaScript that finds a canvas, and which square part of it (as fractions) to look at."""
    return (
        f"() => {{ const canvas = document.querySelector('{selector}');"
        f" return canvas?.width && {{ canvas, part: [{x}, {y}, {size}, {size}] }}; }}"
    )


# NiiVue's grid: the 3D tile is the lower right quarter of its one canvas.
NIIVUE_PARTS = f"{{ slice: {part('#gl', 0, 0, 0.5)}, volume: {part('#gl', 0.5, 0.5, 0.5)} }}"
OUR_PARTS = f"{{ slice: {part('[data-testid=view-axial] canvas')}, volume: {part('[data-testid=view-3d] canvas')} }}"


def main() -> int:
    """Both pages, then the sessions; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--voxels", type=int, nargs=3, default=(512, 512, 133))
    parser.add_argument("--large", type=int, nargs=3, default=(512, 512, 800), help="the scan of the tablet's budget")
    parser.add_argument("--brush", type=int, nargs=3, default=(512, 512, 300), help="the scan that is painted on")
    parser.add_argument("--sessions", type=int, default=50)
    options = parser.parse_args()
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder), **SESSIONS) as (address, application):
        scan = write_scan(Path(folder) / "scan", tuple(options.voxels))
        study = upload(address, scan)
        print(coding_gain(Path(folder) / "data", scan))
        if chromium is None:
            print("viewer      not measured: no Chromium found; set CHROMIUM to its path")
        elif not NIIVUE.is_file():
            print("viewer      not measured: NiiVue is not installed; run `make viewer`")
        else:
            report(ours(chromium, study), theirs(chromium, scan))
            painted_on = write_scan(Path(folder) / "brush", tuple(options.brush))
            painted = upload(address, painted_on)
            add_vertebrae(application, painted.rsplit("/", 1)[1], painted_on)
            print(brush_times(chromium, painted, options.brush))
            large = upload(address, write_scan(Path(folder) / "large", tuple(options.large)))
            print(tablet_memory(chromium, large, options.large))
        print(session_cost(address, study, options.sessions, application))
    return 0


def report(us: Measured, them: Measured) -> None:
    """Both pages and their ratios."""
    print(f"{'page':12}{'SpineView':>12}{'NiiVue':>12}{'ratio':>10}")
    rows = [
        ("first slice", us.first_slice_s, them.first_slice_s, "s", True),
        ("first 3D", us.first_3d_s, them.first_3d_s, "s", True),
        ("fetched", us.megabytes, them.megabytes, "MB", True),
        ("turning", us.frames_per_s, them.frames_per_s, "fps", False),
        ("peak memory", us.peak_mb, them.peak_mb, "MB", True),
    ]
    for name, ours_, theirs_, unit, less in rows:
        ratio = (theirs_ / ours_ if less else ours_ / theirs_) if ours_ and theirs_ else float("nan")
        print(f"{name:12}{ours_:9.2f} {unit:3}{theirs_:9.2f} {unit:3}{ratio:8.1f} x")
    print("            turning: the mask is shown; SpineView draws coarser while it turns, and whole when it stands")
    print("            memory: all processes of the browser, shared pages counted once")


def ours(chromium: str, study: str) -> Measured:
    """Open the page of a study."""
    with measured(chromium, OUR_PARTS) as (page, result):
        page.goto(study)
        await_pictures(page, result)
        page.wait_for_function("window.spineview.ready", timeout=180_000)
        page.get_by_test_id("show-reference").click()
        page.wait_for_function("window.spineview.masks.length === 1", timeout=180_000)
        page.wait_for_timeout(1500)
        box = page.get_by_test_id("view-3d").bounding_box()
        assert box is not None
        turn(page, result, (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2))
    return result


def theirs(chromium: str, scan: Path) -> Measured:
    """NiiVue's four panels on the same files."""
    (scan / "index.html").write_text(NIIVUE_PAGE.replace("%%", "%"), encoding="utf-8")
    shutil.copy(NIIVUE, scan / "niivue.umd.js")
    handler = functools.partial(Quiet, directory=str(scan))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with measured(chromium, NIIVUE_PARTS) as (page, result):
            page.goto(f"http://127.0.0.1:{server.server_address[1]}/")
            await_pictures(page, result)
            page.wait_for_function("window.ready", timeout=180_000)
            page.evaluate("window.masked()")
            page.wait_for_timeout(1500)
            turn(page, result, (900, 600))
        server.shutdown()
    return result


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Files of a folder, without a line for each."""

    def log_message(self, *args: object) -> None:
        """Say nothing."""


def write_scan(folder: Path, shape: tuple[int, int, int]) -> Path:
    """Write the phantom on a grid of about a chest CT's extent: ``ct.nii.gz`` and ``vert.nii.gz``."""
    from segmentation.phantom import PhantomSpec, write_phantom

    fov_mm = (358.0, 358.0, 332.0)
    spacing = (fov_mm[0] / shape[0], fov_mm[1] / shape[1], fov_mm[2] / shape[2])
    levels = (*(f"T{n}" for n in range(4, 13)), "L1", "L2", "L3")
    write_phantom(folder, PhantomSpec(levels=levels, sacrum=False, spacing_mm=spacing, fov_mm=fov_mm))
    print(f"scan        phantom, {' x '.join(map(str, shape))} voxels")
    return folder


def coding_gain(data: Path, scan: Path) -> str:
    """Print the size of the volume as the browser gets it, and of plain voxels in gzip."""
    from segmentation.readers import read_volume

    volume = read_volume(scan / "ct.nii.gz")
    plain = len(gzip.compress(volume.hu.astype("<i2").tobytes(order="F"), 4)) / 1e6
    coded = next(data.glob("studies/*/volume.bin.gz")).stat().st_size / 1e6
    preview = sum(file.stat().st_size for file in data.glob("studies/*/preview.bin.gz")) / 1e6
    return (
        f"on the wire {coded:.1f} MB, plain voxels in gzip {plain:.1f} MB ({100 * (1 - coded / plain):.0f} % less); "
        f"drawn first {preview:.2f} MB"
    )


if __name__ == "__main__":
    sys.exit(main())
