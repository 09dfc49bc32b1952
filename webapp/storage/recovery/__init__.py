"""Recovery at the start: interrupted deletions, and studies that the database does not know."""
