"""Weights on disk: a card that says what they are, the files found and verified, and strict loading."""
