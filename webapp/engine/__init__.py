"""The engine as jobs see it."""
