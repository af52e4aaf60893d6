"""The command ``people``: who is enrolled, and everything that can be done with them but enrolling."""

from __future__ import annotations

import argparse
import getpass
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.errors import GalleryError, NoGalleryError, PassphraseNeededError, VaultError
from engine.recognition.gallery import Gallery
from engine.recognition.records import Person
from engine.recognition.vault import PASSPHRASE_VARIABLE
from engine.terminal import Terminal

EXPORT_VARIABLE = "AGE_MIRROR_EXPORT_PASSPHRASE"
_TRIES = 3
_NOBODY = "Nobody is enrolled. To enrol somebody: main.py enroll NAME PICTURE... --consent"


def run_people(args: argparse.Namespace, terminal: Terminal) -> int:
    """Does ``args.action``; 0, or 1 where the user said no. Raises AgeMirrorError."""
    return _ACTIONS[args.action](args, terminal)


def describe_person(person: Person) -> dict[str, Any]:
    """The public object of one person."""
    return {
        "name": person.name,
        "samples": person.samples,
        "created": person.created.isoformat(),
        "target_age": person.target_age,
        "consent": {"text": person.consent.text, "given": person.consent.given.isoformat()},
        "models": list(person.models),
    }


# -- what is asked on a terminal --------------------------------------------------------------------------------------


def unlock(gallery: Gallery) -> None:
    """Opens the gallery's vault, and asks for the passphrase where one is needed and somebody sits at a terminal.

    Raises VaultError.
    """
    try:
        gallery.unlock()
    except PassphraseNeededError:
        if not sys.stdin.isatty():
            raise
        if gallery.key_source() is None:
            gallery.unlock(ask_passphrase("A new passphrase for the people", twice=True))
            return
        _until_right(lambda: gallery.unlock(ask_passphrase("Passphrase of the people")))


def ask_passphrase(prompt: str, *, twice: bool = False) -> str:
    """What is typed, unseen. Raises VaultError for nothing, or two that differ."""
    try:
        text = getpass.getpass(f"{prompt}: ")
        if text and twice and getpass.getpass("Once more: ") != text:
            raise VaultError("the two passphrases differ: nothing was done.")
    except EOFError:
        text = ""
    if not text:
        raise VaultError("no passphrase was given: nothing was done.")
    return text


def _until_right(attempt: Callable[[], None]) -> None:
    for left in range(_TRIES - 1, -1, -1):
        try:
            return attempt()
        except VaultError as error:
            if not left or "wrong" not in str(error):
                raise
            print(error, file=sys.stderr)


def _passphrase_of_file(prompt: str, *, twice: bool = False) -> str:
    given = os.environ.get(EXPORT_VARIABLE) or os.environ.get(PASSPHRASE_VARIABLE)
    if given:
        return given
    if not sys.stdin.isatty():
        raise PassphraseNeededError(
            f"an export is closed with a passphrase: set {EXPORT_VARIABLE}, or start this in a terminal."
        )
    return ask_passphrase(prompt, twice=twice)


def _agreed(args: argparse.Namespace, question: str) -> bool:
    """Whether it may be done. Only a person at a terminal is asked: in a script the command itself is the answer."""
    if args.yes or not sys.stdin.isatty():
        return True
    try:
        return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        return False


# -- the actions ------------------------------------------------------------------------------------------------------


def _list(args: argparse.Namespace, terminal: Terminal) -> int:
    try:
        with Gallery.open(create=False) as gallery:
            people = gallery.people()
    except NoGalleryError:
        people = ()
    if args.json:
        terminal.show(json.dumps([describe_person(person) for person in people], ensure_ascii=False))
    elif not people:
        terminal.show(_NOBODY)
    else:
        width = max(len(person.name) for person in people)
        for person in people:
            terminal.show(_line(person, width))
    return 0


def _line(person: Person, width: int) -> str:
    target = "" if person.target_age is None else f"   shown at {person.target_age:g}"
    return f"{person.name:{width}s}  {_counted(person.samples, 'sample')}   since {person.created:%Y-%m-%d}{target}"


def _remove(args: argparse.Namespace, terminal: Terminal) -> int:
    with Gallery.open(create=False) as gallery:
        person = _named(gallery, args.name)
        question = f"Forget {person.name} and {_counted(person.samples, 'sample')} for ever?"
        if not _agreed(args, question):
            return _declined(terminal)
        gallery.remove(person.id)
    terminal.show(f"{person.name} is forgotten.")
    return 0


def _rename(args: argparse.Namespace, terminal: Terminal) -> int:
    with Gallery.open(create=False) as gallery:
        old = _named(gallery, args.old)
        new = gallery.rename(old.id, args.new)
    terminal.show(f"{old.name} is called {new.name} now.")
    return 0


def _merge(args: argparse.Namespace, terminal: Terminal) -> int:
    with Gallery.open(create=False) as gallery:
        keep, gone = _named(gallery, args.keep), _named(gallery, args.gone)
        merged = gallery.merge(keep.id, gone.id)
    terminal.show(f"{gone.name} is {merged.name} now, who has {_counted(merged.samples, 'sample')}.")
    return 0


def _target(args: argparse.Namespace, terminal: Terminal) -> int:
    with Gallery.open(create=False) as gallery:
        person = gallery.set_target_age(_named(gallery, args.name).id, args.years)
    end = "like everybody else" if person.target_age is None else f"at {person.target_age:g}"
    terminal.show(f"{person.name} is shown {end} when recognised.")
    return 0


def _export(args: argparse.Namespace, terminal: Terminal) -> int:
    from engine.recognition.transfer import export_people

    with Gallery.open(create=False) as gallery:
        if not gallery.people():
            raise NoGalleryError("nobody is enrolled: there is nothing to export.")
        unlock(gallery)
        passphrase = _passphrase_of_file("A passphrase for this file", twice=True)
        people = export_people(gallery, Path(args.file), passphrase)
    terminal.show(f"{_persons(len(people))} written to {args.file}. Only its passphrase opens it.")
    return 0


def _import(args: argparse.Namespace, terminal: Terminal) -> int:
    from engine.recognition.transfer import check_export, read_people

    path = Path(args.file)
    check_export(path)  # before a passphrase is asked for
    records = read_people(path, _passphrase_of_file("Passphrase of this file"))
    with Gallery.open() as gallery:
        unlock(gallery)
        for person, added, known in gallery.load(records):
            how = "was enrolled already" if known else "is enrolled"
            more = _counted(added, "new sample") if known else _counted(added, "sample")
            terminal.show(f"{person.name} {how}: {more}")
    return 0


def _reembed(args: argparse.Namespace, terminal: Terminal) -> int:
    from engine.still import FaceEngine

    engine = FaceEngine()
    try:
        with Gallery.open(create=False) as gallery:
            stale = gallery.stale(engine.model)
            if not stale:
                terminal.show("Everybody can be recognised by the network in use. Nothing was changed.")
                return 0
            unlock(gallery)
            count = gallery.reembed(engine.model, engine.embed)
    finally:
        engine.close()
    terminal.show(f"{_counted(count, 'sample')} of {_persons(len(stale))} measured anew for the network in use.")
    return 0


def _erase(args: argparse.Namespace, terminal: Terminal) -> int:
    from engine.recognition.erase import erase_everything

    if not _agreed(args, "Forget everybody for ever?"):
        return _declined(terminal)
    count = erase_everything()
    if count == 0:
        terminal.show("Nobody was enrolled. Nothing is left.")
    else:
        terminal.show("Everybody is forgotten." if count is None else f"{_persons(count)} forgotten. Nothing is left.")
    return 0


def _named(gallery: Gallery, name: str) -> Person:
    person = gallery.find(name)
    if person is None:
        shown = name if len(name) <= 80 else name[:77] + "..."
        raise GalleryError(f"nobody called {shown!r} is enrolled: 'people list' tells who is.")
    return person


def _declined(terminal: Terminal) -> int:
    terminal.complain("Nothing was changed.")
    return 1


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _persons(count: int) -> str:
    return "1 person" if count == 1 else f"{count} people"


_ACTIONS: dict[str, Callable[[argparse.Namespace, Terminal], int]] = {
    "list": _list,
    "remove": _remove,
    "rename": _rename,
    "merge": _merge,
    "target": _target,
    "export": _export,
    "import": _import,
    "reembed": _reembed,
    "erase": _erase,
}
