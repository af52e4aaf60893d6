"""How good a detector is: precision and recall, average precision, recall by size, false positives a picture.

Convention: boxes (N, 4) xyxy px; a found box is right if it overlaps a face that no better box has taken. Sizes are the
square root of a box's area, in pixels of the picture that is measured.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.geometry.boxes import area, covered, iou
from engine.types import Detections, FloatArray, Floats
from training.data.scenes import BARE, IGNORE, MASKED, WORN_WRONG

IOU_RIGHT = 0.5
STRICTER = tuple(np.arange(0.5, 1.0, 0.05).round(2).tolist())
# Limits of the size classes in pixels.
SIZES_PX = (0, 20, 40, 80, 160, 100_000)
LARGE_ENOUGH_PX = 40
NEVER = -1.0


@dataclass(frozen=True, eq=False)
class Truth:
    """The faces of one picture: boxes (N, 4), and what they are (N,), see training.data.scenes."""

    boxes: FloatArray
    kinds: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Judged:
    """Everything found in a set of pictures. scores, right (N,): of each found box, best first. found_at (T,): the
    score at which each face was found, NEVER if it was not; sizes_px, kinds (T,): of the faces. pictures: how many.
    """

    scores: FloatArray
    right: NDArray[np.bool_]
    found_at: FloatArray
    sizes_px: FloatArray
    kinds: NDArray[np.int64]
    pictures: int


def judge(
    truths: Sequence[Truth], found: Sequence[Detections], *, iou_right: float = IOU_RIGHT, count_ignored: bool = True
) -> Judged:
    """Compares what was found with the truth, picture by picture, best box first (Everingham et al. 2010, section 4.2).

    A box that lies over an ignored face is dropped, or with ``count_ignored`` counts as a false positive: so faces that
    the labels of a set leave out are held against every detector.
    """
    scores, right, found_at, sizes, kinds = [], [], [], [], []
    for truth, answer in zip(truths, found, strict=True):
        real, shunned = truth.boxes[truth.kinds != IGNORE], truth.boxes[truth.kinds == IGNORE]
        order = np.argsort(-answer.scores, kind="stable")
        own_right, at = _claim(iou(answer.boxes[order], real), answer.scores[order], iou_right)
        kept = np.ones(len(order), bool)
        if not count_ignored:
            kept = own_right | (covered(answer.boxes[order], shunned).max(axis=1, initial=0.0) < 0.5)
        scores.append(answer.scores[order][kept])
        right.append(own_right[kept])
        found_at.append(at)
        sizes.append(np.sqrt(area(real)))
        kinds.append(truth.kinds[truth.kinds != IGNORE])
    all_scores = np.concatenate([np.zeros(0, np.float32), *scores])
    by_score = np.argsort(-all_scores, kind="stable")
    return Judged(
        all_scores[by_score],
        np.concatenate([np.zeros(0, bool), *right])[by_score],
        np.concatenate([np.zeros(0, np.float32), *found_at]),
        np.concatenate([np.zeros(0, np.float32), *sizes]),
        np.concatenate([np.zeros(0, np.int64), *kinds]),
        len(truths),
    )


def _claim(overlaps: FloatArray, scores: Floats, iou_right: float) -> tuple[NDArray[np.bool_], FloatArray]:
    """Which boxes (best first) are right, and the score at which each face was found."""
    right = np.zeros(len(overlaps), bool)
    at = np.full(overlaps.shape[1], NEVER, np.float32)
    if not overlaps.shape[1]:
        return right, at
    for row in range(len(overlaps)):
        free = np.where(at == NEVER, overlaps[row], -1.0)
        best = int(free.argmax())
        if free[best] >= iou_right:
            right[row] = True
            at[best] = scores[row]
    return right, at


def precision_recall(judged: Judged) -> tuple[FloatArray, FloatArray]:
    """Precision and recall (N,) when everything up to and including each box, best first, is taken."""
    hits = np.cumsum(judged.right)
    precision = hits / np.maximum(np.arange(1, len(hits) + 1), 1)
    recall = hits / max(len(judged.found_at), 1)
    return precision.astype(np.float32), recall.astype(np.float32)


def average_precision(judged: Judged) -> float:
    """Area under the precision-recall curve, each precision the best at that recall or a higher one (VOC 2010)."""
    precision, recall = precision_recall(judged)
    if not len(precision):
        return 0.0
    best = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(np.diff(recall, prepend=0.0) * best))


def threshold_at(judged: Judged, false_per_picture: float) -> float:
    """The lowest score at which there are at most so many false positives a picture; just above 1 if there is none."""
    false = np.cumsum(~judged.right) / max(judged.pictures, 1)
    fine = false <= false_per_picture
    # Boxes of one score are taken together or not at all.
    last = np.append(judged.scores[:-1] != judged.scores[1:], True) if len(fine) else fine
    rows = np.flatnonzero(fine & last)
    return float(judged.scores[rows[-1]]) if len(rows) else 1.0001


def recall(judged: Judged, threshold: float, which: NDArray[np.bool_] | None = None) -> float:
    """The part of the faces (of those in ``which`` (T,)) that is found at this score; NaN if there are none."""
    at = judged.found_at if which is None else judged.found_at[which]
    return float((at >= threshold).mean()) if len(at) else float("nan")


def false_positives(judged: Judged, threshold: float) -> float:
    """False positives a picture at this score."""
    return float((~judged.right & (judged.scores >= threshold)).sum() / max(judged.pictures, 1))


def summary(judged: Judged, threshold: float | None = None) -> dict[str, float]:
    """The figures of one detector. threshold: the score to take boxes from; default one false positive a picture."""
    at = threshold_at(judged, 1.0) if threshold is None else threshold
    large = judged.sizes_px >= LARGE_ENOUGH_PX
    worn = (judged.kinds == MASKED) | (judged.kinds == WORN_WRONG)
    bare = judged.kinds == BARE
    figures = {
        "ap50": average_precision(judged),
        "score_threshold": at,
        "false_per_picture": false_positives(judged, at),
        "recall": recall(judged, at),
        "recall_bare": recall(judged, at, bare),
        "recall_masked": recall(judged, at, worn),
        "recall_40px": recall(judged, at, large),
        "recall_bare_40px": recall(judged, at, bare & large),
        "recall_masked_40px": recall(judged, at, worn & large),
    }
    return {key: value for key, value in figures.items() if not np.isnan(value)}


def recall_by_size(judged: Judged, threshold: float) -> dict[str, tuple[float, int]]:
    """Recall and number of faces for each class of size that has any."""
    found = {}
    for low, high in itertools.pairwise(SIZES_PX):
        which = (judged.sizes_px >= low) & (judged.sizes_px < high)
        if which.any():
            name = f"{low}-{high}px" if high < SIZES_PX[-1] else f"{low}px+"
            found[name] = (recall(judged, threshold, which), int(which.sum()))
    return found


def mean_average_precision(truths: Sequence[Truth], found: Sequence[Detections]) -> float:
    """AP averaged over IoU 0.5, 0.55 ... 0.95 (Lin et al. 2014, COCO)."""
    return float(np.mean([average_precision(judge(truths, found, iou_right=limit)) for limit in STRICTER]))
