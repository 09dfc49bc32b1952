"""Types and primitives that every part of the engine uses: errors, geometry, volumes, labels, notes."""
