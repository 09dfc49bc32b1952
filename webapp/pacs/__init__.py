"""Exchange with the hospital's archive: search, fetch, send back (DICOMweb), and receive (C-STORE)."""

from __future__ import annotations
