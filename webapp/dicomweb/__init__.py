"""Talk DICOMweb with archives: search, fetch, store."""
