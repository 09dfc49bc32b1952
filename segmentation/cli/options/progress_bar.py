"""Progress of a command: a bar on a terminal, plain lines in a log."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from tqdm import tqdm

from segmentation.core.progress import Progress

LINE_EVERY = 0.1


@contextmanager
def shown_progress(stream: TextIO | None = None) -> Iterator[Progress]:
    """Yield a progress callable that writes to ``stream`` (stderr) until the block ends."""
    stream = stream or sys.stderr
    if not stream.isatty():
        yield _Lines(stream)
        return
    form = "{desc:<14}{bar}{n:3.0f}% {elapsed}, {remaining} left"
    with tqdm(total=100, file=stream, leave=False, bar_format=form) as bar:
        started = False

        def show(fraction: float, stage: str) -> None:
            nonlocal started
            if not started and fraction > 0:
                # What a resumed run had done before says nothing about how fast it is now.
                bar.initial, started = 100 * fraction, True
            bar.set_description(stage, refresh=False)
            bar.n = 100 * fraction
            bar.refresh()

        yield show


class _Lines:
    """Progress as one line when the stage changes and after every tenth of the way."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._stage = ""
        self._next = 0.0

    def __call__(self, fraction: float, stage: str) -> None:
        if stage == self._stage and fraction < self._next:
            return
        self._stage, self._next = stage, fraction + LINE_EVERY
        print(f"{fraction:4.0%} {stage}", file=self._stream, flush=True)
