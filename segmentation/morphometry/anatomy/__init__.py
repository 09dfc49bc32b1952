"""Anatomy of one vertebra or sacrum: its frame, body, canal, pedicles and spongy core, found in its voxels."""
