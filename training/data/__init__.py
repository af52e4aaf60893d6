"""Pictures in, aligned faces out."""
