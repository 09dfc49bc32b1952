"""REST routes under /api/v1 and the files that pages fetch."""
