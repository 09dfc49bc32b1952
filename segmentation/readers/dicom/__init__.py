"""DICOM series to volumes.

``files`` finds them, ``headers`` reads them into ``frame``, ``series`` groups and splits, ``layout`` plans the grid and
its repairs, ``pixels`` and ``assemble`` make the voxels, ``propose`` picks. All of that runs in ``worker``, a process
of its own that ``sandbox`` starts; ``reader`` and ``listing`` are what the rest of the program sees.
"""
