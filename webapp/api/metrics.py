"""Figures of the running server in Prometheus's text format, version 0.0.4."""

from __future__ import annotations

import shutil

from webapp.enumerations import JOB_STATES
from webapp.services import Services


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
    ]
    return "\n".join(blocks) + "\n"


def _gauge(name: str, help_text: str, samples: list[tuple[str, int]]) -> str:
    lines = [f"# HELP {name} {help_text}", f"# TYPE {name} gauge"]
    return "\n".join(lines + [f"{name}{labels} {value}" for labels, value in samples])
