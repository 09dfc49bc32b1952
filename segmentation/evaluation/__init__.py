"""Honest figures for a model: on labelled CTs, by fold, away from the spine, and under perturbation."""

from __future__ import annotations

from segmentation.evaluation.cases import Case, Segmenter, find_cases, read_case
from segmentation.evaluation.report import CaseReport, Report, evaluate, evaluate_case, without_nan
from segmentation.evaluation.scores import Scores, score

__all__ = [
    "Case",
    "CaseReport",
    "Report",
    "Scores",
    "Segmenter",
    "evaluate",
    "evaluate_case",
    "find_cases",
    "read_case",
    "score",
    "without_nan",
]
