"""A program that enrols and forgets people without pause, to be killed; for tests/engine/recognition/test_kill.py.

Reads from stdin one line for each life: a number to draw its actions from. Forks a process for it (a start of Python
would cost half a second each time), which says its process number, then before and after each change what it is, as one
JSON line. Once a life has ended the parent says "gone".
"""

from __future__ import annotations

import json
import os
import random
import sys

from engine.recognition import vault
from engine.recognition.gallery import Gallery
from tests.fakes.people import CONSENT, PASSPHRASE, samples


def say(*parts: object) -> None:
    """One write, so that a line is whole or not there."""
    os.write(1, (json.dumps(parts) + "\n").encode())


def live(seed: int) -> None:
    """Changes the gallery until somebody ends it."""
    rng = random.Random(seed)
    gallery = Gallery.open()
    gallery.unlock(PASSPHRASE)
    say("pid", os.getpid())
    for step in range(10_000):
        people = gallery.people()
        action = rng.choice(("add", "more", "merge", "remove") if len(people) > 4 else ("add", "add", "more"))
        if action == "add" or not people:
            name = f"P{seed}-{step}"
            say("before", "add", name, 2)
            gallery.add(name, samples(step, 2), CONSENT)
        elif action == "more":
            person = rng.choice(people)
            say("before", "more", person.name, 1)
            gallery.add_samples(person.id, samples(step, 1))
        elif action == "merge":
            keep, gone = rng.sample(people, 2)
            say("before", "merge", keep.name, gone.name)
            gallery.merge(keep.id, gone.id)
        else:
            person = rng.choice(people)
            say("before", "remove", person.name, 0)
            gallery.remove(person.id)
        say("after")


def main() -> None:
    vault.SCRYPT_N = 16  # type: ignore[misc]
    vault.Vault.create(PASSPHRASE)  # loads what each life would else load for itself
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            live(int(line))
            os._exit(0)
        os.waitpid(child, 0)
        say("gone")


if __name__ == "__main__":
    main()
