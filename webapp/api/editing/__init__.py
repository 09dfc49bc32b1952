"""Routes of corrected masks: drafts, versions, and their schemas."""
