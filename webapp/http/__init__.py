"""HTTP parts that all routes share: errors, security, forms."""
