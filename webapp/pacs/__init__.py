"""The hospital's archive: search, fetch, send back (DICOMweb), and what it may push here (C-STORE)."""

from __future__ import annotations
