"""What is kept: studies, jobs, masks, measurements, reviews, audit trail."""
