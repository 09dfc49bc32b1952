from __future__ import annotations

import io
import re
import time

from segmentation.cli.options.progress_bar import shown_progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_bar_says_how_long_it_still_takes(monkeypatch):
    now = time.time()
    monkeypatch.setattr("tqdm.std.time", lambda: now)
    stream = Terminal()
    with shown_progress(stream) as progress:
        progress(0.5, "training")  # where a resumed run begins
        now += 60
        progress(0.75, "training")
    assert re.findall(r"75% 01:00, (.*?) left", stream.getvalue()) == ["01:00"]
