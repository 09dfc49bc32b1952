"""The model that comes with the package, and its model card."""
