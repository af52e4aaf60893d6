"""Our own detector: one network, a score for every anchor, and what is left after suppression."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from engine.detection import merge
from engine.errors import WeightsError
from engine.geometry import anchors as anchor_math
from engine.images import letterbox, to_tensor
from engine.runtime import Network, load_network
from engine.types import Detections, FloatArray, Floats, Image
from engine.weights.store import find

NAME = "detector"
STRIDES = (8, 16, 32)
MULTIPLE_PX = 32
# Longer side of the canvas the network sees: live, and one after another for pictures (large faces and small ones).
LIVE_PX = (640,)
PICTURE_PX = (384, 640, 1280)
# A small picture is enlarged at most so much: more shows nothing new.
LARGEST_ENLARGEMENT = 2.0
# Suppression compares every candidate with every other one; more than this never are faces.
MOST_CANDIDATES = 600
# The score to ask for where a card does not tell.
USUAL_SCORE = 0.5


class AnchorDetector:
    """Faces by the network "detector". For one thread at a time.

    network: takes (1, 3, H, W) and gives (1, A, 15), see engine.networks.detector. sizes_px: the anchor sides of each
    stride it was trained with. sides_px: longer sides of the canvases to look at; the answers are merged.
    """

    name = "our own anchor detector"

    def __init__(
        self,
        network: Network,
        sizes_px: Sequence[Sequence[float]],
        *,
        sides_px: Sequence[int] = LIVE_PX,
        min_score: float = USUAL_SCORE,
        iou_threshold: float = merge.SAME_FACE_IOU,
    ) -> None:
        self._network: Network | None = network
        self._sizes_px = sizes_px
        self._sides_px = tuple(sides_px)
        self._min_score = min_score
        self._iou_threshold = iou_threshold
        self._anchors: dict[tuple[int, int], FloatArray] = {}
        self.candidates = Detections.empty()

    @staticmethod
    def load(
        device: str = "auto",
        *,
        folder: Path | None = None,
        sides_px: Sequence[int] = LIVE_PX,
        precision: str = "auto",
        min_score: float | None = None,
    ) -> AnchorDetector:
        """The detector of the weights folder. min_score: default the card's. Raises WeightsError, DeviceError."""
        card = find(NAME, folder).card
        try:
            sizes_px = [[float(side) for side in level] for level in card.arguments["sizes_px"]]
        except (KeyError, TypeError, ValueError) as error:
            raise WeightsError(f"card {card.name}: its arguments name no anchor sizes (sizes_px).") from error
        if min_score is None:
            min_score = float(card.figures.get("score_threshold", USUAL_SCORE))
        network = load_network(NAME, device, folder=folder, precision=precision)
        return AnchorDetector(network, sizes_px, sides_px=sides_px, min_score=min_score)

    @property
    def device(self) -> str:
        """Where the network runs."""
        return "" if self._network is None else self._network.device

    def detect(self, image: Image) -> Detections:
        """The faces of the image (H, W, 3) uint8 BGR, best first."""
        if self._network is None:
            raise ValueError("this detector is closed")
        canvases = dict.fromkeys(canvas_size(image.shape[1], image.shape[0], side) for side in self._sides_px)
        parts = [self._on_canvas(self._network, image, *canvas) for canvas in canvases]
        self.candidates = merge.concatenate(*parts)  # before suppression
        return merge.suppress(self.candidates, iou_threshold=self._iou_threshold)

    def close(self) -> None:
        network, self._network = self._network, None
        if network is not None:
            network.close()

    def _on_canvas(self, network: Network, image: Image, width: int, height: int) -> Detections:
        canvas, place = letterbox(image, width, height)
        answers = network(to_tensor(canvas))[0]
        if (width, height) not in self._anchors:
            self._anchors[width, height] = anchor_math.make(width, height, STRIDES, self._sizes_px)
        found = read_answers(answers, self._anchors[width, height], self._min_score)
        return Detections(place.to_image(found.boxes), found.scores, place.to_image(found.landmarks))


def canvas_size(width: int, height: int, side_px: int) -> tuple[int, int]:
    """Width and height, multiples of 32, of the canvas for an image: its longer side is ``side_px`` if it can be.

    >>> canvas_size(1280, 720, 640), canvas_size(300, 200, 640)
    ((640, 384), (608, 416))
    """
    factor = min(side_px / max(width, height), LARGEST_ENLARGEMENT)
    across, down = (-(-max(1, round(length * factor)) // MULTIPLE_PX) * MULTIPLE_PX for length in (width, height))
    return across, down


def read_answers(answers: Floats, anchors: FloatArray, min_score: float) -> Detections:
    """What (A, 15) answers say, in pixels of the canvas: every anchor that scores at least ``min_score``, best first.

    One face is still there many times; boxes without an area are left out. At most MOST_CANDIDATES.
    """
    scores = np.asarray(answers[:, 0], np.float32)
    chosen = np.flatnonzero(scores >= min_score)
    chosen = chosen[np.argsort(-scores[chosen], kind="stable")][:MOST_CANDIDATES]
    own = anchors[chosen]
    # Anchors count from the corner of the first pixel, everything else in the engine from its centre.
    boxes = anchor_math.decode(answers[chosen, 1:5], own) - np.float32(0.5)
    points = anchor_math.decode_points(answers[chosen, 5:].reshape(-1, 5, 2), own) - np.float32(0.5)
    found = Detections(boxes, np.clip(scores[chosen], 0, 1), points)
    return found.take((boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1]))
