"""From a CT and its spine mask to vertebrae: which voxel belongs to which, its name, and how sure that is."""
