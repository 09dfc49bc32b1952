"""Rules by which the images of one SeriesInstanceUID are told apart: copies, patients, phases, slabs and blocks."""
