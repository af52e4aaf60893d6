"""How still a change stands over time: on real clips, on slow pans of stills, and in the live mirror.

Convention: frames (H, W, 3) uint8 BGR; what is added is followed along the optical flow (``metrics.temporal``).
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.detection.mediapipe_faces import Effort, MediaPipeDetector
from engine.geometry.align import crop_affine, invert, transform, warp_crop
from engine.geometry.boxes import iou
from engine.landmarks.faces import FoundFace, find_faces
from engine.landmarks.mask import head_mask
from engine.landmarks.mesh import FaceMesher
from engine.paths import project_dir
from training.data.sets import DataError
from training.evaluation.aging_generators import Generator, shown
from training.evaluation.aging_judges import AgeJudge
from training.metrics.temporal import Shimmer

Images = NDArray[np.uint8]
Floats = NDArray[np.float32]

SETTLE_S = 2.0
SAME_FACE_IOU = 0.5
"""Of its box in the frame before; else it is another face, and what is added begins anew."""
JUDGED_EVERY = 3
"""Every so many frames the age is estimated."""
PAN_SIDE, PAN_STEP_PX, PAN_NOISE = 480, 0.3, 2.0
"""Side of a pan's frames and its speed in pixels; noise as of a webcam in good light, standard deviation in 1/255."""


@dataclass(frozen=True)
class Moving:
    """One frame; flow (H, W, 2) from the frame before where it is known exactly, else None."""

    image: Images
    flow: Floats | None = None


def read_clip(path: Path, seconds: float) -> Iterator[Moving]:
    """These seconds of a video, from SETTLE_S on as the live mirror is measured. Raises DataError if it is no video."""
    video = cv2.VideoCapture(str(path))
    try:
        if not video.isOpened():
            raise DataError(f"{path} is no video that can be read.")
        rate = video.get(cv2.CAP_PROP_FPS) or 25.0
        first = round(SETTLE_S * rate)
        for number in range(first + max(2, round(seconds * rate))):
            there, image = video.read()
            if not there:
                return
            if number >= first:
                yield Moving(np.asarray(image, np.uint8))
    finally:
        video.release()


def pan(crop: Images, frames: int, seed: int = 0) -> Iterator[Moving]:
    """A still face (S, S, 3) that drifts slowly through the picture, with a camera's noise and its exact flow."""
    rng = np.random.default_rng(seed)
    half = PAN_SIDE // 8
    wide = cv2.resize(crop, (PAN_SIDE - 2 * half,) * 2, interpolation=cv2.INTER_CUBIC)
    wide = cv2.copyMakeBorder(wide, *(2 * half,) * 4, cv2.BORDER_REPLICATE)
    turn = rng.uniform(0, 2 * np.pi)
    before: tuple[float, float] | None = None
    for number in range(frames):
        x, y = (half + PAN_STEP_PX * number * float(part) for part in (np.cos(turn), np.sin(turn)))
        matrix = np.array([[1, 0, -x], [0, 1, -y]])
        seen = cv2.warpAffine(
            wide, matrix, (PAN_SIDE, PAN_SIDE), flags=cv2.INTER_LANCZOS4, borderMode=cv2.BORDER_REPLICATE
        )
        noisy = np.clip(np.round(seen + rng.normal(0, PAN_NOISE, seen.shape)), 0, 255).astype(np.uint8)
        flow = None
        if before is not None:
            flow = np.empty((PAN_SIDE, PAN_SIDE, 2), np.float32)
            flow[:] = x - before[0], y - before[1]
        before = (x, y)
        yield Moving(noisy, flow)


class FaceFinder:
    """One face of each frame, as a mirror without any steadying finds it: the largest, then the same again."""

    def __init__(self) -> None:
        self._detector, self._mesher = MediaPipeDetector(Effort.LIVE), FaceMesher()

    def __call__(self, image: Images, before: FoundFace | None) -> FoundFace | None:
        """The largest face, or that which lies where the one before lay; None where it is not there."""
        faces = [face for face in find_faces(image, self._detector, self._mesher) if face.mesh is not None]
        if before is None or not faces:
            return faces[0] if faces else None
        overlaps = iou(before.box[None], np.stack([face.box for face in faces]))[0]
        return faces[int(overlaps.argmax())] if overlaps.max() >= SAME_FACE_IOU else None

    def close(self) -> None:
        self._detector.close()
        self._mesher.close()


def follow(
    frames: Iterable[Moving],
    generator: Generator,
    ages: dict[str, AgeJudge],
    target: float,
    finder: FaceFinder,
) -> dict[str, float]:
    """The generator alone on every frame, nothing steadied: figures of ``Shimmer``, and the deviation in years of each
    judge's estimate over the clip, of the faces as they are and as they were made.

    The source age is the first judge's estimate of the first face, and stays. NaN where no face was found.
    """
    shimmer, source, last = Shimmer(), None, None
    seen: dict[str, list[tuple[float, float]]] = {name: [] for name in ages}
    for number, frame in enumerate(frames):
        face = finder(frame.image, last)
        last = face
        if face is None or face.mesh is None:
            shimmer.skip()
            continue
        to_crop = crop_affine(face.landmarks, generator.size)
        crop = warp_crop(frame.image, to_crop, generator.size)[None]
        mesh = transform(to_crop, face.mesh)[None]
        if source is None:
            source = next(iter(ages.values())).years(crop, mesh)
        residual = generator.residuals(crop, source, np.full(1, target))
        height, width = frame.image.shape[:2]
        masked = residual[0].mean(2) * (head_mask(mesh[0], generator.size) if generator.masked else 1.0)
        change = cv2.warpAffine(
            np.asarray(masked, np.float32), invert(to_crop), (width, height), flags=cv2.INTER_LINEAR
        )
        shimmer.add(
            np.asarray(change, np.float32), np.asarray(cv2.cvtColor(frame.image, cv2.COLOR_BGR2GRAY)), frame.flow
        )
        if number % JUDGED_EVERY == 0:
            made = shown(crop, residual, mesh, generator.masked)
            for name, judge in ages.items():
                seen[name].append((float(judge.years(crop, mesh)[0]), float(judge.years(made, mesh)[0])))
    figures = shimmer.figures()
    for name, pairs in seen.items():
        deviations = np.std(pairs, axis=0, ddof=1) if len(pairs) > 1 else (float("nan"),) * 2
        figures[f"age_before_std_{name}_years"], figures[f"age_std_{name}_years"] = (float(d) for d in deviations)
    return figures


def clip_figures(
    clips: Sequence[Path],
    stills: Sequence[Images],
    seconds: float,
    generator: Generator,
    ages: dict[str, AgeJudge],
    target: float,
) -> dict[str, dict[str, float]]:
    """``follow`` for every clip by its name, and for a pan over every still (S, S, 3), named pan-1 and so on."""
    finder = FaceFinder()
    try:
        found = {clip.stem: follow(read_clip(clip, seconds), generator, ages, target, finder) for clip in clips}
        frames = max(3, round(seconds * 25))
        for number, crop in enumerate(stills, 1):
            found[f"pan-{number}"] = follow(islice(pan(crop, frames, number), frames), generator, ages, target, finder)
    finally:
        finder.close()
    return found


def mirror_figures(clip: Path, weights: Path | None, seconds: float, target: float, answer: Path) -> dict[str, float]:
    """The same clip through the live pipeline with all its steadying: tests/speed/shimmer.py in a process of its own.

    weights: folder of all networks (None: those that ship). Raises DataError where it cannot measure.
    """
    command = [sys.executable, str(project_dir() / "tests" / "speed" / "shimmer.py"), str(clip), "--json", str(answer),
               "--seconds", str(seconds), "--target-age", str(target)]  # fmt: skip
    command += ["--weights", str(weights)] if weights is not None else []
    done = subprocess.run(command, capture_output=True, text=True, cwd=project_dir())
    if not answer.is_file():  # its status says only whether a limit was kept
        said = done.stderr.strip().splitlines()
        raise DataError(said[-1] if said else f"shimmer.py ended with status {done.returncode}.")
    report: dict[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
    answer.unlink()
    return dict(report[clip.name])
