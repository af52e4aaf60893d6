"""Paints whole pictures in a style; see ``engine.style.stylist``."""
