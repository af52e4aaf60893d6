"""A process that enrols and forgets is killed again and again: what it confirmed is there, and nothing half-done."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from engine.paths import gallery_file, project_dir
from engine.recognition.gallery import Gallery
from tests.fakes.people import MODEL, PASSPHRASE

LIVES = 20
MOST_CHANGES = 2
LONGEST_S = 0.05  # more than one change takes
Counts = dict[str, int]  # samples of each person by name


@pytest.fixture
def enroller() -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.fakes.enroller"],
        cwd=project_dir(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    )
    yield process
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(20) == 0
    assert process.stdout is not None
    process.stdout.close()


def changed(counts: Counts, action: str, name: str, other: Any) -> Counts:
    """The counts after this change."""
    after = dict(counts)
    if action in ("add", "more"):
        after[name] = after.get(name, 0) + other
    elif action == "merge":
        after[name] += after.pop(other)
    else:
        del after[name]
    return after


def one_life(
    process: subprocess.Popen[str], seed: int, counts: Counts, changes: int, wait_s: float
) -> tuple[Counts, Counts]:
    """Kills it this long after so many changes; the counts that were confirmed, and if the last change was done too."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{seed}\n")
    heading, pid = json.loads(process.stdout.readline())
    assert heading == "pid"
    maybe = counts
    while (said := json.loads(process.stdout.readline()))[0] != "gone":
        if said[0] == "before":
            maybe = changed(counts, *said[1:])
        else:
            counts, changes = maybe, changes - 1
        if changes == 0:
            time.sleep(wait_s)
            os.kill(pid, signal.SIGKILL)
            changes = -1
    return counts, maybe


def found() -> Counts:
    """What is in the gallery, after everything in it was decrypted and SQLite has checked its pages."""
    with Gallery.open() as gallery:
        gallery.unlock(PASSPHRASE)
        people = gallery.people()
        assert len(gallery.index(MODEL)) == sum(person.samples for person in people)
        assert sum(len(gallery.thumbnails(person.id)) for person in people) == len(gallery.index(MODEL))
    database = sqlite3.connect(gallery_file())
    assert database.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    assert database.execute("PRAGMA foreign_key_check").fetchall() == []
    database.close()
    return {person.name: person.samples for person in people}


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_nothing_confirmed_is_lost_and_nothing_is_half_done(enroller: subprocess.Popen[str]) -> None:
    rng = random.Random(5)
    with Gallery.open() as gallery:
        gallery.unlock(PASSPHRASE)
    counts: Counts = {}
    for life in range(LIVES):
        sure, maybe = one_life(enroller, life, counts, rng.randint(1, MOST_CHANGES), rng.uniform(0, LONGEST_S))
        counts = found()
        assert counts in (sure, maybe), f"life {life}"
    assert counts
