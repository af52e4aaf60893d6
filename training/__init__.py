"""The road to the mirror's networks: data, losses, loops and measures, one readable file each."""
