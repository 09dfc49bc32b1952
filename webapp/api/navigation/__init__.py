"""Screws and registrations over HTTP: proposed, checked, registered, listed. For research use only."""
