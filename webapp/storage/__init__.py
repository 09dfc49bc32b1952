"""Storage of studies, jobs, masks, measurements, reviews and the audit trail."""
