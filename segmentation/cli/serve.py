"""``spineview serve``."""

from __future__ import annotations

import argparse
from importlib import import_module


def run(options: argparse.Namespace) -> int:
    """Serve until stopped. What is not given comes from ``SPINEVIEW_*``, else from the defaults."""
    # By name, so that the engine can be read, tested and used without the web application.
    server = import_module("webapp.serve")
    server.serve(host=options.host, port=options.port, data_dir=options.data)
    return 0
