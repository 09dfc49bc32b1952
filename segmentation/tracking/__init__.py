"""Tracked tools over OpenIGTLink: messages, client, recordings, and a simulated tracker. For research use only."""
