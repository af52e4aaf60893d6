"""Points on a face: the mesh, five points and pose from it, the mask, and smoothing in time."""
