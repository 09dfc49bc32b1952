"""Reports of the measures of a spine: one page of PDF in English or Chinese, with pictures and a table."""

from __future__ import annotations

from segmentation.report.pdf import ReportFacts, write_pdf
from segmentation.report.words import LANGUAGES

__all__ = ["LANGUAGES", "ReportFacts", "write_pdf"]
