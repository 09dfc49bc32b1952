"""Measures of masks: computed once by a thread of their own, kept beside the mask, changed by readers, reported."""
