"""Training of networks: data, augmentation, loss, training loop and configuration."""
