"""What a detector is taught at each anchor: which face it answers for, and how wrong its answer is."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from engine.geometry.anchors import LARGEST_LOG_SCALE, VARIANCES, to_boxes
from engine.geometry.boxes import covered, iou
from engine.types import FloatArray, Floats

BACKGROUND, LEFT_ALONE = -1, -2
# An anchor answers for a face from this overlap on; between the two it is neither face nor background.
FACE_IOU, BACKGROUND_IOU = 0.45, 0.35
# Every face has at least so many anchors, its best ones, down to this overlap: none is too small to be learned.
AT_LEAST, AT_LEAST_IOU = 3, 0.2


def match(anchors: Floats, boxes: Floats, ignored: NDArray[np.bool_]) -> NDArray[np.int64]:
    """For anchors (A, 4) ``cx cy w h`` the row of the face (boxes (N, 4) xyxy) each answers for: (A,).

    BACKGROUND where there is none, LEFT_ALONE where nothing is to be said: near a face without reaching FACE_IOU, or
    over a face that is ``ignored`` (N,). The rule is SSD's (Liu et al. 2016, section 2.2): every anchor above a
    threshold, and the best ones of each face in any case.
    """
    places = to_boxes(anchors)
    answer = np.full(len(places), BACKGROUND, np.int64)
    if not len(boxes):
        return answer
    shunned = covered(places, boxes[ignored]).max(axis=1, initial=0.0) > 0.5
    answer[shunned] = LEFT_ALONE
    real = np.flatnonzero(~ignored)
    if not len(real):
        return answer
    overlaps = iou(places, boxes[real])
    best = overlaps.max(axis=1)
    answer[best > BACKGROUND_IOU] = LEFT_ALONE
    taken = best >= FACE_IOU
    answer[taken] = real[overlaps.argmax(axis=1)[taken]]
    closest = np.argsort(-overlaps, axis=0, kind="stable")[:AT_LEAST]
    own = np.take_along_axis(overlaps, closest, axis=0)
    # An anchor goes to the face it overlaps most; only a face's best anchor is given to it in any case.
    fair = (own > AT_LEAST_IOU) & (own >= best[closest])
    rank, column = np.nonzero(fair)
    answer[closest[rank, column]] = real[column]
    for face in np.argsort(own[0], kind="stable"):
        answer[closest[0, face]] = real[face]
    return answer


def decode_boxes(offsets: Tensor, anchors: Tensor) -> Tensor:
    """engine.geometry.anchors.decode for tensors: offsets (P, 4) and anchors (P, 4) -> boxes (P, 4) xyxy px."""
    centre = anchors[:, :2] + offsets[:, :2] * VARIANCES[0] * anchors[:, 2:]
    half = anchors[:, 2:] * torch.exp((offsets[:, 2:] * VARIANCES[1]).clamp_max(LARGEST_LOG_SCALE)) / 2
    return torch.cat([centre - half, centre + half], 1)


def paired_iou(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """IoU and generalised IoU (P,) of boxes of the same row (Rezatofighi et al. 2019, algorithm 1)."""
    sides_a, sides_b = (a[:, 2:] - a[:, :2]).clamp_min(0), (b[:, 2:] - b[:, :2]).clamp_min(0)
    common = (torch.minimum(a[:, 2:], b[:, 2:]) - torch.maximum(a[:, :2], b[:, :2])).clamp_min(0).prod(1)
    union = sides_a.prod(1) + sides_b.prod(1) - common
    hull = (torch.maximum(a[:, 2:], b[:, 2:]) - torch.minimum(a[:, :2], b[:, :2])).prod(1)
    overlap = common / union.clamp_min(1e-6)
    return overlap, overlap - (hull - union) / hull.clamp_min(1e-6)


def quality_focal(logits: Tensor, quality: Tensor, power: float = 2.0) -> Tensor:
    """How far objectness (A,) before the sigmoid is from the wanted quality (A,) in 0..1: the sum over anchors.

    Li et al. 2020 ("Generalized Focal Loss", equation 4): the quality of a face's anchor is the IoU its box reaches,
    so that of two boxes the better one gets the higher score; what is nearly right already hardly counts.
    """
    plain = functional.binary_cross_entropy_with_logits(logits, quality, reduction="none")
    return (plain * (torch.sigmoid(logits) - quality).abs().pow(power)).sum()


@dataclass(frozen=True, eq=False)
class Wanted:
    """What a batch should have said: for each anchor of each picture, flattened to rows of (B * A).

    counted: rows whose objectness counts; faces: rows that answer for a face; anchors, boxes (P, 4) and points
    (P, 5, 2) of those rows, points in units of the anchor with NaN where unknown.
    """

    counted: Tensor
    faces: Tensor
    anchors: Tensor
    boxes: Tensor
    points: Tensor

    def to(self, device: torch.device) -> Wanted:
        """The same on another device."""
        return Wanted(*(getattr(self, each.name).to(device) for each in fields(self)))


def wanted(
    anchors: FloatArray,
    faces: list[tuple[FloatArray, FloatArray, NDArray[np.bool_]]],
    points_of_anchor: float = VARIANCES[0],
) -> Wanted:
    """Matches every picture's faces (boxes, points, ignored) with the anchors (A, 4)."""
    counted, rows, own, boxes, points = [], [], [], [], []
    for index, (face_boxes, face_points, ignored) in enumerate(faces):
        answer = match(anchors, face_boxes, ignored)
        counted.append(np.flatnonzero(answer != LEFT_ALONE) + index * len(anchors))
        mine = np.flatnonzero(answer >= 0)
        rows.append(mine + index * len(anchors))
        own.append(anchors[mine])
        boxes.append(face_boxes[answer[mine]])
        relative = (face_points[answer[mine]] - anchors[mine, None, :2]) / (anchors[mine, None, 2:] * points_of_anchor)
        points.append(relative)
    arrays = (np.concatenate(part) for part in (counted, rows, own, boxes, points))
    return Wanted(*(torch.from_numpy(np.ascontiguousarray(part)) for part in arrays))


def detection_losses(raw: Tensor, target: Wanted) -> dict[str, Tensor]:
    """The three losses of a batch's raw answers (B, A, 15), each divided by the number of anchors with a face.

    objectness: quality focal; boxes: 1 - generalised IoU; landmarks: smooth L1 in units of a tenth of the anchor, only
    where they are known.
    """
    flat = raw.float().reshape(-1, raw.shape[-1])
    count = max(len(target.faces), 1)
    mine = flat[target.faces]
    overlap, generalised = paired_iou(decode_boxes(mine[:, 1:5], target.anchors), target.boxes)
    quality = torch.zeros(len(flat), device=flat.device)
    quality[target.faces] = overlap.detach().clamp(0, 1)
    known = torch.isfinite(target.points)
    error = mine[:, 5:].reshape(-1, 5, 2)[known] - target.points[known]
    landmarks = functional.smooth_l1_loss(error, torch.zeros_like(error), reduction="sum")
    return {
        "objectness": quality_focal(flat[target.counted, 0], quality[target.counted]) / count,
        "boxes": (1 - generalised).sum() / count,
        "landmarks": landmarks / max(int(known.sum()), 1) * (len(mine) > 0),
    }
