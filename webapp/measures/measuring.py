"""Measure masks in the background, one at a time, and keep what was measured in the mask's folder.

A mask never changes: what a reader corrects becomes another mask, which is measured anew.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from segmentation.core.errors import InputError, OperationCancelled, Problem
from segmentation.core.labels import SACRUM
from segmentation.core.messages import Message
from segmentation.core.version import product_version
from segmentation.core.volume import LabelMap, Volume
from segmentation.morphometry.results import SCHEMA_VERSION, SpineMeasures
from segmentation.readers import read_volume
from webapp.http.background import work_in_background
from webapp.http.errors import not_found
from webapp.storage.database import is_full
from webapp.storage.mask_files import label_map_of, read_names
from webapp.storage.store import Store
from webapp.storage.tables import Mask

log = logging.getLogger(__name__)

MEASURES_FILE = "measures.json"
"""In a mask's folder."""
_MOST_REMEMBERED = 200
State = Literal["measuring", "done", "failed"]
Result = TypeVar("Result")


@dataclass
class Run:
    """Measuring of one mask.

    Attributes:
        state: Where it is.
        progress: 0 to 1.
        measures: What was measured, once it is done.
        problem: Why it failed.
    """

    state: State = "measuring"
    progress: float = 0.0
    measures: SpineMeasures | None = None
    problem: Problem | None = None


class Measuring:
    """Measures of the masks of a store. Safe to use from any thread."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._pool = ThreadPoolExecutor(1, "measures", initializer=work_in_background)
        self._lock = threading.Lock()
        self._runs: dict[str, Run] = {}
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Give up what is being measured; the next start measures it when it is asked for."""
        self._stopping.set()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def look(self, mask: Mask) -> Run:
        """Say how far the measuring of a mask is; the first look begins it."""
        kept = self._kept(mask)
        if kept is not None:
            return Run("done", 1.0, kept)
        with self._lock:
            run = self._runs.get(mask.id)
            if run is not None:
                return run
            run = self._runs[mask.id] = Run()
            while len(self._runs) > _MOST_REMEMBERED:
                self._runs.pop(next(iter(self._runs)))
        self._pool.submit(self._work, mask, run)
        return run

    def submit(self, work: Callable[..., Result], *arguments: Any) -> Future[Result]:
        """Run other slow work on measures, such as a report, in the thread that measures."""
        return self._pool.submit(work, *arguments)

    def now(self, mask: Mask) -> SpineMeasures:
        """Measure a mask in the calling thread, which is one of ``submit``; what is known is not measured again.

        Raises:
            InputError: it cannot be measured.
            WebError: 404, a file is lost.
        """
        return self._kept(mask) or self._measured(mask, Run())

    def _work(self, mask: Mask, run: Run) -> None:
        try:
            run.measures = self._kept(mask) or self._measured(mask, run)
            run.progress, run.state = 1.0, "done"
        except InputError as error:
            run.problem, run.state = error.problem, "failed"
        except OperationCancelled:
            self._forget(mask)
        except Exception as error:  # any fault of measuring ends this run alone
            if self._store.masks.get(mask.id) is None:
                self._forget(mask)
                return
            log.exception("mask %s could not be measured", mask.id)
            run.problem = Problem("internal", Message.of("job.fault", kind=type(error).__name__))
            run.state = "failed"

    def _forget(self, mask: Mask) -> None:
        with self._lock:
            self._runs.pop(mask.id, None)

    def _measured(self, mask: Mask, run: Run) -> SpineMeasures:
        from segmentation.morphometry.measure import check_measurable, measure_spine  # scipy takes a moment
        from segmentation.morphometry.reported_confidence import not_to_measure, with_confidence

        label_map = label_map_of(self._store, mask)
        check_measurable(label_map, None)
        volume = self._volume(mask)
        vertebrae = self._confidence(mask)

        def progress(fraction: float, _stage: str) -> None:
            run.progress = 0.1 + 0.85 * fraction

        measures = with_confidence(
            measure_spine(
                label_map,
                volume,
                not_to_measure(vertebrae),
                progress,
                lambda: self._stopping.is_set() or self._store.masks.get(mask.id) is None,
            ),
            vertebrae,
        )
        self._keep(mask, measures)
        return measures

    def _volume(self, mask: Mask) -> Volume:
        study = self._store.studies.get(mask.study_id)
        if study is None:
            raise not_found("study")
        return read_volume(self._store.folder(study.id) / study.original)

    def scan(self, mask: Mask) -> tuple[Volume, LabelMap]:
        """Read the CT of a mask, and its labels on the same grid. Raises WebError: 404, a file is lost."""
        return self._volume(mask), label_map_of(self._store, mask)

    def _confidence(self, mask: Mask) -> list[Any]:
        from segmentation.morphometry.reported_confidence import ReportedVertebra

        names = read_names(self._store, mask)
        fields = ("label", "name", "confidence", "reasons")
        known = [] if names is None else [each for each in names["vertebrae"] if each["label"] != SACRUM]
        return [ReportedVertebra(**{field: each[field] for field in fields}) for each in known]

    def _kept(self, mask: Mask) -> SpineMeasures | None:
        """Read what this version of the program measured earlier."""
        from segmentation.morphometry.reading import measures_from_json

        path = self._store.mask_folder(mask) / MEASURES_FILE
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            if (content["schema"], content["spineview"]) != (f"spineview-measures-{SCHEMA_VERSION}", product_version()):
                return None
            return measures_from_json(content)
        except (OSError, KeyError, TypeError, ValueError):
            return None

    def _keep(self, mask: Mask, measures: SpineMeasures) -> None:
        from segmentation.core.atomic import write_atomically

        folder = self._store.mask_folder(mask)
        try:
            write_atomically(folder / MEASURES_FILE, json.dumps(measures.to_json()))
        except OSError as error:
            if not is_full(error) and folder.is_dir():
                raise
            log.warning("measures of mask %s are not kept: %s", mask.id, error)
