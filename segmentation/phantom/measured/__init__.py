"""Phantoms of simple vertebrae whose every measure is known: bodies between planes, pedicles of known section."""

from __future__ import annotations

from segmentation.phantom.measured.cases import CASES
from segmentation.phantom.measured.make import MeasuredPhantom, make_measured
from segmentation.phantom.measured.spec import Level, SpineSpec

__all__ = ["CASES", "Level", "MeasuredPhantom", "SpineSpec", "make_measured"]
