"""REST of the queue: batches."""
