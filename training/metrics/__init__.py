"""The numbers that stand on the cards."""
