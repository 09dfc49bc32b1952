"""Weights of the model that comes with the package, and its model card."""
