"""Executors of jobs: a thread that takes them from the queue, and what is common to whoever then does the work."""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod

from sqlalchemy.exc import SQLAlchemyError

from webapp.engine.interface import EngineStatus
from webapp.engine.outcomes import Outcomes
from webapp.http.background import work_in_background
from webapp.http.errors import WebError
from webapp.storage.store import Store

log = logging.getLogger("webapp.jobs")  # the door, whoever works behind it


class Executor(ABC):
    """Thread that takes jobs from the queue, one after the other; a subclass says who works on them."""

    def __init__(self, store: Store) -> None:
        self.outcomes = Outcomes(store)
        self._store = store
        self._stopping = threading.Event()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Give back to the queue what a dead server left running, and start the thread."""
        for job in self._store.jobs.requeue_running():
            log.info("job %s was running when the server stopped; it is now %s", job.id, job.state)
        self._stopping.clear()
        self._thread = threading.Thread(target=self._work, name="engine", daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """Stop the thread; what is being worked on goes back to the queue, as if nobody had begun it.

        That is written first: the thread may be in a step that takes longer than anyone waits for it.
        """
        self._stopping.set()
        self._wake.set()
        try:
            self._store.jobs.give_back_running()
        except (WebError, SQLAlchemyError):
            log.exception("the running job could not be given back; the next start will count it as interrupted")
        if self._thread is not None:
            self._thread.join(timeout_s)

    def wake(self) -> None:
        """Look at the queue now: there is a new job."""
        self._wake.set()

    @property
    def is_alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread is not None and self._thread.is_alive()

    @abstractmethod
    def load_ahead(self) -> None:
        """Load the engine while there is no job, if it is loaded in this process."""

    @abstractmethod
    def cancel(self, job_id: str) -> None:
        """Let go, within two seconds, of a job that is closed already."""

    @abstractmethod
    def status(self) -> EngineStatus:
        """Describe the engine as it is now; load nothing."""

    @abstractmethod
    def _step(self) -> None:
        """Do what can be done now, then wait for ``_wake``."""

    @abstractmethod
    def _end(self) -> None:
        """Let go of everything; the last thing that the thread does."""

    def _work(self) -> None:
        work_in_background()  # the model's own threads are started from here, and follow
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                self.outcomes.record_failures()
                self._step()
            except WebError as error:  # a full disk: what waits is tried again
                log.error("the engine thread waits: %s", error.message)
                self._stopping.wait(1.0)
            except Exception:  # the thread must outlive whatever one job does to it
                log.exception("the engine thread met a fault")
                self._stopping.wait(1.0)
        self._end()
