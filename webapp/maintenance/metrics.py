"""Figures of the running server in Prometheus's text format, version 0.0.4: what was counted, and what is now."""

from __future__ import annotations

import shutil
import sys

from prometheus_client import generate_latest

from webapp.enumerations import JOB_STATES
from webapp.figures import REGISTRY
from webapp.services import Services

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def prometheus(services: Services) -> str:
    """All figures, one block a name."""
    store = services.store
    counts = store.jobs.count_by_state()
    blocks = [
        _gauge("spineview_studies", "Studies in the store.", [("", store.studies.count())]),
        _gauge(
            "spineview_jobs",
            "Jobs of the studies in the store, by state.",
            [(f'{{state="{state}"}}', counts.get(state, 0)) for state in JOB_STATES],
        ),
        _gauge(
            "spineview_disk_free_bytes",
            "Free space where the studies are kept.",
            [("", shutil.disk_usage(services.settings.data_dir).free)],
        ),
        _gauge(
            "spineview_engine_loaded",
            "1 once the model is in memory.",
            [("", int(services.jobs.status().loaded))],
        ),
        _gauge("spineview_queue_length", "Jobs that wait for their start.", [("", counts.get("queued", 0))]),
        *_gpu(),
    ]
    return "\n".join(blocks) + "\n" + generate_latest(REGISTRY).decode()


def _gpu() -> list[str]:
    """Memory of the GPU, if the model has been loaded onto one; torch is not imported for it."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available() or not torch.cuda.is_initialized():
        return []
    free, total = torch.cuda.mem_get_info()
    used = [('{kind="used"}', int(total - free)), ('{kind="total"}', int(total))]
    return [_gauge("spineview_gpu_memory_bytes", "Memory of the GPU that the model runs on.", used)]


def _gauge(name: str, help_text: str, samples: list[tuple[str, int]]) -> str:
    lines = [f"# HELP {name} {help_text}", f"# TYPE {name} gauge"]
    return "\n".join(lines + [f"{name}{labels} {value}" for labels, value in samples])
