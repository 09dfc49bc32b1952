"""Evaluation of models: on labelled CTs, by fold, away from the spine, and under perturbation."""
