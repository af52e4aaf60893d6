"""One list of faces out of several that saw the same image."""

from __future__ import annotations

import numpy as np

from engine.geometry import boxes as box_math
from engine.geometry.nms import nms, soft_nms
from engine.types import Detections

SAME_FACE_IOU = 0.4
# An eye taken for a face barely overlaps the face by IoU, but lies inside it.
SAME_FACE_COVERED = 0.75


def concatenate(*parts: Detections) -> Detections:
    """All faces of all parts, in order."""
    if not parts:
        return Detections.empty()
    return Detections(
        np.concatenate([part.boxes for part in parts]),
        np.concatenate([part.scores for part in parts]),
        np.concatenate([part.landmarks for part in parts]),
    )


def suppress(found: Detections, *, iou_threshold: float = SAME_FACE_IOU, soft: bool = False) -> Detections:
    """Each face once, best first: suppression by IoU, then faces that lie inside a better one are dropped too.

    ``soft`` lowers the score of an overlapping face (and keeps it while above 0.3) instead of dropping it.
    """
    if len(found) < 2:
        return found
    if soft:
        keep, scores = soft_nms(found.boxes, found.scores, score_threshold=0.3)
        found = Detections(found.boxes[keep], scores, found.landmarks[keep])
    else:
        found = found.take(nms(found.boxes, found.scores, iou_threshold))
    return found.take(_not_inside_better(found))


def add_unseen(known: Detections, found: Detections, *, iou_threshold: float = SAME_FACE_IOU) -> Detections:
    """The known faces as they are, followed by those of ``found`` that overlap none of them.

    For video: faces followed by their mesh keep their exact boxes, and a detector's answer only adds new ones.
    """
    if not len(known) or not len(found):
        return concatenate(known, found)
    same = box_math.iou(found.boxes, known.boxes) > iou_threshold
    same |= box_math.covered(found.boxes, known.boxes) > SAME_FACE_COVERED
    same |= box_math.covered(known.boxes, found.boxes).T > SAME_FACE_COVERED
    return concatenate(known, found.take(~same.any(axis=1)))


def _not_inside_better(found: Detections) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """A mask (N,) of the faces that no better face of this list (best first) covers."""
    inside = np.tril(box_math.covered(found.boxes, found.boxes) > SAME_FACE_COVERED, k=-1)
    keep = np.ones(len(found), bool)
    for row in range(1, len(found)):
        keep[row] = not (inside[row] & keep).any()
    return keep
