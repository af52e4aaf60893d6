"""Runs networks: chooses a device and a precision, says so, and hides both behind one small interface."""

from engine.runtime.backend import Network, on_many_pictures, on_pictures
from engine.runtime.loading import load_network

__all__ = ["Network", "load_network", "on_many_pictures", "on_pictures"]
