"""Inference: run a trained network on a CT, clean the mask up, and estimate how far it may be trusted."""
