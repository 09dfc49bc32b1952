"""Train networks: data, augmentation, loss, loop, configuration."""
