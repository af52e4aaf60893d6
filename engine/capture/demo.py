"""The built-in demo: a face nobody owns, moving gently before a soft background; the same every time."""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.capture.drawn_face import drawn_face
from engine.capture.pace import NS, Clock, RateMeter
from engine.types import Affine, Frame, Image

WIDTH_PX, HEIGHT_PX, FPS = 1280, 720, 30
FACE_FILE = Path(__file__).with_name("demo_face.png")
_WALL_SHARE = 0.13  # of a portrait on each side that shows nothing but wall: left out, because warping it takes time


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """What the demo is made of.

    face (H, W, 4) uint8 BGRA, colours multiplied by alpha; backdrop (720, 1280, 3). The face picture is shown
    ``height_px`` high before zooming, its centre at ``centre_px`` at rest.
    """

    face: Image
    backdrop: Image
    height_px: float
    centre_px: tuple[float, float]


class DemoSource:
    """Stands in for a camera: 1280x720 at 30 frames a second, and like a camera it does not wait.

    ``picture(index)`` depends on the index alone, so two runs see the same face do the same things.
    """

    live = True
    name = "Demo"

    def __init__(self, face_file: Path = FACE_FILE, *, clock: Clock = time.monotonic_ns) -> None:
        self._face_file = face_file
        self._clock = clock
        self._stop = threading.Event()
        self._meter = RateMeter(clock=clock)
        self._stage: Stage | None = None
        self._start_ns: int | None = None
        self._index = 0
        self.size = (WIDTH_PX, HEIGHT_PX)
        self.notice = ""

    @property
    def fps_measured(self) -> float:
        return self._meter.fps

    def open(self) -> None:
        if self._start_ns is None:
            self._stage = load_stage(self._face_file)
            self._start_ns = self._clock()

    def read(self) -> Frame | None:
        if self._start_ns is None or self._stop.is_set():
            return None
        self._index = max(self._index, (self._clock() - self._start_ns) * FPS // NS)
        image = self.picture(self._index)
        while (left_ns := self._start_ns + self._index * NS // FPS - self._clock()) > 0:
            if self._stop.wait(left_ns / NS):
                return None
        time_ns = self._clock()
        self._meter.add(time_ns)
        self._index += 1
        return Frame(image, self._index - 1, time_ns)

    def picture(self, index: int) -> Image:
        """The frame (720, 1280, 3) of this index."""
        if self._stage is None:
            self._stage = load_stage(self._face_file)
        return paste_warped(self._stage.backdrop, self._stage.face, pose(index / FPS, self._stage))

    def interrupt(self) -> None:
        self._stop.set()

    def close(self) -> None:
        self.interrupt()


def pose(seconds: float, stage: Stage) -> Affine:
    """Where the face is at this time: an affine (2, 3) from its picture to the frame.

    Sway, zoom, and turns of the head as a flat picture in space, seen from far away: at most 14 degrees left and right,
    7 up and down. The periods have no small common multiple, so that the motion does not seem to repeat.
    """

    def wave(period_s: float, phase: float = 0.0) -> float:
        return math.sin(2 * math.pi * (seconds / period_s + phase))

    height, width = stage.face.shape[:2]
    yaw = math.radians(14 * wave(7.9))
    pitch = math.radians(7 * wave(4.3, 0.3))
    roll = math.radians(5 * wave(6.1, 0.1))
    scale = stage.height_px / height * (1 + 0.09 * wave(11.3))
    centre_x = stage.centre_px[0] + 95 * wave(9.1) + 14 * wave(3.7)
    centre_y = stage.centre_px[1] + 12 * wave(5.3)

    about_y = np.array([[math.cos(yaw), 0, math.sin(yaw)], [0, 1, 0], [-math.sin(yaw), 0, math.cos(yaw)]])
    about_x = np.array([[1, 0, 0], [0, math.cos(pitch), -math.sin(pitch)], [0, math.sin(pitch), math.cos(pitch)]])
    about_z = np.array([[math.cos(roll), -math.sin(roll), 0], [math.sin(roll), math.cos(roll), 0], [0, 0, 1]])
    # A point of the picture is (x, y, 0) about its centre; of where it is in space, only x and y are seen.
    seen = scale * (about_z @ about_x @ about_y)[:2, :2]
    middle = np.array([(width - 1) / 2, (height - 1) / 2])
    return np.column_stack([seen, np.array([centre_x, centre_y]) - seen @ middle])


def paste_warped(backdrop: Image, face: Image, to_frame: Affine) -> Image:
    """A new frame: the face (H, W, 4), colours already multiplied by alpha, warped onto the backdrop (H, W, 3)."""
    right, bottom = face.shape[1] - 1, face.shape[0] - 1
    warped = np.array([[0, 0], [right, 0], [right, bottom], [0, bottom]]) @ to_frame[:, :2].T + to_frame[:, 2]
    height, width = backdrop.shape[:2]
    x1, y1 = np.clip(np.floor(warped.min(0)), 0, [width, height]).astype(int)
    x2, y2 = np.clip(np.ceil(warped.max(0)) + 1, 0, [width, height]).astype(int)
    frame = backdrop.copy()
    if x2 <= x1 or y2 <= y1:
        return frame
    matrix = to_frame - np.array([[0, 0, x1], [0, 0, y1]])
    patch = cv2.warpAffine(face, matrix, (int(x2 - x1), int(y2 - y1)), flags=cv2.INTER_LINEAR)
    region = frame[y1:y2, x1:x2]
    through = cv2.bitwise_not(cv2.cvtColor(cv2.extractChannel(patch, 3), cv2.COLOR_GRAY2BGR))
    behind = cv2.multiply(region, through, scale=1 / 255)
    cv2.add(behind, cv2.cvtColor(patch, cv2.COLOR_BGRA2BGR), dst=region)
    return frame


def load_stage(path: Path = FACE_FILE) -> Stage:
    """The face from a picture and a backdrop that suits it; drawn by code if there is no file.

    A picture with an alpha channel stands before a dim room. One without is a portrait before a plain wall: the
    wall goes on behind it, and its sides fade into that. Its lower edge lies outside the frame.
    """
    stored = cv2.imread(str(path), cv2.IMREAD_UNCHANGED) if path.exists() else None
    picture = drawn_face() if stored is None else np.asarray(stored, np.uint8)
    if picture.shape[2] == 4:
        return Stage(_faded(picture, 0.07, bottom=True), _room(), 600, (640, 385))
    height_px, centre_px = 800.0, (640.0, 400.0)
    wall = _wall(picture, height_px, centre_px[1])
    cut = round(picture.shape[1] * _WALL_SHARE)
    picture = picture[:, cut : picture.shape[1] - cut]
    opaque = np.dstack([picture, np.full(picture.shape[:2], 255, np.uint8)])
    return Stage(_faded(np.asarray(opaque, np.uint8), 0.2, bottom=False), wall, height_px, centre_px)


def _faded(picture: Image, share: float, *, bottom: bool) -> Image:
    """The picture (H, W, 4) with edges that fade over this share of its sides, colours multiplied by alpha."""
    down, across = _rising(picture.shape[0], share), _rising(picture.shape[1], share)
    if bottom:
        down = down * down[::-1]
    alpha = picture[..., 3:] * (np.outer(down, across * across[::-1])[..., None] / 255)
    return np.asarray(np.concatenate([picture[..., :3] * alpha + 0.5, alpha * 255 + 0.5], axis=2), np.uint8)


def _rising(length: int, share: float) -> NDArray[np.float64]:
    """From 0 to 1 over the first share of (N,) values, smooth at both ends."""
    ramp = np.clip(np.arange(length) / (share * length), 0, 1)
    return np.asarray(ramp**2 * (3 - 2 * ramp))


def _room() -> Image:
    """A quiet, out-of-focus room (720, 1280, 3): slate with a warm light on one side."""
    y, x = np.mgrid[0:HEIGHT_PX, 0:WIDTH_PX].astype(np.float32)
    picture = np.empty((HEIGHT_PX, WIDTH_PX, 3), np.float32)
    picture[:] = (104, 92, 84)
    lights = (
        (960, 180, 420, (150, 178, 206), 0.75),
        (240, 300, 360, (128, 110, 92), 0.6),
        (700, 760, 520, (62, 58, 58), 0.7),
    )
    for cx, cy, radius, colour, share in lights:
        weight = share * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / radius**2)
        picture += (np.array(colour, np.float32) - picture) * weight[..., None]
    return _dithered(picture)


def _wall(portrait: Image, height_px: float, centre_y_px: float) -> Image:
    """The wall (720, 1280, 3) behind a portrait: the colours of its left and right edge, drawn out sideways."""
    edge = max(1, portrait.shape[1] // 30)
    rows = (np.arange(HEIGHT_PX) - centre_y_px) / height_px * portrait.shape[0] + portrait.shape[0] / 2
    columns = []
    for strip in (portrait[:, :edge], portrait[:, -edge:]):
        colours = cv2.GaussianBlur(strip.mean(1, keepdims=True), (1, 0), sigmaX=1, sigmaY=portrait.shape[0] / 16)
        columns.append(colours[np.clip(rows, 0, portrait.shape[0] - 1).astype(int), 0])
    across = np.linspace(0, 1, WIDTH_PX, dtype=np.float32)[None, :, None]
    wall = columns[0][:, None] * (1 - across) + columns[1][:, None] * across
    fall_off = 1 - 0.22 * (2 * across - 1) ** 2  # the lamp shines on the middle
    return _dithered(wall * fall_off)


def _dithered(picture: NDArray[np.floating[Any]]) -> Image:
    """In 8 bits, with half a level of fixed noise that hides the bands that soft ramps would show."""
    noise = np.random.default_rng(0).uniform(0, 1, picture.shape)
    return np.asarray(np.clip(picture + noise, 0, 255), np.uint8)
