"""Figures of a model's quality: on labelled CTs, by fold, away from the spine, and under perturbation."""
