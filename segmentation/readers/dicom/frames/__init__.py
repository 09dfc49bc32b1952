"""Single DICOM images: decode their pixels, leave damaged ones out, and cut multi-frame files."""
