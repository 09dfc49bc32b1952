"""Walk the way of a surgeon who never saw the page, in a real Chromium; print presses and seconds of each step.

python scripts/first_use.py PICTURES [--lang zh] [--touch] [--size 820 1180] [--ct CT.nii.gz]

A scan is uploaded, segmented with the packaged model, L3 corrected, a vertebra renamed, the Cobb angles read, the
report downloaded. After each step a picture of the page is written to PICTURES, and what stands in a doctor's way is
printed: with --touch what is smaller than a finger, in another language what is still written in English. Without a
scan the lifelike phantom is taken.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Locator, Page, expect, sync_playwright
from screenshot import FLAGS, serving

JOB_MS = 600_000
WAIT_MS = 120_000  # for anything else, on a busy machine
FINGER_PX = 44
# What stays as it is in any language: units, formats, names of levels, of the program, and of the scan.
UNTRANSLATED = re.compile(
    r"\b(HU|CT|MIP|VR|DICOM|PDF|CSV|WL|WW|GIF|MP4|WebM|PNG|SVG|STL|OBJ|PLY|GLB|NIfTI|NRRD|SEG|SR|RTSTRUCT|JSON|PACS|"
    r"Cobb|Genant|Meyerding|Dice|SpineView|English|nii|gz|mha|mhd|nrrd|zip|OpenIGTLink|Esc|Ctrl|Space|Home|PgUp|PgDn|"
    r"Unicode|SD|mm|ml|cm|kV|mAs|[CTLS]\d+|[LRAPSI])\b"
)
ENGLISH = re.compile(r"[A-Za-z]{3,}")
SMALL = """(least) => [...document.querySelectorAll('button, select, summary, a[href], input, [role=button]')]
  .filter((node) => node.checkVisibility({ visibilityProperty: true, opacityProperty: true }))
  .map((node) => [node, (node.closest('label') ?? node).getBoundingClientRect()])
  .filter(([, box]) => box.width > 1 && box.height > 1 && Math.min(box.width, box.height) < least - 0.5)
  .map(([node, box]) => `${node.dataset.testid ?? node.className} ${Math.round(box.width)}x${Math.round(box.height)}`)
"""
WORDS = """() => document.body.innerText + ' ' + [...document.querySelectorAll('[title], [placeholder], [aria-label]')]
  .filter((node) => node.checkVisibility())
  .map((node) => [node.title, node.placeholder, node.ariaLabel].filter(Boolean).join(' ')).join(' ')"""


class Walk:
    """A page, what is pressed on it, and what that costs."""

    def __init__(self, page: Page, folder: Path, options: argparse.Namespace) -> None:
        self.page, self._folder, self._options = page, folder, options
        self.presses, self.began, self._last = 0, time.monotonic(), time.monotonic()
        self._complaints: set[str] = set()

    def by(self, test_id: str) -> Locator:
        """The first element of a test id."""
        return self.page.get_by_test_id(test_id).first

    def press(self, test_id: str) -> None:
        """One press with the mouse or a finger."""
        self.presses += 1
        found = self.by(test_id)
        _ = found.tap() if self._options.touch else found.click()

    def choose(self, test_id: str, label: str) -> None:
        """Two presses: a list opens, one of it is taken."""
        self.presses += 2
        found = self.by(test_id)
        for option in found.locator("option").all():
            if option.inner_text().split()[0] == label:
                found.select_option(value=option.get_attribute("value"))
                return
        sys.exit(f"first_use: {test_id} offers no {label}")

    def stroke(self, across: float, down: float) -> None:
        """Draw a short line in the sagittal panel, at parts of its size."""
        self.presses += 1
        box = self.page.get_by_test_id("view-sagittal").locator(".sv-canvas").bounding_box()
        assert box is not None
        x, y = box["x"] + across * box["width"], box["y"] + down * box["height"]
        mouse = self.page.mouse
        mouse.move(x, y)
        mouse.down()
        mouse.move(x + 20, y + 3, steps=4)
        mouse.up()

    def step(self, name: str, act: Callable[[], object]) -> None:
        """Do a step; say what it took, and what stood in the way."""
        before = self.presses
        act()
        now = time.monotonic()
        print(f"{name:<46}{self.presses - before:>3} presses{now - self._last:7.1f} s", flush=True)
        self.page.wait_for_timeout(800)  # what is drawn follows
        self.page.screenshot(path=self._folder / f"{len(list(self._folder.iterdir())) + 1}-{name.split(':')[0]}.png")
        self._complain()
        self._last = time.monotonic()

    def _complain(self) -> None:
        found: list[str] = []
        if self._options.touch:
            found += [f"small: {each}" for each in self.page.evaluate(SMALL, FINGER_PX)]
        if self._options.lang != "en":
            words = UNTRANSLATED.sub(" ", str(self.page.evaluate(WORDS)))
            found += [f"English: {each}" for each in ENGLISH.findall(words)]
        for each in found:
            if each not in self._complaints:
                self._complaints.add(each)
                print(f"    {each}")


def main() -> int:
    """Walk once; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("pictures", type=Path)
    parser.add_argument("--lang", default="en", choices=("en", "zh"))
    parser.add_argument("--touch", action="store_true")
    parser.add_argument("--size", type=int, nargs=2, default=(1366, 768))
    parser.add_argument("--ct", type=Path)
    options = parser.parse_args()
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if not chromium:
        print("first_use: no Chromium found; set CHROMIUM to its path", file=sys.stderr)
        return 2
    options.pictures.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as made, serving() as address, sync_playwright() as playwright:
        scan = options.ct or phantom(Path(made))
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        locale = {"en": "en-GB", "zh": "zh-CN"}[options.lang]
        width, height = options.size
        page = browser.new_page(
            viewport={"width": width, "height": height}, locale=locale, has_touch=options.touch, accept_downloads=True
        )
        page.set_default_timeout(WAIT_MS)
        expect.set_options(timeout=WAIT_MS)
        page.goto(address)
        walk(Walk(page, options.pictures, options), scan)
        browser.close()
    return 0


def phantom(folder: Path) -> Path:
    """The lifelike phantom's CT."""
    from segmentation.phantom import PhantomSpec, write_phantom

    write_phantom(folder, PhantomSpec(lifelike=True))
    return folder / "ct.nii.gz"


def walk(way: Walk, scan: Path) -> None:
    """All steps, from the empty page to the report."""
    page = way.page
    way.step("home", lambda: expect(way.by("upload-input")).to_be_attached())
    way.step("upload: the study opens", lambda: _upload(way, scan))
    way.step("segment: the result is there", lambda: _segment(way))
    way.step("correct: L3 is the label", lambda: _begin(way))
    way.step("stroke: drawn and kept", lambda: _stroke(way))
    way.step("save: a new version", lambda: _save(way))
    way.step("rename: L3 becomes L4, the others follow", lambda: _rename(way))
    way.step("cobb: the angles are listed", lambda: _measure(way))
    way.step("report: downloaded", lambda: _report(way))
    print(f"{'all':<46}{way.presses:>3} presses{time.monotonic() - way.began:7.1f} s")
    page.close()


def _upload(way: Walk, scan: Path) -> None:
    way.presses += 1
    way.by("upload-input").set_input_files(scan)
    way.page.wait_for_url("**/studies/*", wait_until="commit")
    way.page.wait_for_function("window.spineview && window.spineview.ready")


def _segment(way: Walk) -> None:
    way.press("segment-button")
    expect(way.by("next-steps")).to_be_visible(timeout=JOB_MS)
    way.page.wait_for_function("window.spineview.masks.length > 0")


def _begin(way: Walk) -> None:
    way.press("tab-correct")
    way.press("edit-start")
    expect(way.by("edit-panel")).to_be_visible()
    if not way.by("edit-label").locator("option:checked").inner_text().startswith("L3"):
        way.choose("edit-label", "L3")


def _stroke(way: Walk) -> None:
    way.stroke(0.455, 0.56)
    expect(way.by("edit-saving")).to_have_attribute("data-state", "saved")
    expect(way.by("edit-save")).to_be_enabled()


def _save(way: Walk) -> None:
    way.press("edit-save")
    expect(way.page.get_by_test_id("edit-panel")).to_have_count(0)


def _rename(way: Walk) -> None:
    before = way.by("levels-rename").inner_text()
    if way.by("tab-result").get_attribute("aria-current") is None:
        way.press("tab-result")
    way.choose("levels-rename", "L3")
    way.choose("levels-to", "L4")
    way.press("levels-follow")
    way.page.wait_for_function(
        "(before) => { const list = document.querySelector('[data-testid=levels-rename]');"
        " return list && list.innerText !== before; }",
        arg=before,
    )


def _measure(way: Walk) -> None:
    way.press("tab-measure")
    if way.by("measures-start").count():
        way.press("measures-start")
    expect(way.by("measures-report")).to_be_visible()
    rows = way.page.get_by_test_id("measures").locator("details").first.inner_text()
    print("    " + " | ".join(rows.split("\n")[:14]))


def _report(way: Walk) -> None:
    with way.page.expect_download() as waiting:
        way.press("measures-report")
    head = Path(waiting.value.path()).read_bytes()[:5]
    assert head == b"%PDF-", head


if __name__ == "__main__":
    sys.exit(main())
