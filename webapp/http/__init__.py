"""What every answer and request has in common: errors, security, forms."""
