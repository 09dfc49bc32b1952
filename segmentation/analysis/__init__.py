"""Measure and draw masks: statistics, surfaces, distances, pictures."""
