"""Run the engine's commands without the web application: ``python -m segmentation.cli``."""

from __future__ import annotations

import sys

from segmentation.cli.main import main

sys.exit(main())
