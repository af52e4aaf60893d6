"""Pictures that tests need: a face nobody owns, alone or somewhere in a larger picture."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import cv2
import numpy as np

import engine.capture
from engine.capture.drawn_face import drawn_face
from engine.types import FloatArray, Image

_FACE_FILE = Path(engine.capture.__file__).with_name("demo_face.png")


def face_picture(size: int) -> Image:
    """A square picture (size, size, 3) BGR of one frontal face; its face mesh is about a third as wide."""
    whole = _whole_face()
    method = cv2.INTER_AREA if size < len(whole) else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(whole, (size, size), interpolation=method), np.uint8)


PEOPLE = 3
"""How many faces there are that even a network of random numbers tells apart."""


def person_picture(number: int, size: int = 640) -> Image:
    """A square picture (size, size, 3) of one of PEOPLE: the demo's face, its negative, and the drawn one."""
    if number < 2:
        face = face_picture(size)
        return face if number == 0 else np.asarray(255 - face, np.uint8)
    drawn = drawn_face(size)
    alpha = drawn[..., 3:].astype(np.float32) / 255
    return np.asarray(drawn[..., :3] * alpha + 140 * (1 - alpha), np.uint8)


def rough_crops(number: int) -> Image:
    """About what the embedder sees of a person (8, 112, 112, 3): lighter and darker, shifted, mirrored."""
    picture = person_picture(number, 320)
    found = []
    for i in range(8):
        left, top, gain = 85 + 5 * (i % 3), 80 + 5 * (i % 2), 0.8 + 0.05 * i
        crop = cv2.resize(picture[top : top + 150, left : left + 150], (112, 112), interpolation=cv2.INTER_AREA)
        found.append(np.clip(crop[:, :: 1 if i % 2 else -1] * gain, 0, 255).astype(np.uint8))
    return np.stack(found)


def scene(width: int, height: int, *faces: tuple[float, float, float]) -> Image:
    """A quiet cluttered room (height, width, 3) with a face picture for each (centre x, centre y, side in px)."""
    random = np.random.default_rng(width * 10_000 + height)
    image = np.full((height, width, 3), (96, 104, 112), np.uint8)
    for _ in range(40):
        x, y = int(random.integers(0, width)), int(random.integers(0, height))
        w, h = (int(side) for side in random.integers(8, max(9, width // 5), 2))
        grey = int(random.integers(60, 190))
        cv2.rectangle(image, (x, y), (x + w, y + h), (grey, grey - 10, grey - 20), -1)
    image = np.asarray(cv2.GaussianBlur(image, (0, 0), 1.5), np.uint8)
    for x_px, y_px, side_px in faces:
        _paste(image, face_picture(round(side_px)), round(x_px - side_px / 2), round(y_px - side_px / 2))
    return image


def boxes(*rows: tuple[float, float, float, float]) -> FloatArray:
    """Boxes (N, 4) float32, also for N = 0."""
    return np.array(rows, np.float32).reshape(-1, 4)


@cache
def _whole_face() -> Image:
    picture = cv2.imread(str(_FACE_FILE), cv2.IMREAD_UNCHANGED) if _FACE_FILE.exists() else drawn_face(512)
    assert picture is not None, f"{_FACE_FILE} is damaged"
    if picture.shape[2] == 4:
        alpha = picture[..., 3:].astype(np.float32) / 255
        picture = (picture[..., :3] * alpha + 140 * (1 - alpha) + 0.5).astype(np.uint8)
    picture.flags.writeable = False
    return np.asarray(picture, np.uint8)


def _paste(image: Image, patch: Image, left: int, top: int) -> None:
    """Put the patch on the image where the two meet."""
    height, width = image.shape[:2]
    x0, y0 = max(left, 0), max(top, 0)
    x1, y1 = min(left + patch.shape[1], width), min(top + patch.shape[0], height)
    if x0 < x1 and y0 < y1:
        image[y0:y1, x0:x1] = patch[y0 - top : y1 - top, x0 - left : x1 - left]
