"""What a start mends: deletions that were interrupted, and studies that the database does not know."""
