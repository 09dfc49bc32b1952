"""Measures of the spine from a vertebra label map and its CT: heights, angles, canal, pedicles, density.

``docs/measurements.md`` holds every definition with its source.
"""
