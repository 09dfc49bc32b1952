"""The order of waiting jobs, batches of them, and results that can be used again."""
