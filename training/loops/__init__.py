"""One training loop a network, readable from top to bottom."""
