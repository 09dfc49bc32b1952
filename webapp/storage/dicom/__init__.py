"""DICOM of a study: the files it came as, and the objects made by their series."""
