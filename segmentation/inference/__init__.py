"""Run a trained network on a CT: windows, weights, cleaning up, confidence."""
