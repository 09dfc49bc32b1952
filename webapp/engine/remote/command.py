"""The command ``spineview worker``."""

from __future__ import annotations

import argparse
import os
from pathlib import Path


def add_options(command: argparse.ArgumentParser) -> None:
    """Add its options."""
    command.add_argument(
        "--scheduler", metavar="ADDRESS", help="of Dask's scheduler: tcp://host:8786 or tls://host:8786"
    )
    command.add_argument("--data", metavar="DIR", type=Path, help="data folder of the server, as this machine sees it")
    command.add_argument("--device", choices=("auto", "cpu", "cuda"), help="where the model runs (auto)")


def run(options: argparse.Namespace) -> int:
    """Work until stopped. What is not given comes from ``SPINEVIEW_*``, else from the defaults."""
    from webapp.engine.remote.worker import run_worker
    from webapp.log_setup import set_up_logging
    from webapp.settings import load_settings

    settings = load_settings(
        executor="dask", dask_scheduler=options.scheduler, data_dir=options.data, device=options.device
    )
    os.umask(0o077)  # scans are for the eyes of this account alone
    set_up_logging(settings.log_level, settings.log_format)
    run_worker(settings)
    return 0
