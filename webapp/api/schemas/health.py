"""Schema of the server's state."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from webapp.api.schemas.base import Answer
from webapp.enumerations import JobState


class Engine(Answer):
    """The engine as it is now."""

    loaded: bool = Field(description="Whether the model is in memory")
    model_id: str = Field(description="Empty until it is loaded")
    device: str = Field(description="Where it runs; empty until it is loaded")
    notes: list[str] = Field(description="Fallbacks taken")
    running_job: str | None = Field(description="Id of the job that it works on")


class Health(Answer):
    """Whether the server works, and what it is."""

    status: Literal["ok"]
    version: str
    engine: Engine
    jobs: dict[JobState, Annotated[int, Field(ge=0)]] = Field(description="How many jobs are in each state that occurs")
    disk_free_bytes: int = Field(ge=0)
    max_upload_bytes: int = Field(ge=0)
