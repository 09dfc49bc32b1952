"""Ingest of uploads: reading, choosing a series, admission to the store."""
