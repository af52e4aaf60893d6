"""Style transfer: pictures painted by code, the two costs, the picture optimised, and the network that does it live."""
