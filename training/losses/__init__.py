"""What the networks are told to care about."""
