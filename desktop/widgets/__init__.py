"""What the window draws; every decision comes from a presenter."""
