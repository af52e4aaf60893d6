"""The quality gate of enrolment: is this face large, sharp, lit, turned and awake enough to be remembered by?

The limits were set by hand on 24 portraits (all pass), on the same ones blurred, darkened, brightened and made smaller
(what fails is noted beside each limit), and on FairFace, so that neither dark skin nor narrow eyes are refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

import cv2
import numpy as np

from engine.geometry.align import ARCFACE, crop_affine, warp_crop
from engine.landmarks.pose import pose_degrees
from engine.types import Face, FloatArray, Image

CROP_PX = 112
# A face this much smaller than the largest stands in the background and is nobody who wants to be enrolled.
BACKGROUND_SHARE = 1 / 3

# Pairs of points on the upper and lower lid, and the corners of the same eye (MediaPipe's mesh).
_RIGHT_LIDS, _RIGHT_CORNERS = ((160, 144), (159, 145), (158, 153)), (33, 133)
_LEFT_LIDS, _LEFT_CORNERS = ((385, 380), (386, 374), (387, 373)), (362, 263)
_INNER = slice(16, 96)  # of the crop: the face without hair and background
_CLIPPED = 250


class Refusal(Enum):
    """Why a frame or picture is not taken; the order is that in which they are told."""

    NO_FACE = "no face"
    SEVERAL_FACES = "several faces"
    CUT_OFF = "cut off"
    TOO_SMALL = "too small"
    TOO_DARK = "too dark"
    TOO_BRIGHT = "too bright"
    ONE_SIDED = "one-sided light"
    PALE = "pale"
    TURNED = "turned"
    TILTED = "tilted"
    LOOKS_UP = "looks up"
    LOOKS_DOWN = "looks down"
    EYES_CLOSED = "eyes closed"
    BLURRED = "blurred"
    OTHER_PERSON = "another person"


HINTS: Mapping[Refusal, str] = MappingProxyType(
    {
        Refusal.NO_FACE: "Nobody is to be seen: come before the camera",
        Refusal.SEVERAL_FACES: "Only one face, please",
        Refusal.CUT_OFF: "Move into the middle of the picture",
        Refusal.TOO_SMALL: "Come a little closer",
        Refusal.TOO_DARK: "It is too dark here: turn on a light",
        Refusal.TOO_BRIGHT: "It is too bright here: move out of the light",
        Refusal.ONE_SIDED: "The light comes from one side: turn towards it",
        Refusal.PALE: "The picture is pale: wipe the lens",
        Refusal.TURNED: "Look at the camera",
        Refusal.TILTED: "Hold your head upright",
        Refusal.LOOKS_UP: "Lower your chin a little",
        Refusal.LOOKS_DOWN: "Raise your chin a little",
        Refusal.EYES_CLOSED: "Open your eyes",
        Refusal.BLURRED: "Hold still for a moment",
        Refusal.OTHER_PERSON: "This is somebody else: only one person, please",
    }
)
"""What to say to the person before the camera."""

REASONS: Mapping[Refusal, str] = MappingProxyType(
    {
        Refusal.NO_FACE: "no face is to be seen",
        Refusal.SEVERAL_FACES: "there are several faces, and it takes one",
        Refusal.CUT_OFF: "the face is cut off at the edge",
        Refusal.TOO_SMALL: "the face is too small",
        Refusal.TOO_DARK: "the face is too dark",
        Refusal.TOO_BRIGHT: "the face is too bright",
        Refusal.ONE_SIDED: "the light comes from one side",
        Refusal.PALE: "the picture is pale",
        Refusal.TURNED: "the face is turned away",
        Refusal.TILTED: "the head is tilted",
        Refusal.LOOKS_UP: "the face looks up",
        Refusal.LOOKS_DOWN: "the face looks down",
        Refusal.EYES_CLOSED: "the eyes are closed",
        Refusal.BLURRED: "the face is blurred",
        Refusal.OTHER_PERSON: "it shows another person than the others",
    }
)
"""The same of a picture that lies before us."""


@dataclass(frozen=True, slots=True)
class Measures:
    """What the gate looks at, of one face.

    width_px: of the face's box. inside: share of the box that lies in the picture. highlight: 95th percentile of its
    grey values; clipped: share of them at the upper end; contrast: their standard deviation; balance: brighter half
    over darker half. blur, blur_in_noise: 0 sharp .. 1 (see ``blur_of``), the second after the noise was smoothed away.
    yaw, pitch, roll in degrees as in landmarks.pose; eyes: how wide they are open, height over width.
    """

    width_px: float
    inside: float
    highlight: float
    clipped: float
    contrast: float
    balance: float
    blur: float
    blur_in_noise: float
    yaw_degrees: float
    pitch_degrees: float
    roll_degrees: float
    eyes: float


@dataclass(frozen=True, slots=True)
class Limits:
    """What is good enough. yaw_degrees: lowest and highest; the others are largest or smallest values."""

    # At 79 px the aligned crop has as many pixels as the face in the picture; a camera can do better.
    width_px: float = CROP_PX
    inside: float = 0.97
    # A light face loses this at 0.25 of the light, a dark one at half of it; 98 % of FairFace's Black faces have more.
    highlight: float = 56.0
    clipped: float = 0.2
    contrast: float = 12.0
    balance: float = 2.5
    # Portraits: 0.56 to 0.64; blurred by 0.9 % of the face's width (Gaussian sigma) 0.71 to 0.78, by 1.3 % 0.78 to
    # 0.83. Noise looks sharp, therefore once more with the noise smoothed away: 0.77 to 0.83, and 0.85 to 0.88 blurred.
    blur: float = 0.79
    blur_in_noise: float = 0.875
    yaw_degrees: tuple[float, float] = (-35.0, 35.0)
    pitch_degrees: float = 25.0
    roll_degrees: float = 40.0
    # Closed eyes measure 0.02 to 0.09, laughing and narrow ones 0.10 and more: better take a blink than refuse a face.
    eyes: float = 0.09


STILL = Limits(width_px=79.0)
"""For pictures: as many pixels as the network looks at."""


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """One look at a picture: the face that counts with its crop (112, 112, 3), or why there is none."""

    refusals: tuple[Refusal, ...]
    face: Face | None = None
    crop: Image | None = None
    measures: Measures | None = None


def look(image: Image, faces: Sequence[Face], limits: Limits = STILL) -> Look:
    """The one face of this picture (H, W, 3) and whether it passes. faces: all that were found, largest first."""
    counted = foreground(faces)
    if not counted:
        return Look((Refusal.NO_FACE,))
    if len(counted) > 1:
        return Look((Refusal.SEVERAL_FACES,))
    face = counted[0]
    if face.mesh is None:
        return Look((Refusal.TURNED,), face)
    crop = warp_crop(image, crop_affine(face.landmarks, CROP_PX, ARCFACE), CROP_PX)
    measures = measure(face.box, face.mesh, crop, (image.shape[1], image.shape[0]))
    return Look(refusals(measures, limits), face, crop, measures)


def foreground(faces: Sequence[Face]) -> tuple[Face, ...]:
    """The faces without those that are much smaller than the largest, in the same order."""
    widths = [float(face.box[2] - face.box[0]) for face in faces]
    return tuple(face for face, width in zip(faces, widths, strict=True) if width > BACKGROUND_SHARE * max(widths))


def measure(box: FloatArray, mesh: FloatArray, crop: Image, size: tuple[int, int]) -> Measures:
    """Everything the gate judges by. box (4,) and mesh (478, 2) in a picture of ``size`` (width, height); crop
    (112, 112, 3) aligned to ARCFACE."""
    grey = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY)[_INNER, _INNER].astype(np.float32)
    half = grey.shape[1] // 2
    left, right = float(grey[:, :half].mean()) + 1, float(grey[:, half:].mean()) + 1
    pose = pose_degrees(mesh)
    inside = np.clip(box.reshape(2, 2), 0, np.array(size) - 1)
    return Measures(
        width_px=float(box[2] - box[0]),
        inside=float(np.prod(inside[1] - inside[0]) / np.prod(box[2:] - box[:2])),
        highlight=float(np.percentile(grey, 95)),
        clipped=float((grey >= _CLIPPED).mean()),
        contrast=float(grey.std()),
        balance=max(left, right) / min(left, right),
        blur=blur_of(grey),
        blur_in_noise=blur_of(np.asarray(cv2.GaussianBlur(grey, (0, 0), 1.0), np.float32)),
        yaw_degrees=pose.yaw,
        pitch_degrees=pose.pitch,
        roll_degrees=pose.roll,
        eyes=eyes_open(mesh),
    )


def refusals(measures: Measures, limits: Limits) -> tuple[Refusal, ...]:
    """Everything that speaks against this face, what to tell first at the front; empty when it passes."""
    low, high = limits.yaw_degrees
    found = {
        Refusal.CUT_OFF: measures.inside < limits.inside,
        Refusal.TOO_SMALL: measures.width_px < limits.width_px,
        Refusal.TOO_DARK: measures.highlight < limits.highlight,
        Refusal.TOO_BRIGHT: measures.clipped > limits.clipped,
        Refusal.ONE_SIDED: measures.balance > limits.balance,
        Refusal.PALE: measures.contrast < limits.contrast,
        Refusal.TURNED: not low <= measures.yaw_degrees <= high,
        Refusal.TILTED: abs(measures.roll_degrees) > limits.roll_degrees,
        Refusal.LOOKS_UP: measures.pitch_degrees < -limits.pitch_degrees,
        Refusal.LOOKS_DOWN: measures.pitch_degrees > limits.pitch_degrees,
        Refusal.EYES_CLOSED: measures.eyes < limits.eyes,
        Refusal.BLURRED: measures.blur > limits.blur or measures.blur_in_noise > limits.blur_in_noise,
    }
    return tuple(reason for reason, applies in found.items() if applies)


def reason_of(refusal: Refusal, measures: Measures | None, limits: Limits = STILL) -> str:
    """Why a picture is not taken, in words, with the number where it helps."""
    if refusal is Refusal.TOO_SMALL and measures is not None:
        return f"{REASONS[refusal]} ({measures.width_px:.0f} px wide, {limits.width_px:.0f} are needed)"
    return REASONS[refusal]


def eyes_open(mesh: FloatArray) -> float:
    """The eye aspect ratio (Soukupova and Cech 2016), mean of both eyes: about 0.3 open, below 0.1 closed."""
    ratios = []
    for lids, (a, b) in ((_RIGHT_LIDS, _RIGHT_CORNERS), (_LEFT_LIDS, _LEFT_CORNERS)):
        width = float(np.linalg.norm(mesh[a] - mesh[b]))
        height = np.mean([np.linalg.norm(mesh[upper] - mesh[lower]) for upper, lower in lids])
        ratios.append(float(height) / max(width, 1e-6))
    return float(np.mean(ratios))


def blur_of(grey: FloatArray) -> float:
    """How little a picture (H, W) changes when it is blurred again: 0 sharp, 1 nothing left to lose.

    After the blur effect of Crete et al. 2007, the worse of both directions, so that motion counts. It compares a
    picture with itself: smooth and bearded faces measure alike, which they do not by the Laplacian's energy. Unlike
    there, the smoothing runs across the direction in which the steps are taken: measured on the portraits, that tells
    a slight blur from none without any overlap, and the original does not.
    """
    worst = 0.0
    for axis, size in ((0, (9, 1)), (1, (1, 9))):  # OpenCV's sizes are (width, height)
        steps = np.abs(np.diff(grey, axis=axis))
        again = np.abs(np.diff(cv2.blur(grey, size), axis=axis))
        total = float(steps.sum())
        lost = float(np.maximum(0, steps - again).sum())
        worst = max(worst, 1 - lost / total if total > 0 else 1.0)
    return worst
