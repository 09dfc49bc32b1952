"""Spines and scans that deviate from a straight adult spine in an ordinary scan: made on purpose, and measured."""
