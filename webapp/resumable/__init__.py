"""Uploads that go on where they stopped: the tus protocol 1.0, and what is made of what came."""
