"""The command ``age --sweep``: a picture becomes a video in which everybody passes through the ages and comes home."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from engine.errors import InputError, OutputError
from engine.images import read_picture
from engine.landmarks.pose import frontal_weight
from engine.live.sweep import Sweep
from engine.output.recorder import COMMENT
from engine.output.video import VIDEO_SUFFIXES, VideoWriter
from engine.still import FaceEngine
from engine.types import Face, Image

if TYPE_CHECKING:
    from engine.terminal import Terminal

RATE = Fraction(25)
LONGEST_SIDE_PX = 1920


def sweep_picture(
    source: Path,
    target: Path,
    seconds: float,
    terminal: Terminal,
    *,
    source_age: float | None = None,
    size: int = 0,
    device: str = "auto",
) -> None:
    """Writes the video of a pass that takes ``seconds``; it appears when it is whole, else not at all.

    Everybody goes through the same years; the pass begins and ends at the own age of the largest face, or at
    source_age. size: side of the aligned faces in pixels, 0 to follow each face.
    Raises PictureError, InputError where nobody can be aged, OutputError, WeightsError, DeviceError.
    """
    if target.suffix.lower() not in VIDEO_SUFFIXES:
        known = ", ".join(VIDEO_SUFFIXES)
        raise OutputError(f"cannot write {target}: a sweep is a video, so its name ends in one of {known}.")
    image = _shrunk(read_picture(source))
    engine = FaceEngine(device)
    try:
        found = engine.analyze(image)
        faces = [face for face in found if face.mesh is not None and frontal_weight(face.yaw_degrees) > 0]
        if not faces:
            raise InputError(f"{source}: no face was found that could be aged. Choose another picture.")
        frame_size = (image.shape[1], image.shape[0])
        count = round(seconds * RATE)
        with (
            VideoWriter(target, size=frame_size, rate=RATE, comment=COMMENT) as writer,
            terminal.progress(count, "frames", source.name) as progress,
        ):
            for years in _years(faces[0], source_age, count):
                writer.write(engine.age(image, years, faces=_as_old(faces, source_age), size=size or None))
                progress.step()
    finally:
        engine.close()
    terminal.show(f"{source} -> {target}: {count} frames, {'1 face' if len(faces) == 1 else f'{len(faces)} faces'}")


def _years(front: Face, source_age: float | None, count: int) -> list[float]:
    """The target of every frame; the last one is home."""
    own = source_age if source_age is not None else front.age.years if front.age is not None else 40.0
    sweep = Sweep(0.0, own, own, float(max(count - 1, 1)))
    return [years if (years := sweep.years_at(float(i))) is not None else own for i in range(count)]


def _as_old(faces: list[Face], source_age: float | None) -> list[Face]:
    """The faces, with the age that was given for them instead of the estimated one."""
    if source_age is None:
        return faces
    return [
        replace(face, age=None if face.age is None else replace(face.age, years=source_age)) for face in faces
    ]  # fmt: skip


def _shrunk(image: Image) -> Image:
    """The picture with at most ``LONGEST_SIDE_PX`` along its longer side: more is no use in a video."""
    scale = LONGEST_SIDE_PX / max(image.shape[:2])
    if scale >= 1:
        return image
    return np.asarray(cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
