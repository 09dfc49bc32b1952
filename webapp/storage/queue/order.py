"""The order in which waiting jobs are run: by priority, then owners in turn, then by age.

Among jobs of one priority the owner comes first whose latest job began longest ago (who never had one comes before),
and of an owner's jobs the oldest one. Turns are counted, not timed: a clock may be set back.
"""

from __future__ import annotations

import heapq
import math
import statistics
import time
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from sqlalchemy import Integer, Select, bindparam, func, select
from sqlalchemy.orm import Session, aliased

from webapp.storage.tables import BEGUN, WAITING, Job, JobRow

RECENT_JOBS = 20
"""How many that ended last say how long a job takes."""


def _next_owner() -> Select[tuple[str]]:
    """Find the owner of jobs of a ``priority`` whose turn it is: from owner to owner, each by a look into an index."""
    priority = bindparam("priority", type_=Integer)
    job, begun = aliased(JobRow), aliased(JobRow)
    first = select(func.min(JobRow.owner).label("owner")).where(WAITING, JobRow.priority == priority)
    owners = first.cte("owners", recursive=True)
    waiting = (WAITING, job.priority == priority)
    following = select(func.min(job.owner)).where(*waiting, job.owner > owners.c.owner).scalar_subquery()
    owners = owners.union_all(select(following).where(owners.c.owner.is_not(None)))
    turn = select(func.max(begun.turn)).where(BEGUN, begun.owner == owners.c.owner).scalar_subquery()
    oldest = select(func.min(job.sequence)).where(*waiting, job.owner == owners.c.owner).scalar_subquery()
    found = select(owners.c.owner).where(owners.c.owner.is_not(None))
    return found.order_by(func.coalesce(turn, 0), oldest).limit(1)


_NEXT_OWNER = _next_owner()


@dataclass(frozen=True)
class Waiting:
    """A job that waits, with what its place depends on; ``priority`` is an index in ``PRIORITIES``."""

    id: str
    owner: str
    priority: int
    sequence: int


def in_order(waiting: Iterable[Waiting], turns: Mapping[str, int]) -> list[Waiting]:
    """Put jobs in the order in which they will be run, if none is added meanwhile.

    Args:
        waiting: In any order.
        turns: Of each owner, the number of the latest job that began; owners without one may be missing.
    """
    turns, ordered = dict(turns), []
    jobs = sorted(waiting, key=lambda job: (job.priority, job.sequence))
    latest = max(turns.values(), default=0)
    for priority in sorted({job.priority for job in jobs}):
        of_owner: dict[str, deque[Waiting]] = {}
        for job in jobs:
            if job.priority == priority:
                of_owner.setdefault(job.owner, deque()).append(job)
        heads = [(turns.get(owner, 0), queue[0].sequence, owner) for owner, queue in of_owner.items()]
        heapq.heapify(heads)
        while heads:
            _, _, owner = heapq.heappop(heads)
            ordered.append(of_owner[owner].popleft())
            latest += 1
            turns[owner] = latest
            if of_owner[owner]:
                heapq.heappush(heads, (latest, of_owner[owner][0].sequence, owner))
    return ordered


def read_order(session: Session) -> list[Waiting]:
    """Read the jobs that wait, in the order in which they will be run."""
    columns = (JobRow.id, JobRow.owner, JobRow.priority, JobRow.sequence)
    waiting = [Waiting(*row) for row in session.execute(select(*columns).where(JobRow.state == "queued"))]
    if len({job.owner for job in waiting}) < 2:
        return in_order(waiting, {})
    begun = select(JobRow.owner, func.max(JobRow.turn)).where(JobRow.turn.is_not(None)).group_by(JobRow.owner)
    return in_order(waiting, {owner: int(turn) for owner, turn in session.execute(begun) if turn is not None})


def take_next(session: Session) -> JobRow | None:
    """Read the waiting job whose turn it is; nobody else takes it until the end of this transaction. None: none waits.

    It is the first of ``read_order``, found without reading the others: it takes as long as there are owners.
    """
    while (priority := session.scalar(select(func.min(JobRow.priority)).where(WAITING))) is not None:
        owner = session.scalar(_NEXT_OWNER, {"priority": priority})
        heads = select(JobRow).where(WAITING, JobRow.priority == priority, JobRow.owner == owner)
        head = heads.order_by(JobRow.sequence).limit(1)
        for skips in (True, False):  # those that others take just now; if there is nothing else, wait for what they do
            row = session.scalar(head.with_for_update(skip_locked=skips))
            if row is not None:
                return row
    return None


def next_turn(session: Session) -> int:
    """Count the job that begins now."""
    return (session.scalar(select(func.max(JobRow.turn))) or 0) + 1


def with_places(session: Session, jobs: list[Job]) -> list[Job]:
    """Give the jobs that wait their place in the queue, and say when each will probably have ended."""
    if not any(job.state == "queued" for job in jobs):
        return jobs
    places = {waiting.id: place for place, waiting in enumerate(read_order(session), 1)}
    usual_s = _usual_seconds(session)
    running = list(session.scalars(select(JobRow).where(JobRow.state == "running")))
    side_by_side = max(1, len(running))
    left_s = min((_seconds_left(row, usual_s) for row in running), default=0.0)
    found = []
    for job in jobs:
        place = places.get(job.id) if job.state == "queued" else None
        eta_s = job.eta_s if place is None or usual_s is None else left_s + math.ceil(place / side_by_side) * usual_s
        found.append(replace(job, place=place, eta_s=eta_s))
    return found


def _usual_seconds(session: Session) -> float | None:
    """Find how long a job takes: the median of those that were computed last; None before the first."""
    ended = (
        select(JobRow.finished_at - JobRow.started_at)
        .where(JobRow.state == "done", JobRow.reused.is_(None), JobRow.started_at.is_not(None))
        .where(JobRow.finished_at.is_not(None))
        .order_by(JobRow.sequence.desc())
        .limit(RECENT_JOBS)
    )
    seconds = [max(0.0, each) for each in session.scalars(ended) if each is not None]
    return statistics.median(seconds) if seconds else None


def _seconds_left(running: JobRow, usual_s: float | None) -> float:
    """Estimate when a job that runs will have ended."""
    if running.eta_s is not None:
        return running.eta_s
    return max(0.0, (usual_s or 0.0) - (time.time() - (running.started_at or time.time())))
