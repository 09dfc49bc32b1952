"""Training of the network that tells vertebrae apart and names them."""
