"""The command ``enroll``: remembers somebody's face from pictures, with their consent."""

from __future__ import annotations

from collections.abc import Sequence

from engine.analyze import expand, named
from engine.people import unlock
from engine.recognition.embedder import card_thresholds
from engine.recognition.enrol import Enrolled, enrol_pictures
from engine.recognition.gallery import Gallery
from engine.recognition.records import checked_name
from engine.terminal import Terminal

CONSENT = (
    "Small pictures of my face and the numbers computed from them may be kept, encrypted, on this computer, so that it "
    "recognises me. They do not leave it, and I can have them removed at any time. (Confirmed with enroll --consent.)"
)
CONSENT_NEEDED = (
    "nobody is enrolled without their consent: ask whether small pictures and measurements of their face may be kept, "
    "encrypted, on this computer, and then add --consent"
)


def run_enroll(
    name: str,
    pictures: Sequence[str],
    terminal: Terminal,
    *,
    add: bool = False,
    anyway: bool = False,
    device: str = "auto",
) -> int:
    """Enrols from pictures and folders of pictures; 0, or 1 if some of them were not taken. Raises AgeMirrorError."""
    from engine.still import FaceEngine

    checked_name(name)
    card_thresholds()  # raises where nobody can be recognised at all, before anything is made or asked
    paths: list[str] = []
    failed = 0
    for item in expand(pictures):
        if isinstance(item, str):
            paths.append(item)
        else:
            failed += 1
            terminal.complain(named(item[0], item[1]))
    if not paths:
        return 1
    engine = FaceEngine(device)
    try:
        with Gallery.open() as gallery:
            unlock(gallery)
            with terminal.progress(len(paths), "pictures") as progress:

                def tell(picture: str, reason: str) -> None:
                    progress.step()
                    if reason:
                        terminal.complain(named(picture, reason))

                done = enrol_pictures(name, paths, CONSENT, engine, gallery, add=add, anyway=anyway, tell=tell)
    finally:
        engine.close()
    terminal.show(summary(done, add))
    return 1 if failed or done.refused else 0


def summary(done: Enrolled, added: bool) -> str:
    """What was done, in one line."""
    used = "1 picture" if len(done.used) == 1 else f"{len(done.used)} pictures"
    what = f"{done.person.name} has {used} more" if added else f"{done.person.name} is enrolled with {used}"
    like = done.resembles
    note = "" if like is None else f"; the face is like {like.person}'s (similarity {like.similarity:.2f})"
    return what + note
