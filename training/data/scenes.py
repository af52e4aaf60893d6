"""Whole pictures with boxes for the detector: read by their own labels, or by MediaPipe where there are none.

Everything is prepared once into a folder. ``pictures.bin`` holds the pixels of all pictures, one behind the other (to
decode JPEG again and again would take longer than to learn), ``scenes.npz`` the labels, and ``audit.png`` shows some
of each source with its boxes, to be looked at. Pictures that show the same photo always fall into the same part, so
that nothing held out was learned from.
"""

from __future__ import annotations

import hashlib
import json
import os
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.detection.mediapipe_faces import Effort, MediaPipeDetector
from engine.geometry.boxes import iou
from engine.images import read_picture, resize, write_picture
from engine.types import Detections, FloatArray, Image
from training.data.sets import DataError

# What a box is. IGNORE: there is a face that the labels of its picture leave out, so it counts neither way.
BARE, MASKED, WORN_WRONG, UNKNOWN, IGNORE = range(5)
# Longer side of the stored pictures: what is measured on stays larger.
LONGEST_PX = {"train": 448, "val": 640, "test": 640}
TEST_SHARE, VAL_SHARE = 0.15, 0.05
# Two pictures are of one photo if their small versions correlate more than this, flipped or a little turned too.
SAME_PHOTO = 0.9
_TURNS = (-22.0, -15.0, -7.5, 0.0, 7.5, 15.0, 22.0)
# A face by MediaPipe and a box of the labels are the same face above this overlap.
_SAME_FACE = 0.3
_COLOURS = {BARE: (60, 60, 255), MASKED: (80, 220, 80), WORN_WRONG: (0, 220, 255), UNKNOWN: (255, 160, 60)}


@dataclass(frozen=True)
class ScenesConfig:
    """Folders of the collections ("": left out); portraits, crops: how many pictures of one face each, and of
    FairFace's crops, are taken at most; limit: pictures of each source at most (0: all).
    """

    name: str = "prepare-scenes"
    maskon: str = ""
    all_age_faces: str = ""
    celeba: str = ""
    fairface: str = ""
    dlib: str = ""
    backgrounds: str = ""
    out: str = "data/detector"
    portraits: int = 3000
    crops: int = 2500
    limit: int = 0
    seed: int = 1


@dataclass(frozen=True, eq=False)
class Marked:
    """One picture and the boxes (N, 4) xyxy px that its collection gives, with kinds (N,); no boxes: ask MediaPipe."""

    path: Path
    boxes: FloatArray | None = None
    kinds: NDArray[np.int64] | None = None


_CLASSES = {"sin_mascarilla": BARE, "con_mascarilla": MASKED, "mascarilla_mal_puesta": WORN_WRONG}


def _number(node: ElementTree.Element, name: str) -> float:
    found = node.find(name)
    return float(found.text or 0) if found is not None else 0.0


def maskon(folder: Path) -> list[Marked]:
    """MaskON: ``images`` and VOC ``annotations``; pictures without an annotation are left out."""
    marked = []
    for file in sorted((folder / "annotations").glob("*.xml")):
        boxes, kinds = [], []
        for item in ElementTree.parse(file).getroot().iter("object"):
            place = item.find("bndbox")
            if place is None:
                continue
            box = [_number(place, name) for name in ("xmin", "ymin", "xmax", "ymax")]
            if box[2] > box[0] and box[3] > box[1]:
                boxes.append(box)
                kinds.append(_CLASSES.get(item.findtext("name", ""), UNKNOWN))
        path = folder / "images" / f"{file.stem}.jpg"
        if path.is_file():
            marked.append(Marked(path, np.array(boxes, np.float32).reshape(-1, 4), np.array(kinds, np.int64)))
    return marked


def dlib_faces(folder: Path) -> list[Marked]:
    """dlib's example pictures with the boxes of training.xml and testing.xml."""
    marked = []
    for table in ("training.xml", "testing.xml"):
        if not (folder / table).is_file():
            continue
        for picture in ElementTree.parse(folder / table).getroot().iter("image"):
            boxes, kinds = [], []
            for box in picture.iter("box"):
                left, top, width, height = (float(box.get(k, "0")) for k in ("left", "top", "width", "height"))
                boxes.append([left, top, left + width, top + height])
                kinds.append(IGNORE if box.get("ignore") == "1" else UNKNOWN)
            path = folder / picture.get("file", "")
            marked.append(Marked(path, np.array(boxes, np.float32).reshape(-1, 4), np.array(kinds, np.int64)))
    return marked


def _listed(folder: Path, files: list[str], count: int, seed: int) -> list[Marked]:
    rng = np.random.default_rng(seed)
    chosen = sorted(rng.permutation(len(files))[: count or None])
    return [Marked(folder / files[index]) for index in chosen]


def _all_pictures(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*.jpg"))


def marked_pictures(config: ScenesConfig) -> dict[str, list[Marked]]:
    """The pictures of each source that is configured. Raises DataError for a folder without its files."""
    readers: dict[str, tuple[str, Callable[[Path], list[Marked]]]] = {
        "maskon": (config.maskon, maskon),
        "all-age-faces": (config.all_age_faces, lambda folder: _from_train_list(folder, config)),
        "celeba": (config.celeba, lambda folder: _listed(folder, _all_pictures(folder), config.portraits, config.seed)),
        "fairface": (
            config.fairface,
            lambda folder: _listed(folder, _all_pictures(folder), config.crops, config.seed),
        ),
        "dlib": (config.dlib, dlib_faces),
        "backgrounds": (config.backgrounds, lambda folder: _listed(folder, _all_pictures(folder), 0, config.seed)),
    }
    found = {}
    for name, (folder, reader) in readers.items():
        if folder:
            found[name] = reader(Path(folder))[: config.limit or None]
            if not found[name]:
                raise DataError(f"{folder} holds no pictures of {name}: give the folder that was unpacked.")
    if not found:
        raise DataError("no folder of pictures is given: write --set maskon=FOLDER (or celeba, fairface, ...).")
    return found


def _from_train_list(folder: Path, config: ScenesConfig) -> list[Marked]:
    table = folder / "image sets" / "train.txt"
    if not table.is_file():
        raise DataError(f"{table} is missing: give the folder that holds `image sets` and `original images`.")
    files = [f"original images/{line.split()[0]}" for line in table.read_text().splitlines() if line.strip()]
    return _listed(folder, files, config.portraits, config.seed)


def fingerprint(image: Image) -> FloatArray:
    """How a picture looks from far away: (T, 432), one row for each small turn; each row has length 1 and mean 0."""
    rows = []
    small = cv2.GaussianBlur(cv2.resize(image, (64, 64), interpolation=cv2.INTER_AREA), (0, 0), 2.5)
    for turn in _TURNS:
        matrix = cv2.getRotationMatrix2D((31.5, 31.5), turn, 1.0)
        turned = cv2.warpAffine(small, matrix, (64, 64), borderMode=cv2.BORDER_REPLICATE)
        value = cv2.resize(turned, (12, 12), interpolation=cv2.INTER_AREA).astype(np.float32)
        value -= value.mean((0, 1))
        rows.append((value / (np.linalg.norm(value) + 1e-6)).ravel())
    return np.asarray(rows, np.float32)


def same_photo_groups(fingerprints: FloatArray, threshold: float = SAME_PHOTO) -> NDArray[np.int64]:
    """For pictures (P, T, 432) the lowest index of the group each belongs to, (P,): chains of like pictures."""
    upright = fingerprints[:, len(_TURNS) // 2]
    flipped = upright.reshape(-1, 12, 12, 3)[:, :, ::-1].reshape(upright.shape)
    like = np.zeros((len(upright), len(upright)), bool)
    for turn in range(fingerprints.shape[1]):
        like |= fingerprints[:, turn] @ upright.T > threshold
        like |= fingerprints[:, turn] @ flipped.T > threshold
    like |= like.T
    group = np.arange(len(upright))
    for index in range(len(group)):
        joined = np.unique(group[like[index]])
        group[np.isin(group, joined)] = joined.min(initial=group[index])
    return np.asarray(group, np.int64)


def split_of(digest: str) -> str:
    """The part that a photo belongs to, decided by the SHA-256 of its content alone."""
    place = int(digest[:8], 16) / 0x100000000
    return "test" if place < TEST_SHARE else "val" if place < TEST_SHARE + VAL_SHARE else "train"


def shrunk(image: Image, longest_px: int) -> tuple[Image, float, float]:
    """The picture with its longer side at most this, and the factors (x, y) its points were multiplied by."""
    height, width = image.shape[:2]
    factor = min(1.0, longest_px / max(height, width))
    small = resize(image, max(1, round(width * factor)), max(1, round(height * factor)))
    return small, small.shape[1] / width, small.shape[0] / height


def join_labels(marked: Marked, found: Detections) -> tuple[FloatArray, NDArray[np.int64], FloatArray]:
    """Boxes (N, 4), kinds (N,) and points (N, 5, 2), NaN where unknown, out of labels and what MediaPipe found.

    Without labels: all that was found. With labels: their boxes, with points where a found face matches; a found face
    that matches none is a face the labels left out, and is to be ignored.
    """
    if marked.boxes is None or marked.kinds is None:
        return found.boxes, np.full(len(found), UNKNOWN, np.int64), found.landmarks
    points = np.full((len(marked.boxes), 5, 2), np.nan, np.float32)
    overlaps = iou(marked.boxes, found.boxes)
    for row in range(len(marked.boxes)):
        if len(found) and overlaps[row].max() > _SAME_FACE and marked.kinds[row] != IGNORE:
            points[row] = found.landmarks[int(overlaps[row].argmax())]
    left_out = overlaps.max(axis=0, initial=0.0) < _SAME_FACE
    count = int(left_out.sum())
    boxes = np.concatenate([marked.boxes, found.boxes[left_out]])
    kinds = np.concatenate([marked.kinds, np.full(count, IGNORE, np.int64)])
    return boxes, kinds, np.concatenate([points, np.full((count, 5, 2), np.nan, np.float32)])


@dataclass(frozen=True, eq=False)
class Scenes:
    """Prepared pictures and their labels; row p owns boxes first[p] .. first[p + 1].

    shapes (P, 2): height, width; source, split (P,) str; boxes (B, 4), kinds (B,), points (B, 5, 2), NaN where unknown.
    """

    data: NDArray[np.uint8]
    start: NDArray[np.int64]
    first: NDArray[np.int64]
    shapes: NDArray[np.int64]
    names: NDArray[Any]
    source: NDArray[Any]
    split: NDArray[Any]
    boxes: FloatArray
    kinds: NDArray[np.int64]
    points: FloatArray

    def rows(self, split: str, *sources: str) -> NDArray[np.int64]:
        """Indices of the pictures of this part, of these sources (none: of all)."""
        right = self.split == split
        if sources:
            right &= np.isin(self.source, sources)
        return np.flatnonzero(right)

    def picture(self, row: int) -> Image:
        """The picture (H, W, 3), read-only: straight from the file."""
        data = self.data[self.start[row] : self.start[row + 1]]
        return np.asarray(data, np.uint8).reshape(*self.size(row), 3)

    def size(self, row: int) -> tuple[int, int]:
        """Height and width of the whole picture."""
        return int(self.shapes[row, 0]), int(self.shapes[row, 1])

    def labels(self, row: int) -> tuple[FloatArray, NDArray[np.int64], FloatArray]:
        """Boxes (N, 4), kinds (N,) and points (N, 5, 2) of one picture."""
        part = slice(int(self.first[row]), int(self.first[row + 1]))
        return self.boxes[part], self.kinds[part], self.points[part]


def load_scenes(folder: Path) -> Scenes:
    """What ``prepare_scenes`` wrote. Raises DataError if it is not there."""
    if not (folder / "scenes.npz").is_file() or not (folder / "pictures.bin").is_file():
        raise DataError(f"{folder} holds no prepared scenes: run python -m training prepare-scenes first.")
    with np.load(folder / "scenes.npz") as table:
        return Scenes(np.memmap(folder / "pictures.bin", np.uint8, "r"), **{key: table[key] for key in table})


class _Writer:
    """Collects pictures and labels, then puts them into the folder, whole or not at all."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.partial = folder / "pictures.bin.partial"
        self.file = self.partial.open("wb")
        self.start, self.first = [0], [0]
        self.shapes: list[tuple[int, int]] = []
        self.facts: list[tuple[str, str, str]] = []
        self.labels: list[tuple[FloatArray, NDArray[np.int64], FloatArray]] = []

    def add(
        self, image: Image, facts: tuple[str, str, str], labels: tuple[FloatArray, NDArray[np.int64], FloatArray]
    ) -> None:
        self.start.append(self.start[-1] + self.file.write(np.ascontiguousarray(image).data))
        self.first.append(self.first[-1] + len(labels[0]))
        self.shapes.append((image.shape[0], image.shape[1]))
        self.facts.append(facts)
        self.labels.append(labels)

    def finish(self) -> None:
        self.file.close()
        names, source, split = (np.array(column) for column in zip(*self.facts, strict=True))
        boxes, kinds, points = (np.concatenate(column) for column in zip(*self.labels, strict=True))
        partial = self.folder / "scenes.npz.partial"
        with partial.open("wb") as handle:
            np.savez(
                handle, start=np.array(self.start), first=np.array(self.first), shapes=np.array(self.shapes),
                names=names, source=source, split=split, boxes=boxes, kinds=kinds, points=points,
            )  # fmt: skip
        os.replace(self.partial, self.folder / "pictures.bin")
        os.replace(partial, self.folder / "scenes.npz")


def audit_sheet(scenes: Scenes, path: Path, *, each: int = 12, cell_px: int = 200, seed: int = 0) -> None:
    """Writes a PNG with ``each`` pictures of every source in a row: boxes coloured by kind, ignored ones thin grey."""
    rng = np.random.default_rng(seed)
    lines = []
    for source in dict.fromkeys(scenes.source.tolist()):
        rows = rng.permutation(np.flatnonzero(scenes.source == source))[:each]
        cells = [np.zeros((cell_px, cell_px, 3), np.uint8) for _ in range(each)]
        for cell, row in zip(cells, rows, strict=False):
            small, x, y = shrunk(scenes.picture(int(row)), cell_px)
            small = small.copy()
            boxes, kinds, points = scenes.labels(int(row))
            for box, kind, five in zip(boxes * [x, y, x, y], kinds, points * [x, y], strict=True):
                corner, other = box[:2].round().astype(int).tolist(), box[2:].round().astype(int).tolist()
                cv2.rectangle(small, corner, other, _COLOURS.get(int(kind), (128, 128, 128)), 1)
                for point in five[np.isfinite(five).all(1)].round().astype(int).tolist():
                    cv2.circle(small, point, 1, (255, 255, 255), -1)
            cell[: small.shape[0], : small.shape[1]] = small
        lines.append(np.hstack(cells))
    write_picture(path, np.vstack(lines))


def _splits(marked: list[Marked], images: list[FloatArray]) -> list[str]:
    """One part a picture; all pictures of one photo follow the smallest of their hashes."""
    digests = [hashlib.sha256(each.path.read_bytes()).hexdigest() for each in marked]
    groups = same_photo_groups(np.stack(images))
    leader = {group: min(d for d, g in zip(digests, groups, strict=True) if g == group) for group in set(groups)}
    return [split_of(leader[group]) for group in groups]


def prepare_scenes(config: ScenesConfig) -> dict[str, int]:
    """Reads, labels, shrinks and stores all pictures; returns how many of each source and part there are."""
    cv2.setNumThreads(1)
    sources = marked_pictures(config)
    detector = MediaPipeDetector(Effort.THOROUGH)
    writer = _Writer(Path(config.out))
    for source, marked in sources.items():
        labelled = source == "maskon"  # the only source that is held out: the others have no boxes by hand, or are few
        splits = _splits(marked, [fingerprint(read_picture(each.path)) for each in marked]) if labelled else None
        for index, each in enumerate(marked):
            image = read_picture(each.path)
            boxes, kinds, points = join_labels(each, detector.detect(image))
            if (len(boxes) > 0) == (source == "backgrounds"):
                continue  # a portrait nobody was found in, or a background with somebody in it
            split = splits[index] if splits else "train"
            small, x, y = shrunk(image, LONGEST_PX[split])
            # Anchors and labels count from the corner of the first pixel; the engine's faces, from its centre, were
            # half a pixel off, which matters to nobody at this size.
            factor = np.array([x, y], np.float32)
            boxes, points = boxes * np.tile(factor, 2), points * factor
            writer.add(small, (each.path.name, source, split), (boxes, kinds, points))
            if (index + 1) % 500 == 0:
                print(json.dumps({"source": source, "done": index + 1, "of": len(marked)}), flush=True)
    detector.close()
    writer.finish()
    scenes = load_scenes(Path(config.out))
    audit_sheet(scenes, Path(config.out) / "audit.png")
    counts = {f"{s}/{p}": len(scenes.rows(p, s)) for s in sources for p in ("train", "val", "test")}
    return {key: count for key, count in counts.items() if count}
