"""Preprocessing: from a CT on its own grid to the network's input, and back."""
