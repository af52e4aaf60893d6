"""Boxes, suppression, anchors and alignment: pure functions over arrays."""
