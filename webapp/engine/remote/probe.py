"""Questions to the scheduler and the workers of an installation, for whoever looks for what is wrong with it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from webapp.engine.remote.names import Names, security_of
from webapp.engine.remote.task import describe
from webapp.settings import Settings

if TYPE_CHECKING:
    from distributed import Client

REACH_S, ANSWER_S = 5.0, 10.0


@dataclass(frozen=True)
class WorkerFacts:
    """What a worker says of itself.

    Attributes:
        version: Of SpineView; "" of a worker that did not answer.
        ahead_s: Seconds that its clock is ahead of this machine's, beyond what the question itself took.
        fault: Why it cannot write the shared folder, or why it did not answer; "" if all is well.
    """

    name: str
    version: str = ""
    model: str = ""
    device: str = ""
    ahead_s: float = 0.0
    fault: str = ""


def ask_workers(settings: Settings, names: Names) -> list[WorkerFacts]:
    """Ask each worker of this installation how it is.

    Raises:
        OSError, TimeoutError, ValueError: the scheduler cannot be reached.
    """
    return asyncio.run(_ask(settings, names))


async def _ask(settings: Settings, names: Names) -> list[WorkerFacts]:
    from distributed import Client

    address, security = settings.dask_scheduler, security_of(settings)
    async with Client(address, asynchronous=True, timeout=REACH_S, security=security, set_as_default=False) as client:
        known = (await client.scheduler.identity(n_workers=-1))["workers"]
        own = {each: facts["name"] for each, facts in known.items() if names.resource in facts.get("resources", {})}
        return list(await asyncio.gather(*(_ask_one(client, each, str(name)) for each, name in own.items())))


async def _ask_one(client: Client, address: str, name: str) -> WorkerFacts:
    begin = time.time()
    try:
        question = client.run(describe, workers=[address], on_error="return")
        answers = await asyncio.wait_for(question, ANSWER_S)
    except (OSError, TimeoutError) as error:
        return WorkerFacts(name, fault=str(error) or f"no answer within {ANSWER_S:.0f} s")
    return facts_of(name, answers.get(address), begin, time.time())


def facts_of(name: str, answer: dict[str, Any] | Exception | None, begin: float, end: float) -> WorkerFacts:
    """Convert what ``describe`` answered to a question that was asked from ``begin`` to ``end``, by this clock."""
    if not isinstance(answer, dict):
        return WorkerFacts(name, fault=str(answer or "no answer"))
    at = float(answer.pop("time"))
    return WorkerFacts(name, ahead_s=max(0.0, at - end) + min(0.0, at - begin), **answer)
