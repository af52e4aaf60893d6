"""Where in a face the age network sees the age: an occlusion map and three kinds of gradient maps."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor

from engine.types import FloatArray, Image
from training.data.sets import DataError
from training.insight import gradients
from training.insight.common import Panel, face_crop, looked_at, network, over, seen, sheet
from training.loops.age import expected_years


@dataclass(frozen=True)
class AgeMapsConfig:
    """picture: of one face; weights: of the age network ("": what ships, "fresh", a run or a file); patch, stride: of
    the square that covers, in pixels of the crop; noise, samples: of SmoothGrad; steps: of integrated gradients.
    """

    name: str = "see-age"
    picture: str = "face.jpg"
    weights: str = ""
    folder: str = ""
    patch: int = 20
    stride: int = 6
    noise: float = 0.1
    samples: int = 24
    steps: int = 96
    out: str = "runs/see-age"


def years_of(module: Any, images: Tensor) -> Tensor:
    """The mean of the distribution (N,): the mirror's median has no slope."""
    return expected_years(torch.softmax(module.logits(images), 1))[0]


def shade(values: FloatArray, side: int, blur: float = 0.0) -> FloatArray:
    """A map at another size; blur: of single pixels into regions, in pixels of the map."""
    if blur:
        values = np.asarray(cv2.GaussianBlur(values, (0, 0), blur), np.float32)
    return np.asarray(cv2.resize(values, (side, side), interpolation=cv2.INTER_CUBIC), np.float32)


def _plain(image: Tensor) -> Tensor:
    """The picture without anything on it: its mean colour everywhere, as a baseline."""
    return image.mean((1, 2), keepdim=True).expand_as(image)


def maps(module: Any, image: Tensor, config: AgeMapsConfig) -> dict[str, FloatArray]:
    """All maps (H, W) of a face (3, S, S), in years; slopes for a change of all colours by one grey level."""

    def answer(images: Tensor) -> Tensor:
        return years_of(module, images)

    def head(features: Tensor) -> Tensor:
        return expected_years(torch.softmax(module.head(features.mean((2, 3))), 1))[0]

    with torch.no_grad():
        last = module.features(image[None])[-1]
    plain = gradients.gradient(answer, image[None])[0].sum(0) / 255
    smooth = gradients.smooth_gradient(answer, image, config.noise, config.samples).sum(0) / 255
    parts = gradients.integrated_gradients(answer, image, _plain(image), config.steps).sum(0)
    return {
        "occlusion": gradients.occlusion(answer, image, config.patch, config.stride, image.mean((1, 2))),
        "gradient": np.asarray(plain.numpy(), np.float32),
        "SmoothGrad": np.asarray(smooth.numpy(), np.float32),
        "integrated gradients": np.asarray(parts.numpy(), np.float32),
        "Grad-CAM": gradients.grad_cam(last, head),
    }


def see(config: AgeMapsConfig) -> dict[str, object]:
    """Writes age.png; returns the age, where covering takes most of it away, and how well the sums agree."""
    if config.patch < 1 or config.stride < 1 or config.samples < 1 or config.steps < 1:
        raise DataError("patch, stride, samples and steps: numbers above 0 are wanted.")
    crop, seer = face_crop(config.picture), network("age", config.weights, config.folder)
    if not config.stride <= config.patch <= seer.size:
        raise DataError(f"patch {config.patch}: from the stride to the {seer.size} px of the network is wanted.")
    image = seen(seer, [crop])[0].contiguous()
    found = maps(seer.module, image, config)
    with torch.no_grad():
        years = float(years_of(seer.module, image[None]))
        plain = float(years_of(seer.module, _plain(image)[None]))
    shown = np.asarray(cv2.resize(looked_at(seer, [crop])[0], (224, 224), interpolation=cv2.INTER_CUBIC), np.uint8)
    row = [Panel(shown, f"looks {years:.0f}")]
    for name, values in found.items():
        row.append(Panel(_over(name, values, shown), f"{name}\n{np.abs(values).max():.2g} years at most"))
    out = Path(config.out)
    sheet(out / "age.png", [row], "red makes this face look older to the age network, blue younger", inch=1.9)
    peak = np.unravel_index(found["occlusion"].argmax(), found["occlusion"].shape)
    return {
        "years": round(years, 1),
        "covered_years": round(float(found["occlusion"].max()), 2),
        "covered_at": [int(peak[1]), int(peak[0])],
        "parts_sum_years": round(float(found["integrated gradients"].sum()), 2),
        "from_plain_years": round(years - plain, 2),
    }


def _over(name: str, values: FloatArray, shown: Image) -> Image:
    """On the face; maps of single pixels are blurred, or the eye sees nothing but noise."""
    blur = 0.0 if name in ("occlusion", "Grad-CAM") else 2.0
    return over(shade(values, len(shown), blur), shown)
