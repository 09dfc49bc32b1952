"""What every part of the engine uses: errors, geometry, volumes, labels, notes."""
