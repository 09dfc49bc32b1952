"""Counters and histograms of this process, for Prometheus; what is a state and no event is read when it is asked for.

Labels are closed sets of words: no name, address or id of anybody is among them.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)

_SECONDS = (0.1, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800)
STAGE_SECONDS = Histogram(
    "spineview_job_stage_seconds", "Time that jobs spent in a stage.", ["stage"], buckets=_SECONDS, registry=REGISTRY
)
JOB_SECONDS = Histogram(
    "spineview_job_seconds", "Time from a job's start to its end.", ["state"], buckets=_SECONDS, registry=REGISTRY
)
WAIT_SECONDS = Histogram(
    "spineview_job_wait_seconds", "Time that jobs waited for their start.", buckets=_SECONDS, registry=REGISTRY
)
REQUEST_SECONDS = Histogram(
    "spineview_request_seconds",
    "Time to the end of an answer, by method and class of status.",
    ["method", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60),
    registry=REGISTRY,
)
REFUSALS = Counter(
    "spineview_refusals", "Requests that were refused, by the error's code.", ["code"], registry=REGISTRY
)
SESSIONS = Gauge("spineview_viewer_sessions", "Viewer sessions that are open.", registry=REGISTRY)
