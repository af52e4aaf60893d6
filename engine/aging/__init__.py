"""Ages faces: residuals from the network, kept steady over time, added to the picture inside a soft mask."""
