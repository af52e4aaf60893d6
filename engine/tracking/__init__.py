"""Faces followed through time."""
