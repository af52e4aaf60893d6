"""Small videos and pictures that tests make for themselves."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

SOUND_RATE = 48000


def shade(index: int) -> int:
    """The grey of the left half of frame ``index`` of a clip; neighbours differ by 20 of 255."""
    return 30 + 20 * (index % 10)


def index_of(image: np.ndarray[Any, Any]) -> int:
    """Which frame of a clip this is, modulo 10."""
    return round((float(image[:, : image.shape[1] // 2].mean()) - 30) / 20) % 10


def frame_image(index: int, size: tuple[int, int]) -> np.ndarray[Any, Any]:
    """The left half tells the index, the top right quarter is white, the bottom right black."""
    width, height = size
    image = np.zeros((height, width, 3), np.uint8)
    image[:, : width // 2] = shade(index)
    image[: height // 2, width // 2 :] = 255
    return image


def make_clip(
    path: Path,
    *,
    frames: int = 20,
    rate: Fraction | int = 25,
    size: tuple[int, int] = (64, 48),
    sound: str | None = None,
    rotation: dict[str, Any] | None = None,
    ticks: list[int] | None = None,
) -> Path:
    """Write a clip; ``sound`` is an audio encoder's name. ``ticks``: times of the frames in thousandths of a second."""
    rate = Fraction(rate)
    with av.open(str(path), "w") as container:
        pictures: Any = container.add_stream("mpeg4" if path.suffix == ".avi" else "libx264", rate=rate)
        pictures.width, pictures.height, pictures.pix_fmt = *size, "yuv420p"
        if ticks is not None:
            pictures.codec_context.time_base = Fraction(1, 1000)
        if rotation is not None:
            pictures.set_display_rotation(**rotation)
        track: Any = None
        if sound is not None:
            track = container.add_stream(sound, rate=SOUND_RATE)
            track.codec_context.layout = "stereo"
        for index in range(frames):
            frame = av.VideoFrame.from_ndarray(frame_image(index, size), format="bgr24")
            frame.pts = ticks[index] if ticks else index
            frame.time_base = Fraction(1, 1000) if ticks else 1 / rate
            container.mux(pictures.encode(frame))
        if track is not None:
            _add_sound(container, track, float(frames / rate))
            container.mux(track.encode(None))
        container.mux(pictures.encode(None))
    return path


def _add_sound(container: Any, track: Any, seconds: float) -> None:
    step = track.codec_context.frame_size or 1024
    for start in range(0, int(seconds * SOUND_RATE), step):
        wave = (8000 * np.sin(np.arange(start, start + step) / 20)).astype(np.int16)
        sound = av.AudioFrame.from_ndarray(np.repeat(wave, 2)[None], format="s16", layout="stereo")
        sound.sample_rate, sound.pts, sound.time_base = SOUND_RATE, start, Fraction(1, SOUND_RATE)
        container.mux(track.encode(sound))


def sound_packets(path: Path) -> list[tuple[float, bytes]]:
    """Time in seconds and content of every packet of the first sound stream."""
    with av.open(str(path)) as container:
        packets = container.demux(audio=0)
        return [(float((p.pts or 0) * p.time_base), bytes(p)) for p in packets if p.size]
