"""Which of the 478 mesh points are what (MediaPipe's canonical face mesh with irises).

Convention: LEFT and RIGHT are the person's own, as in MediaPipe; RIGHT_EYE is therefore on the image's left.
Closed outlines do not repeat their first point.
"""

from __future__ import annotations

POINTS = 478
# The last ten points are the irises; they move with the gaze, so the outline of the face is taken without them.
POINTS_WITHOUT_IRISES = 468

# Closed, clockwise in an upright image, starting at the top of the forehead.
FACE_OVAL = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip
RIGHT_EYE = (33, 246, 161, 160, 159, 158, 157, 173, 133, 155, 154, 153, 145, 144, 163, 7)
LEFT_EYE = (362, 398, 384, 385, 386, 387, 388, 466, 263, 249, 390, 373, 374, 380, 381, 382)
LIPS_OUTER = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146)
LIPS_INNER = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308, 324, 318, 402, 317, 14, 87, 178, 88, 95)
RIGHT_IRIS = (469, 470, 471, 472)
LEFT_IRIS = (474, 475, 476, 477)
# Open lines from the outer end inwards.
RIGHT_EYEBROW = (70, 63, 105, 66, 107)
LEFT_EYEBROW = (300, 293, 334, 296, 336)
NOSE_BRIDGE = (168, 6, 197, 195, 5, 4)
NOSE_BASE = (98, 97, 2, 326, 327)

RIGHT_EYE_CORNERS = (33, 133)
LEFT_EYE_CORNERS = (362, 263)
NOSE_TIP = 4
RIGHT_MOUTH_CORNER = 61
LEFT_MOUTH_CORNER = 291
RIGHT_IRIS_CENTRE = 468
LEFT_IRIS_CENTRE = 473
FOREHEAD_TOP = 10
CHIN = 152

CLOSED_LINES = (FACE_OVAL, RIGHT_EYE, LEFT_EYE, LIPS_OUTER, LIPS_INNER)
OPEN_LINES = (RIGHT_EYEBROW, LEFT_EYEBROW, NOSE_BRIDGE, NOSE_BASE)
