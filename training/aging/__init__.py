"""Making pairs of the same face at two ages."""
