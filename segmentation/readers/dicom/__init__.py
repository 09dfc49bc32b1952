"""Reader of DICOM: finds series, groups their images, repairs what can be repaired, and makes volumes of them.

``find_files`` finds the files, ``headers`` reads them into ``frames.frame``, ``group_series`` groups and splits them,
``layout`` plans the grid and its repairs, ``frames.decode_pixels`` and ``assemble`` make the voxels, ``propose``
chooses the series to segment. All of that runs in ``worker``, a process of its own that ``sandbox`` starts. The rest of
the program uses ``reader`` and ``listing``.
"""
