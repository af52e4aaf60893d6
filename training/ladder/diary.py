"""What a run leaves behind beside its weights: sheets at fixed noise, an animation, curves, measurements."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.images import write_picture
from engine.networks.faces import BANDS
from engine.weights.files import write_bytes
from training.data.faces import load
from training.ladder import pictures
from training.ladder.config import GanConfig
from training.ladder.data import Faces
from training.metrics.realism import NOTE, FaceFeatures, diversity, frechet_distance, kernel_distance, nearest

Images = NDArray[np.uint8]
Paint = Callable[[Tensor, Tensor], Images]

COLUMNS = 8


def fixed_inputs(count: int, config: GanConfig, labels: NDArray[np.int64], seed: int) -> tuple[Tensor, Tensor]:
    """Latents (count, Z) and labels (count, 2) that are the same in every step of a run; labels as often as in life."""
    generator = torch.Generator().manual_seed(seed)
    latents = torch.randn(count, config.latent, generator=generator)
    rows = np.random.default_rng(seed).integers(0, len(labels), count)
    return latents, torch.from_numpy(labels[rows])


def wishes(latents: Tensor) -> tuple[Tensor, Tensor]:
    """A sheet of all that can be wished: one row an age band, four women and four men, a latent a column."""
    rows = len(BANDS)
    columns = latents[:COLUMNS].repeat(rows, 1)
    gender = torch.arange(COLUMNS) % 2
    labels = torch.stack([torch.arange(rows).repeat_interleave(COLUMNS), gender.repeat(rows)], 1)
    return columns, labels


class Diary:
    """Writes into the folder of a run."""

    def __init__(
        self, config: GanConfig, faces: Faces, paint: Paint, parameters: dict[str, int], conditional: bool = False
    ) -> None:
        """paint: makes faces of latents and labels with the averaged generator as it is now; parameters: how many each
        network has; conditional: whether the labels matter.
        """
        self.config, self.faces, self.paint, self.parameters = config, faces, paint, parameters
        self.out = Path(config.out)
        self.inputs = fixed_inputs(COLUMNS * COLUMNS, config, faces.labels, 1)
        if conditional:
            self.inputs = wishes(self.inputs[0])
        self.conditional = conditional
        self._instrument: FaceFeatures | None = None
        self._real: dict[str, NDArray[np.float64]] = {}
        self._facts: dict[str, Any] = {}
        self._near = 0.0

    def sheet(self, step: int) -> None:
        """The faces of the fixed latents after this step."""
        pictures.keep_sheet(self.out, step, pictures.grid(self.paint(*self.inputs), COLUMNS))

    # -- figures ------------------------------------------------------------------------------------------------------

    def instrument(self) -> FaceFeatures:
        """The network that measures, and what it sees in real faces."""
        if self._instrument is not None:
            return self._instrument
        config = self.config
        instrument = self._instrument = FaceFeatures.shipped(config.features)
        held_out = load(Path(config.data))
        full = Faces(config, config.reference, instrument.size, held_out)
        small = Faces(config, config.reference, config.size, held_out)
        rows = np.random.default_rng(0).permutation(len(self.faces))[: config.measure_faces]
        self._real = {"full": instrument.pooled(full.images), "small": instrument.pooled(small.images)}
        seen = instrument.pooled(self.faces.images[rows])
        self._facts = {
            "note": NOTE,
            "features": {"weights": config.features, "sha256": instrument.digest, "size_px": instrument.size},
            "reference": {"data": config.data, "part": config.reference, "faces": len(full)},
            "generated_faces": config.measure_faces,
            "parameters": self.parameters,
            "floor": {
                "about": "what real faces of the train part, resized to the run's size, get in the generator's place",
                "own_fid": frechet_distance(seen, self._real["full"]),
                "own_kid": kernel_distance(seen, self._real["full"]).distance,
                "own_fid_at_size": frechet_distance(seen, self._real["small"]),
                "own_kid_at_size": kernel_distance(seen, self._real["small"]).distance,
                "diversity": diversity(instrument, self.faces.images[rows]),
            },
        }
        self._near = float(np.median(nearest(small.images[:200], self.faces.images)[1]))
        return instrument

    def measure(self) -> dict[str, float]:
        """FID and KID with our own features against the reference at the features' size (comparable between rungs) and
        at the run's own size, and the diversity in parts of that of real faces (1: as different from each other).
        """
        instrument, config = self.instrument(), self.config
        latents, labels = fixed_inputs(config.measure_faces, config, self.faces.labels, 2)
        fake = self.paint(latents, labels)
        seen = instrument.pooled(fake)
        kernel = kernel_distance(seen, self._real["full"])
        figures = {
            "own_fid": frechet_distance(seen, self._real["full"]),
            "own_kid": kernel.distance,
            "own_kid_error": kernel.error,
            "own_fid_at_size": frechet_distance(seen, self._real["small"]),
            "own_kid_at_size": kernel_distance(seen, self._real["small"]).distance,
            "diversity": diversity(instrument, fake) / max(self._facts["floor"]["diversity"], 1e-9),
            # 1: as far from the nearest face of the train part as a real face that was held out; less: copied.
            "nearest_in_train": float(np.median(nearest(fake[:200], self.faces.images)[1])) / max(self._near, 1e-9),
        }
        if self.conditional:
            figures["age_correlation"] = _correlation(np.array(BANDS)[labels[:, 0].numpy()], instrument.years(fake))
        return figures

    # -- the end ------------------------------------------------------------------------------------------------------

    def finish(self, critic: nn.Module, figures: dict[str, float]) -> None:
        """Animation, curves, interpolations, neighbours, feature maps and metrics.json."""
        lines = pictures.read_log(self.out)
        pictures.animate(self.out / "progress.gif", pictures.sheets(self.out))
        pictures.draw_curves(self.out / "curves.png", lines)
        write_picture(self.out / "interpolation.png", self._interpolation())
        write_picture(self.out / "real-and-fake.png", self._neighbours())
        some = tuple(each[:COLUMNS] for each in self.inputs)
        pictures.draw_features(self.out / "feature-maps.png", critic, self.paint(*some), some[1])
        self.instrument()
        facts = self._facts | {
            "last": figures or lines[-1],
            "by_step": [{k: v for k, v in line.items() if k != "faces_per_s"} for line in lines if "own_fid" in line],
        }
        write_bytes(self.out / "metrics.json", (json.dumps(facts, indent=1) + "\n").encode())

    def _interpolation(self) -> Images:
        """Four walks along great circles from one latent to another; the label stays."""
        ends, labels = fixed_inputs(8, self.config, self.faces.labels, 3)
        walk = torch.stack([pictures.between(ends[k], ends[k + 4], t) for k in range(4) for t in np.linspace(0, 1, 10)])
        return pictures.grid(self.paint(walk, labels[:4].repeat_interleave(10, 0)), 10)

    def _neighbours(self) -> Images:
        """Above: generated faces, below each the nearest three faces of the train part; last row: other real faces."""
        fake = self.paint(*(each[:COLUMNS] for each in self.inputs))
        rows, _ = nearest(fake, self.faces.images, min(3, len(self.faces)))
        others = np.random.default_rng(4).integers(0, len(self.faces), len(fake))
        below = [self.faces.images[column] for column in (*rows.T, others)]
        return pictures.grid(np.concatenate([fake, *below]), len(fake))


def _correlation(wished: NDArray[np.int64], seen: NDArray[np.float64]) -> float:
    if len(set(wished.tolist())) < 2 or seen.std() == 0:
        return 0.0
    return float(np.corrcoef(wished, seen)[0, 1])
