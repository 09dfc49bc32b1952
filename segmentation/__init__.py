"""The engine: arrays, files and torch. Knows nothing of the web."""
