"""Interface of the engine that jobs need, and the factory of the real one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from segmentation.core.progress import CancelCheck, Progress
from segmentation.core.volume import LabelMap, Volume
from segmentation.inference.confidence import Confidence
from webapp.settings import Settings

Mode = Literal["patch", "whole"]


class EngineLike(Protocol):
    """Interface of the engine that a job needs, see ``segmentation.inference.engine.Engine``."""

    @property
    def model_id(self) -> str:
        """Name and hash of the weights."""
        ...

    @property
    def naming_model_id(self) -> str:
        """Name and hash of the weights that name vertebrae; empty where none are named."""
        ...

    @property
    def device(self) -> str:
        """Where it runs."""
        ...

    @property
    def notes(self) -> list[str]:
        """Fallbacks taken."""
        ...

    @property
    def confidence(self) -> Confidence | None:
        """How far the last mask may be trusted."""
        ...

    def segment(
        self, volume: Volume, progress: Progress = ..., cancelled: CancelCheck = ..., mode: Mode = ...
    ) -> LabelMap:
        """Segment the spine of a CT, on its grid."""
        ...


@dataclass(frozen=True)
class EngineStatus:
    """State of the engine; ``model_id`` and ``device`` are empty until the first job loads it."""

    loaded: bool
    model_id: str
    device: str
    notes: list[str]
    running_job: str | None


def weights_of(engine: EngineLike) -> str:
    """Name all weights of an engine, each with its abbreviated SHA-256."""
    return ", ".join(filter(None, (engine.model_id, engine.naming_model_id)))


def packaged_engine(settings: Settings) -> Callable[[], EngineLike]:
    """Make a factory of the real engine, with the weights and on the device of the settings."""

    def factory() -> EngineLike:
        # torch takes seconds to import, and no page should wait
        from segmentation.inference.engine import NAMES_MODEL, Engine

        return Engine(model=settings.model, device=settings.device, names=NAMES_MODEL)

    return factory
