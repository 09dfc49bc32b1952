"""Accounts: who asks, what they may do, and the one gate that every request and socket passes."""
