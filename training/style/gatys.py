"""Style transfer by optimisation: the pixels themselves are what is learned (Gatys, Ecker & Bethge 2016).

Begin with the picture, and step by step change its pixels so that its deep features stay those of the picture while
its Gram matrices become those of the painting. Minutes for one picture; the network of ``loop.py`` learns to do the
same for any picture in one pass.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from tqdm import trange

from engine.images import from_tensor, read_picture, resize, to_tensor, write_picture
from engine.types import FloatArray, Image
from training.data.sets import DataError
from training.style.costs import StyleCosts, load_looker, total_variation
from training.style.paintings import PAINTERS, paint

_SHIFT = 4  # px: every step looks from another place, so that the looker's halvings leave no grid
_BAND = 4  # px around the picture, mirrored, so that its border is nothing special


@dataclass(frozen=True)
class StyleImageConfig:
    """content: a picture; style: the name of a painting or a picture file; side: of the result's shorter side in px;
    painting_side: the painting is reduced to this, which makes its strokes smaller; looker: see load_looker;
    stages: how many pictures of the way stand on the sheet.
    """

    name: str = "style-image"
    content: str = ""
    style: str = "oil"
    out: str = "runs/style-image"
    seed: int = 1
    looker: str = "eye"
    side: int = 320
    painting_side: int = 448
    steps: int = 300
    learning_rate: float = 0.03
    content_weight: float = 1.0
    style_weight: float = 15.0
    variation_weight: float = 1.0
    scales: int = 2
    stages: int = 6
    threads: int = 1


@dataclass(frozen=True, eq=False)
class Stylised:
    """picture: the result; stages: the way there; costs (steps, 3): content, style and total variation."""

    picture: Image
    stages: tuple[Image, ...]
    costs: FloatArray


def as_style(name: str, side: int, seed: int = 1) -> Tensor:
    """A painting of ours, or a picture file, reduced to this shorter side: (1, 3, H, W). Raises DataError."""
    if name not in PAINTERS and not Path(name).is_file():
        raise DataError(f"style = {name!r} is neither a picture nor one of {', '.join(PAINTERS)}.")
    picture = paint(name, max(side, 512), seed) if name in PAINTERS else read_picture(name)
    return torch.from_numpy(to_tensor(_reduced(picture, side, 2)))


def _reduced(picture: Image, side: int, multiple: int) -> Image:
    """The picture with this shorter side; both sides multiples of ``multiple``."""
    height, width = picture.shape[:2]
    scale = side / min(height, width)
    return resize(picture, *(max(1, round(length * scale / multiple)) * multiple for length in (width, height)))


def stylise(content: Tensor, painting: Tensor, config: StyleImageConfig) -> Stylised:
    """Optimises a picture (1, 3, H, W) RGB in 0..1 towards the manner of a painting (1, 3, H', W')."""
    costs = StyleCosts(load_looker(config.looker), scales=config.scales)
    height, width = content.shape[2:]
    goal, wanted = costs.style_goal(painting), costs.content_goal(content)
    picture = content.clone().requires_grad_()
    optimiser = torch.optim.Adam([picture], config.learning_rate, (0.9, 0.99))
    rng = np.random.default_rng(config.seed)
    shown = set(np.linspace(0, config.steps - 1, config.stages).astype(int).tolist())
    stages, curve = [], []
    for step in trange(config.steps, desc=config.name, leave=False, disable=None):
        optimiser.zero_grad()
        if step in shown:
            stages.append(from_tensor(picture.detach().numpy())[0])
        y, x = rng.integers(0, 2 * _SHIFT, 2)
        moved = functional.pad(picture, (_BAND,) * 4, mode="reflect")[..., y : y + height, x : x + width]
        with torch.autocast("cpu", torch.bfloat16):
            seen = costs.look(moved.contiguous(memory_format=torch.channels_last))
            still = costs.content_goal(picture, grad=True)
        style = costs.style_cost(seen, [goal])[0]
        kept = costs.content_cost(still, wanted)[0]
        unrest = total_variation(picture)
        loss = config.content_weight * kept + config.style_weight * style + config.variation_weight * unrest
        loss.backward()  # type: ignore[no-untyped-call]
        for group in optimiser.param_groups:
            group["lr"] = config.learning_rate * (1 - 0.9 * step / config.steps)
        optimiser.step()
        picture.data.clamp_(0, 1)
        curve.append([kept.item(), style.item(), unrest.item()])
    result = from_tensor(picture.detach().numpy())[0]
    return Stylised(result, tuple(stages), np.array(curve, np.float32).reshape(-1, 3))


def curves(costs: FloatArray, width: int = 640, height: int = 320) -> Image:
    """The cost curves (steps, 3) as a picture, each in parts of its largest value."""
    picture = np.full((height, width, 3), 250, np.uint8)
    colours = {"content": (60, 60, 220), "style": (200, 110, 20), "total variation": (90, 160, 60)}
    x = np.linspace(40, width - 12, len(costs))
    for row, (name, colour) in enumerate(colours.items()):
        values = costs[:, row] / max(float(costs[:, row].max()), 1e-9)
        points = np.stack([x, height - 20 - values * (height - 44)], 1)
        cv2.polylines(picture, [np.rint(points * 8).astype(np.int32)], False, colour, 2, cv2.LINE_AA, 3)
        text = f"{name}: {costs[0, row]:.3g} -> {costs[-1, row]:.3g}"
        cv2.putText(
            picture,
            text,
            (width - 300, height // 2 - 20 + 20 * row),
            cv2.FONT_HERSHEY_SIMPLEX,
            0.5,
            colour,
            1,
            cv2.LINE_AA,
        )
    cv2.putText(
        picture, f"{len(costs)} steps", (40, height - 4), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (90,) * 3, 1, cv2.LINE_AA
    )
    return picture


def style_image(config: StyleImageConfig) -> dict[str, float]:
    """Writes picture.png, stages.png, curves.png and costs.json into ``config.out``; returns the costs at the end."""
    if not config.content:
        raise DataError("no content: name a picture with --set content=FILE.")
    torch.set_num_threads(config.threads)
    content = torch.from_numpy(to_tensor(_reduced(read_picture(config.content), config.side, 16)))
    painting = as_style(config.style, config.painting_side, config.seed)
    started = time.monotonic()
    done = stylise(content, painting, config)
    out = Path(config.out)
    out.mkdir(parents=True, exist_ok=True)
    write_picture(out / "picture.png", done.picture)
    write_picture(out / "stages.png", np.hstack([*done.stages, done.picture]))
    write_picture(out / "curves.png", curves(done.costs))
    figures = dict(zip(("content", "style", "variation"), map(float, done.costs[-1]), strict=True))
    told = {"config": asdict(config), "first": done.costs[0].tolist(), "last": figures}
    (out / "costs.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    return {**figures, "seconds": time.monotonic() - started}
