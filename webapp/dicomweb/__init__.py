"""DICOMweb client of archives: search, fetch, store."""
