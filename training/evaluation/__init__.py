"""Measures what the cards claim, through the program's own commands: ``python -m training evaluate MODEL``."""
