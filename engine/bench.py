"""The command ``bench``: how fast every part is here, and how still the landmarks of a still face are.

Each figure is the median of several runs after a warm-up, with the middle half (quartiles) as the spread. Commit and
machine are recorded with it, so that two tables can be compared.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from engine.aging.ager import Ager
from engine.aging.blend import paste
from engine.aging.hair_follower import HairFollower
from engine.aging.stabiliser import Stabiliser
from engine.capture.demo import DemoSource
from engine.doctor import commit, machine
from engine.errors import AgeMirrorError, OutputError
from engine.geometry.align import crop_affine, invert, transform, warp_crop
from engine.images import write_atomically
from engine.landmarks.mask import head_mask
from engine.landmarks.mesh import FaceMesher, five_points
from engine.landmarks.smoothing import OneEuro
from engine.runtime import load_network
from engine.runtime.device import choose, usable_cores
from engine.settings import SIZES
from engine.terminal import Terminal
from engine.types import AgedPatch, AlignedFace, FloatArray, Image

if TYPE_CHECKING:
    from engine.detection.protocol import FaceDetector

WARM_UP = 3
RUNS, QUICK_RUNS = 30, 5
JITTER_FRAMES = 60
# Noise of a webcam in a lit room, standard deviation in pixel values.
SENSOR_NOISE = 4.0
_FRAME_NS = 33_333_333


@dataclass(frozen=True, slots=True)
class Timing:
    """What was run and how: times in ms. ``low`` and ``high`` enclose the middle half of the runs."""

    part: str
    detail: str
    device: str
    threads: int
    median_ms: float
    low_ms: float
    high_ms: float


@dataclass(frozen=True, slots=True)
class Jitter:
    """How much the landmarks of a still face move: standard deviation in pixels, and of the face's width."""

    points: str
    raw_px: float
    smoothed_px: float
    face_width_px: float


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A 720p picture of the demo's face with its box, mesh (478, 2) and five points (5, 2)."""

    image: Image
    box: FloatArray
    mesh: FloatArray
    landmarks: FloatArray


def timed(run: Callable[[], object], runs: int) -> tuple[float, float, float]:
    """Median and quartiles in ms. ``run`` must have finished its work when it returns, on any device."""
    for _ in range(WARM_UP):
        run()
    times = []
    for _ in range(runs):
        begin = time.perf_counter()
        run()
        times.append(1e3 * (time.perf_counter() - begin))
    low, median, high = np.percentile(times, (25, 50, 75))
    return float(median), float(low), float(high)


def time_networks(device: str, runs: int, terminal: Terminal) -> Iterator[Timing]:
    """Every network by size, precision and threads. What does not run here is said and left out."""
    yield from _time_ager(device, runs, terminal)
    for name in ("age", "embedder", "style"):
        for precision, threads in _ways(device):
            try:
                network = load_network(name, device, precision=precision, threads=threads)
            except AgeMirrorError as error:
                if precision != "int8":
                    terminal.complain(f"{name} {precision}: {error}")
                continue
            inputs = _inputs(name, np.zeros((1, 3, network.size, network.size), np.float32))
            timing = timed(lambda n=network, x=inputs: n(*x), runs)  # type: ignore[misc]
            yield Timing(name, f"{network.size} px", network.device, threads, *timing)
            network.close()


def _time_ager(device: str, runs: int, terminal: Terminal) -> Iterator[Timing]:
    """The generator from crop to answer; larger crops than 256 pixels are made small for it, and its answer large."""
    for precision, threads in _ways(device):
        try:
            ager = Ager.load(device, precision=precision, threads=threads)
        except AgeMirrorError as error:
            if precision != "int8":
                terminal.complain(f"ager {precision}: {error}")
            continue
        for size in SIZES:
            face = AlignedFace(np.zeros((size, size, 3), np.uint8), np.eye(2, 3), 0, 0)
            timing = timed(lambda a=ager, f=face: a.residuals([f], [30.0], [70.0]), runs)  # type: ignore[misc]
            yield Timing("ager", f"{size} px", ager.device, threads, *timing)
        ager.close()


def _inputs(name: str, image: FloatArray) -> list[FloatArray]:
    """What this network takes: the picture, and which style."""
    return [image, np.eye(1, 3, dtype=np.float32)[..., None, None]] if name == "style" else [image]


def _ways(device: str) -> list[tuple[str, int]]:
    """Precision and threads to try; an accelerator has one way only."""
    if choose(device).backend == "torch":
        return [("auto", 0)]
    threads = sorted({1, 2, usable_cores()} & set(range(1, usable_cores() + 1)))
    return [(precision, count) for precision in ("f32", "bf16", "int8") for count in threads]


def find_scene() -> Scene:
    """The demo's first picture with its face. Raises AgeMirrorError if no face is found in it."""
    from engine.detection.mediapipe_faces import MediaPipeDetector
    from engine.landmarks.faces import find_faces

    demo = DemoSource()
    demo.open()
    image = demo.picture(0)
    demo.close()
    detector, mesher = MediaPipeDetector(), FaceMesher()
    found = find_faces(image, detector, mesher)
    detector.close()
    mesher.close()
    if not found or found[0].mesh is None:
        raise AgeMirrorError("no face was found in the demo's picture: the set-up is damaged, run doctor.")
    return Scene(image, found[0].box, found[0].mesh, found[0].landmarks)


def time_detectors(scene: Scene, device: str, runs: int, terminal: Terminal) -> Iterator[Timing]:
    """Our own detector beside MediaPipe's fastest, on the 720p picture and on its 640x480 form."""
    from engine.detection.anchor_faces import AnchorDetector
    from engine.detection.mediapipe_faces import Effort, MediaPipeDetector

    pictures = {"720p": scene.image, "640x480": np.asarray(cv2.resize(scene.image, (640, 480)), np.uint8)}
    rivals: list[tuple[str, FaceDetector]] = [("mediapipe", MediaPipeDetector(Effort.LIVE))]
    try:
        rivals.insert(0, ("anchor", AnchorDetector.load(device)))
    except AgeMirrorError as error:
        terminal.complain(f"anchor detector: {error}")
    for name, detector in rivals:
        for size, picture in pictures.items():
            timing = timed(lambda d=detector, p=picture: d.detect(p), runs)  # type: ignore[misc]
            yield Timing(name, size, getattr(detector, "device", "cpu"), 0, *timing)
        detector.close()


def time_stages(scene: Scene, runs: int) -> Iterator[Timing]:
    """The steps of one frame but for the networks, each on one face of a 720p picture."""
    from engine.detection.mediapipe_faces import Effort, MediaPipeDetector

    for effort in Effort:
        detector = MediaPipeDetector(effort)
        yield _stage("detect", effort.value, runs, lambda d=detector: d.detect(scene.image))  # type: ignore[misc]
        detector.close()
    mesher = FaceMesher()
    yield _stage("mesh", "new face", runs, lambda: mesher.mesh(scene.image, scene.box))
    yield _stage("mesh", "followed", runs, lambda: mesher.follow(scene.image, scene.mesh))
    mesher.close()
    for size in SIZES:
        yield from _time_crop(scene, size, runs)


def _time_crop(scene: Scene, size: int, runs: int) -> Iterator[Timing]:
    to_crop = crop_affine(scene.landmarks, size)
    crop = warp_crop(scene.image, to_crop, size)
    mesh = transform(to_crop, scene.mesh)
    residual = np.random.default_rng(0).normal(0, 10, (size, size, 3)).astype(np.float32)
    patch = AgedPatch(residual, head_mask(mesh, size), invert(to_crop), 70.0, 0)
    stabiliser, hair = Stabiliser(), HairFollower()
    # Hair that is found, changed by so much everywhere, costs the most.
    face, changed = AlignedFace(crop, invert(to_crop), 0, 0), np.full_like(residual, 40.0)
    clock = iter(range(0, 10**15, _FRAME_NS))
    detail = f"{size} px"
    yield _stage("align", detail, runs, lambda: warp_crop(scene.image, to_crop, size))
    yield _stage("mask", detail, runs, lambda: head_mask(mesh, size))
    yield _stage("stabilise", detail, runs, lambda: stabiliser.update(residual, crop, 70.0, next(clock)))
    yield _stage(
        "hair", detail, runs,
        lambda: hair.update(scene.image, face, changed, patch.mask, mesh, time_ns=next(clock)),
    )  # fmt: skip
    yield _stage("blend", detail, runs, lambda: paste(scene.image, [patch]))


def _stage(part: str, detail: str, runs: int, run: Callable[[], object]) -> Timing:
    return Timing(part, detail, "cpu", 0, *timed(run, runs))


def measure_jitter(scene: Scene, frames: int = JITTER_FRAMES) -> tuple[Jitter, ...]:
    """A still face under sensor noise, followed as the mirror does: landmarks as measured, and smoothed (One Euro)."""
    rng = np.random.default_rng(0)
    mesher = FaceMesher()
    mesh_filter, five_filter = OneEuro(), OneEuro(together=True)
    width = float(scene.box[2] - scene.box[0])
    raw, smooth, five_raw, five_smooth = [], [], [], []
    mesh = scene.mesh
    for i in range(frames):
        noise = rng.normal(0, SENSOR_NOISE, scene.image.shape).astype(np.float32)
        found = mesher.follow(np.clip(scene.image + noise, 0, 255).astype(np.uint8), mesh)
        mesh = scene.mesh if found is None else found.points
        raw.append(mesh)
        smooth.append(mesh_filter(mesh, i * _FRAME_NS, scale=width))
        five_raw.append(five_points(mesh))
        five_smooth.append(five_filter(five_points(mesh), i * _FRAME_NS, scale=width))
    mesher.close()
    return (
        Jitter("mesh", _spread(raw), _spread(smooth), width),
        Jitter("five points", _spread(five_raw), _spread(five_smooth), width),
    )


def _spread(points: list[FloatArray]) -> float:
    """Mean over the points of the standard deviation of their place, without the first third (settling)."""
    settled = np.stack(points[len(points) // 3 :]).astype(np.float64)
    return float(np.sqrt(settled.var(axis=0).sum(axis=-1)).mean())


def time_face(scene: Scene, device: str, runs: int) -> Iterator[Timing]:
    """One face through the ager as the mirror runs it: answer in pixels, precision chosen by itself."""
    ager = Ager.load(device)
    for size in SIZES:
        to_crop = crop_affine(scene.landmarks, size)
        face = AlignedFace(warp_crop(scene.image, to_crop, size), invert(to_crop), 0, 0)
        timing = timed(lambda a=ager, f=face: a.residuals([f], [30.0], [70.0]), runs)  # type: ignore[misc]
        yield Timing("age a face", f"{size} px", ager.device, 0, *timing)
    ager.close()


def run_bench(json_file: Path | None, *, device: str = "auto", quick: bool = False) -> int:
    """Measures and prints everything as it comes; writes ``json_file`` at the end. Always 0.

    Raises OutputError if the file cannot be written, DeviceError for a device that is not there.
    """
    if json_file is not None and not os.access(json_file.parent, os.W_OK):
        raise OutputError(f"cannot write {json_file}: its folder is missing or not writable. Choose another place.")
    runs = QUICK_RUNS if quick else RUNS
    terminal = Terminal()
    about = {"commit": commit(), **machine()}
    for key, value in about.items():
        terminal.show(f"{key + ':':10s} {value}")
    terminal.show(f"\n{'part':12s}{'what':12s}{'device':22s}{'threads':>8s}{'median ms':>11s}   middle half")
    timings: list[Timing] = []
    scene = find_scene()
    for source in (
        time_networks(device, runs, terminal),
        _face_or_excuse(scene, device, runs, terminal),
        time_detectors(scene, device, runs, terminal),
        time_stages(scene, runs),
    ):
        for timing in source:
            timings.append(timing)
            terminal.show(timing_line(timing))
    jitters = measure_jitter(scene, JITTER_FRAMES // (3 if quick else 1))
    terminal.show(f"\nA still face of {jitters[0].face_width_px:.0f} px under sensor noise {SENSOR_NOISE:g}:")
    for jitter in jitters:
        terminal.show(jitter_line(jitter))
    if json_file is not None:
        report: dict[str, Any] = {
            **about,
            "runs": runs,
            "timings": [asdict(timing) for timing in timings],
            "jitter": [asdict(jitter) for jitter in jitters],
        }
        write_atomically(json_file, (json.dumps(report, indent=1, ensure_ascii=False) + "\n").encode())
    return 0


def _face_or_excuse(scene: Scene, device: str, runs: int, terminal: Terminal) -> Iterator[Timing]:
    try:
        yield from time_face(scene, device, runs)
    except AgeMirrorError as error:
        terminal.complain(f"age a face: {error}")


def timing_line(timing: Timing) -> str:
    threads = str(timing.threads) if timing.threads else "-"
    return (
        f"{timing.part:12s}{timing.detail:12s}{timing.device:22s}{threads:>8s}{timing.median_ms:11.2f}"
        f"   {timing.low_ms:.2f} to {timing.high_ms:.2f}"
    )


def jitter_line(jitter: Jitter) -> str:
    gain = jitter.raw_px / jitter.smoothed_px if jitter.smoothed_px else float("inf")
    share = 100 * jitter.smoothed_px / jitter.face_width_px
    measured = f"standard deviation {jitter.raw_px:.3f} px as measured, {jitter.smoothed_px:.3f} px smoothed"
    return f"  {jitter.points:12s} {measured} ({gain:.1f} times less; {share:.3f} % of the face's width)"
