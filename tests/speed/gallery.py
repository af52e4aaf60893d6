"""Recognition's part that is no network: searching a large gallery, and changing one on disk.

usage: python tests/speed/gallery.py [--samples 100000] [--dimensions 256]
Not part of the test suite: it wants a quiet machine. Median and middle half of the runs, in ms. Exit status 1 if the
search misses its limit.
"""

from __future__ import annotations

import argparse
import itertools
import os
import sys
import tempfile
from pathlib import Path

from window import ROOT, machine

sys.path.insert(0, str(ROOT))
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
import engine  # noqa: F401 (before numpy: it keeps OpenBLAS to one thread)

# isort: split
import numpy as np

from engine.bench import timed
from engine.recognition.gallery import Gallery
from engine.recognition.index import GalleryIndex
from engine.recognition.records import THUMBNAIL_PX, Sample
from engine.types import Embedding, FloatArray

SEARCH_LIMIT_MS = 10.0
SAMPLES_A_PERSON = 10
PEOPLE_ON_DISK = 50


def unit_rows(rng: np.random.Generator, count: int, dimensions: int) -> FloatArray:
    rows = rng.normal(size=(count, dimensions)).astype(np.float32)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def line(what: str, times: tuple[float, float, float]) -> None:
    median, low, high = times
    print(f"  {what:44s} {median:8.2f}   ({low:.2f} to {high:.2f})", flush=True)


def search(samples: int, dimensions: int) -> float:
    """Times the search; the median in ms."""
    rng = np.random.default_rng(0)
    matrix = unit_rows(rng, samples, dimensions)
    starts = np.arange(0, samples, SAMPLES_A_PERSON, dtype=np.int64)
    names = tuple(f"person {i}" for i in range(len(starts)))
    index = GalleryIndex("speed", tuple(range(len(starts))), names, (None,) * len(starts), starts, matrix)
    face = Embedding(matrix[samples // 2], "speed")
    times = timed(lambda: index.search(face), 100)
    line(f"search {samples} samples of {dimensions}", times)
    return times[0]


def on_disk(dimensions: int) -> None:
    rng = np.random.default_rng(0)
    side = THUMBNAIL_PX

    def looks() -> list[Sample]:
        rows = unit_rows(rng, SAMPLES_A_PERSON, dimensions)
        return [Sample(Embedding(row, "speed"), rng.integers(0, 256, (side, side, 3), np.uint8)) for row in rows]

    with tempfile.TemporaryDirectory() as folder, Gallery.open(Path(folder) / "people.sqlite") as gallery:
        gallery.unlock("a passphrase")
        numbers = itertools.count()
        ready = looks()
        line(
            f"enrol somebody with {SAMPLES_A_PERSON} samples",
            timed(lambda: gallery.add(f"{next(numbers)}", ready, "yes"), 20),
        )
        while len(gallery.people()) < PEOPLE_ON_DISK:
            gallery.add(f"{next(numbers)}", looks(), "yes")
        size = f"{PEOPLE_ON_DISK} people, {gallery.path.stat().st_size / 2**20:.0f} MB"
        line(f"index of {size}", timed(lambda: gallery.index("speed"), 20))
        line("list them", timed(gallery.people, 20))
        line("open the file", timed(lambda: Gallery.open(gallery.path).close(), 10))
        people = iter(gallery.people())
        line("forget somebody, and rewrite the file", timed(lambda: gallery.remove(next(people).id), 10))


def main() -> int:
    parser = argparse.ArgumentParser(description="Speed of the gallery.")
    parser.add_argument("--samples", type=int, default=100_000)
    parser.add_argument("--dimensions", type=int, default=256)
    options = parser.parse_args()
    print(machine(), flush=True)
    median_ms = search(options.samples, options.dimensions)
    on_disk(options.dimensions)
    if median_ms > SEARCH_LIMIT_MS:
        print(f"  MISSED search: {median_ms:.1f} ms, wanted at most {SEARCH_LIMIT_MS:g}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
