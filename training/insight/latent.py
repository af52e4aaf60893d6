"""A walk through the latent space of a generator of the ladder: from face to face to face, and back to the first."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image as Pillow
from torch import Tensor

from engine.images import write_picture
from engine.weights.files import write_bytes
from training.data.sets import DataError
from training.insight.runs import read_gan
from training.ladder.data import BANDS, as_images
from training.ladder.pictures import between, grid

_LEAST_PX = 128


@dataclass(frozen=True)
class LatentConfig:
    """run: of a rung of the ladder; stops: faces that are visited; steps: pictures from one to the next; years: the age
    that is wished all the way (for gan-conditional); fps: pictures a second.
    """

    name: str = "see-latent"
    run: str = "runs/gan-dcgan"
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


def see(config: LatentConfig) -> dict[str, float]:
    """Writes walk.gif and walk.png (a row from stop to stop); returns the pictures and how even the steps are."""
    if config.stops < 2 or config.steps < 1 or config.fps < 1:
        raise DataError("stops: at least 2 are wanted; steps and fps: numbers above 0.")
    torch.set_num_threads(1)
    told, generator, _ = read_gan(config.run)
    random = torch.Generator().manual_seed(config.seed)
    latents = walk(torch.randn(config.stops, told.latent, generator=random), config.steps)
    band = int(np.searchsorted(BANDS, config.years, side="right")) - 1
    labels = torch.tensor([[max(band, 0), 0]]).repeat(len(latents), 1)
    with torch.no_grad():
        made = torch.cat([generator(z, wish) for z, wish in zip(latents.split(32), labels.split(32), strict=True)])
    faces = as_images(made.clamp(-1, 1))
    out = Path(config.out)
    out.mkdir(parents=True, exist_ok=True)
    write_bytes(out / "walk.gif", gif(faces, config.fps))
    every = max(config.steps // 4, 1)
    write_picture(out / "walk.png", grid(faces[::every], -(-config.steps // every)))
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
