"""Analysis of masks: statistics, surfaces, distances and pictures."""
