"""Single DICOM images: decode, judge, and take parts of multi-frame files."""
