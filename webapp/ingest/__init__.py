"""From an upload to a study: reading, choosing a series, admission."""
