"""Finding faces: one protocol, adapters behind it, and what merges their answers."""
