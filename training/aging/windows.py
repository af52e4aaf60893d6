"""What the aging generators learn from: pairs of faces as the mirror might cut them out, in windows, by chance.

One number is one sample, however many processes make them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.landmarks.mask import head_mask
from training.aging.pairs import Pairs
from training.aging.retouch import beard_mask, frown_mask
from training.aging.skin import skin_mask
from training.data.faces import FaceSet
from training.house import Samples

if TYPE_CHECKING:
    from training.loops.aging import AgingConfig

HEIGHT, WIDTH = 224, 224
_MAN = 0  # in FaceSet.gender
SIZE = 256
ENLARGED = 1.15
"""From this scale on a face stands for one in a crop of 384 or 512 pixels."""


@dataclass(frozen=True)
class Whole:
    """Whole faces in the crop's own size, as bright as the windows of them: face (N, 3, SIZE, SIZE) RGB 0..1, skin
    (N, 1, SIZE, SIZE); matrix (N, 2, 3) takes their pixels to those of the window.
    """

    face: Tensor
    skin: Tensor
    matrix: Tensor

    @property
    def scale(self) -> Tensor:
        """(N,) how much larger a face is in its window."""
        return self.matrix[:, :, 0].norm(dim=1)


@dataclass(frozen=True)
class Batch:
    """before, after (N, 3, H, W) RGB 0..1; mask (N, 1, H, W) of the face, outside of which nothing is added; weight
    (N, 1, H, W) of the loss; ages (N,) in years. If the sampler was asked for it: skin (N, 1, H, W) where skin is,
    frown (N, 1, H, W) between the brows, beard (N, 1, H, W) where men can have one; and the whole faces they are
    windows of.
    """

    before: Tensor
    after: Tensor
    mask: Tensor
    weight: Tensor
    source: Tensor
    target: Tensor
    skin: Tensor | None = None
    frown: Tensor | None = None
    beard: Tensor | None = None
    whole: Whole | None = None

    @staticmethod
    def of(columns: list[Tensor]) -> Batch:
        """From collated samples: pictures become channels first."""
        planes = [t for t in columns if t.ndim == 4]
        pictures = [t.permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last) for t in planes]
        before, after, mask, weight, *rest = pictures
        *matrix, source, target = columns[len(planes) :]
        if not rest:
            return Batch(before, after, mask, weight, source, target)
        skin, frown, beard, face, its_skin = rest
        whole = Whole(face, its_skin, matrix[0])
        return Batch(before, after, mask, weight, source, target, skin, frown, beard, whole)


def _jitter(rng: np.random.Generator, enlarged: float) -> NDArray[np.float64]:
    """A random similarity of the crop with a window of it: some faces enlarged, as 384 and 512 pixel crops are."""
    scale = rng.uniform(ENLARGED, 2.0) if rng.random() >= 1 - enlarged else rng.uniform(0.88, ENLARGED)
    matrix = cv2.getRotationMatrix2D((SIZE / 2, 140.0), rng.normal(0, 4), scale)
    spread = 4 + 70 * max(scale - 1.0, 0.0)
    shift = np.array([WIDTH / 2 - SIZE / 2, HEIGHT / 2 - 132.0]) + rng.uniform(-spread, spread, 2)
    shift[1] += rng.uniform(-6, 16 + 60 * max(scale - 1.0, 0))  # the hair is up there
    matrix[:, 2] = matrix[:, 2] + shift
    return np.asarray(matrix, np.float64)


def _webcam(value: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Light noise and blur on what the network sees; what it must add stays clean."""
    if rng.random() < 0.25:
        value = np.asarray(cv2.GaussianBlur(value, (0, 0), rng.uniform(0.4, 1.4)), np.float32)
    if rng.random() < 0.4:
        value = value + rng.normal(0, rng.uniform(0.004, 0.025), value.shape).astype(np.float32)
    return value


def _crisp(value: NDArray[np.float32], scale: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """An enlarged face with edges and skin as fine as a real one of that size has: else blur alone would tell the size,
    and sharp large faces would get the wrinkles of small ones.
    """
    soft = cv2.GaussianBlur(value, (0, 0), scale)
    noise = rng.normal(0, 1, value.shape[:2]).astype(np.float32)
    grain = np.asarray(cv2.GaussianBlur(noise, (0, 0), rng.uniform(0.5, 0.9)), np.float32)
    strength = np.float32(rng.uniform(0.004, 0.02) / max(float(grain.std()), 1e-6))
    edges = np.float32(rng.uniform(0, 1.2)) * (value - soft)
    return np.asarray(value + edges + strength * grain[..., None], np.float32)


def _known(corners: NDArray[np.float32]) -> NDArray[np.float32]:
    """(S, S) 1 where the crop shows the picture, 0 where its edge is repeated, with a soft seam."""
    canvas = np.zeros((SIZE, SIZE), np.uint8)
    cv2.fillConvexPoly(canvas, np.round(corners).astype(np.int32), 255)
    return cv2.blur(cv2.erode(canvas, np.ones((5, 5))), (5, 5)).astype(np.float32) / 255


class PairSampler:
    """Draws augmented pairs; the same seed and number give the same pair. whole: with the skin, and with the whole
    face around the window that the pair shows.
    """

    def __init__(self, sets: Sequence[tuple[FaceSet, Pairs]], config: AgingConfig, whole: bool = False) -> None:
        self.sets, self.config, self.whole = sets, config, whole
        self.ends = np.cumsum([len(pairs.rows) for _, pairs in sets])

    def _one(self, number: int, rng: np.random.Generator) -> tuple[NDArray[np.float32], ...]:
        which = int(np.searchsorted(self.ends, number, "right"))
        faces, pairs = self.sets[which]
        index = number - int(self.ends[which]) + len(pairs.rows)
        row = int(pairs.rows[index])
        before = faces.crops[row]
        same = rng.random() < self.config.zero_gap
        after = before if same else pairs.after[index]
        masks = [head_mask(faces.meshes[row], SIZE), _known(faces.corners[row])]
        if self.whole:
            masks += [make(faces.meshes[row], SIZE) for make in (skin_mask, frown_mask, beard_mask)]
            masks[-1] = masks[-1] * np.float32(faces.gender[row] == _MAN)
        matrix = _jitter(rng, self.config.enlarged)
        flip = rng.random() < 0.5
        gain = (rng.uniform(0.7, 1.2) * rng.uniform(0.93, 1.07, 3)).astype(np.float32)
        gamma = rng.uniform(0.8, 1.25)

        def lit(image: NDArray[np.uint8]) -> NDArray[np.float32]:
            return np.clip((image.astype(np.float32) / 255) ** gamma * gain, 0, 1)

        def place(image: NDArray[np.uint8]) -> NDArray[np.float32]:
            moved = cv2.warpAffine(image, matrix, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE)
            return lit(np.asarray(moved, np.uint8))

        clean, change = place(before), place(after) - place(before)
        moved = cv2.warpAffine(np.dstack(masks), matrix, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR)
        mask, known, *rest = np.split(moved, moved.shape[2], axis=2)
        scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
        seen = _crisp(clean, scale, rng) if scale > ENLARGED and rng.random() < 0.7 else clean
        seen = np.clip(_webcam(seen, rng), 0, 1)
        wanted = np.clip(seen + change * known * mask, 0, 1)
        # Beyond the picture's edge the truth is not known, only guessed as no change.
        weight = 0.1 + 0.9 * known
        stack = [seen[..., ::-1], wanted[..., ::-1], mask, weight, *rest]
        if flip:
            stack = [s[:, ::-1] for s in stack]
            matrix = np.array([[-1, 0, WIDTH - 1], [0, 1, 0]]) @ np.vstack([matrix, [0, 0, 1]])
        source = float(pairs.source[index])
        target = source if same else float(pairs.target[index])
        about = [np.array(source, np.float32), np.array(target, np.float32)]
        if self.whole:
            stack += [lit(before)[..., ::-1], masks[2][..., None]]
            about.insert(0, matrix.astype(np.float32))
        return (*(np.ascontiguousarray(s, np.float32) for s in stack), *about)

    def sample(self, number: int) -> tuple[NDArray[np.float32], ...]:
        """before, after (H, W, 3) RGB 0..1, mask and weight (H, W, 1), and both ages, as in ``Batch``; if asked for,
        with the skin, what is between the brows and where a beard can be (H, W, 1), and the face, its skin and the
        matrix of ``Whole`` before the ages.
        """
        rng = np.random.default_rng((self.config.seed, number))
        return self._one(int(rng.integers(0, self.ends[-1])), rng)

    def samples(self) -> Samples:
        """Those of the whole run."""
        return Samples(self.config.steps * self.config.batch, self.sample)
