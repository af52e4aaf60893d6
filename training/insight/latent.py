"""A walk through the latent space of a generator of the ladder: from face to face to face, and back to the first."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image as Pillow
from torch import Tensor

from engine.images import write_picture
from engine.networks.faces import BANDS, FaceGenerator, wish
from engine.weights.files import write_bytes
from engine.weights.loading import load_module
from engine.weights.store import find
from training.data.sets import DataError
from training.insight.runs import read_gan
from training.ladder.data import as_images
from training.ladder.pictures import between, grid

_LEAST_PX = 128
_SHOWN_YEARS = (1, 6, 15, 25, 35, 45, 55, 65, 80)
Make = Callable[[Tensor, int], Tensor]  # latents (K, Z) and years -> faces (K, 3, S, S) in -1..1


@dataclass(frozen=True)
class LatentConfig:
    """run: of a rung of the ladder; weights: "faces" for the generator that ships, instead of a run; stops: faces that
    are visited; steps: pictures from one to the next; years: the age that is wished all the way (for gan-conditional
    and "faces"); fps: pictures a second.
    """

    name: str = "see-latent"
    run: str = "runs/gan-dcgan"
    weights: str = ""
    stops: int = 5
    steps: int = 12
    years: int = 30
    seed: int = 1
    fps: int = 12
    out: str = "runs/see-latent"


def walk(stops: Tensor, steps: int) -> Tensor:
    """Latents (K * steps, Z) along great circles through all stops (K, Z) and back to the first."""
    following = stops.roll(-1, 0)
    shares = np.arange(steps) / steps
    return torch.stack([between(a, b, float(s)) for a, b in zip(stops, following, strict=True) for s in shares])


def _of_run(folder: str) -> tuple[int, Make]:
    """Dimensions of the latent space, and the faces of a run."""
    told, generator, _ = read_gan(folder)

    @torch.no_grad()
    def make(latents: Tensor, years: int) -> Tensor:
        band = max(int(np.searchsorted(BANDS, years, side="right")) - 1, 0)
        faces: Tensor = generator(latents, torch.tensor([[band, 0]]).repeat(len(latents), 1))
        return faces

    return told.latent, make


def _shipped(name: str) -> tuple[int, Make]:
    """The same of the generator that ships, which mixes the bands. Raises WeightsError; DataError for another one."""
    generator = load_module(find(name))
    if not isinstance(generator, FaceGenerator):
        raise DataError(f"{name!r} makes no faces out of nothing: give weights=faces.")

    @torch.no_grad()
    def make(latents: Tensor, years: int) -> Tensor:
        wishes = wish(years).repeat(len(latents), 1)
        faces: Tensor = generator(latents[:, :, None, None], wishes[:, :, None, None])
        return faces

    return generator.latent, make


def see(config: LatentConfig) -> dict[str, float]:
    """Writes walk.gif, walk.png (a row from stop to stop) and ages.png (each stop wished older and older; alike where
    nothing can be wished); returns the pictures and how even the steps are.
    """
    if config.stops < 2 or config.steps < 1 or config.fps < 1:
        raise DataError("stops: at least 2 are wanted; steps and fps: numbers above 0.")
    torch.set_num_threads(1)
    dimensions, make = _shipped(config.weights) if config.weights else _of_run(config.run)
    random = torch.Generator().manual_seed(config.seed)
    stops = torch.randn(config.stops, dimensions, generator=random)
    latents = walk(stops, config.steps)
    made = torch.cat([make(part, config.years) for part in latents.split(32)])
    faces = as_images(made.clamp(-1, 1))
    out = Path(config.out)
    out.mkdir(parents=True, exist_ok=True)
    write_bytes(out / "walk.gif", gif(faces, config.fps))
    every = max(config.steps // 4, 1)
    write_picture(out / "walk.png", grid(faces[::every], -(-config.steps // every)))
    aged = torch.stack([make(stops, years) for years in _SHOWN_YEARS], 1).flatten(0, 1)
    write_picture(out / "ages.png", grid(as_images(aged.clamp(-1, 1)), len(_SHOWN_YEARS)))
    moved = np.abs(np.diff(faces.astype(np.float32), axis=0)).mean((1, 2, 3))
    return {
        "pictures": len(faces),
        "mean_step_levels": round(float(moved.mean()), 2),
        "largest_step_levels": round(float(moved.max()), 2),
    }


def gif(faces: NDArray[np.uint8], fps: int) -> bytes:
    """Pictures (N, S, S, 3) BGR as an endless GIF; small ones enlarged, so that they can be seen."""
    times = -(-_LEAST_PX // faces.shape[1])
    frames = []
    for face in faces:
        rgb = Pillow.fromarray(np.ascontiguousarray(face[..., ::-1]))
        if times > 1:
            rgb = rgb.resize((rgb.width * times, rgb.height * times), Pillow.Resampling.BICUBIC)
        frames.append(rgb.quantize(128))
    written = io.BytesIO()
    frames[0].save(written, "GIF", save_all=True, append_images=frames[1:], duration=round(1000 / fps), loop=0)
    return written.getvalue()
