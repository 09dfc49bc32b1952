"""Corrections of masks: changed blocks, what is not saved yet, and the versions that it becomes."""
