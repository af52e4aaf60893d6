"""The command ``age``: a picture, a folder of pictures or a video, written to disk with the faces aged."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from engine.age_video import DEFAULT_SIZE, Only, age_video
from engine.analyze import named
from engine.capture.factory import is_picture
from engine.capture.media import pictures_in
from engine.errors import GalleryError, InputError, NoGalleryError, OutputError
from engine.images import WRITABLE_SUFFIXES, read_picture, write_picture
from engine.landmarks.pose import frontal_weight
from engine.output.atomic import cause, replacing
from engine.settings import Settings

if TYPE_CHECKING:
    from engine.still import FaceEngine
    from engine.terminal import Terminal


@dataclass(frozen=True, slots=True)
class AgeOrder:
    """What is to be done. source_age: None to estimate it. size: 0 to follow the size of each face.

    person: age only the faces of this person, who is enrolled; None for every face. sweep_s: instead of one target age
    a pass through all of them that takes so many seconds, from a picture.
    """

    target_age: float
    source_age: float | None = None
    size: int = 0
    device: str = "auto"
    person: str | None = None
    sweep_s: float | None = None


def same_place(source: Path, target: Path) -> bool:
    """Whether writing ``target`` would overwrite ``source``."""
    if os.path.isdir(target) and os.path.isfile(source):
        target = target / source.name
    return os.path.exists(source) and os.path.exists(target) and os.path.samefile(source, target)


def run_age(source: Path, target: Path, order: AgeOrder, terminal: Terminal) -> int:
    """Ages the input into the output; 0, or 1 if some pictures of a folder failed.

    Raises InputError or OutputError for an input or output that cannot be used as a whole; with a person in the order
    GalleryError where nobody of that name is enrolled, VaultError, WeightsError.
    """
    # os.path and not Path: a name too long for this system is a name that does not exist.
    if not os.path.exists(source):
        raise InputError(f"no such file or folder: {source}. Check the spelling.")
    if order.sweep_s is not None:
        return _sweep(source, target, order, order.sweep_s, terminal)
    if source.is_dir():
        return _age_folder(source, target, order, terminal)
    target = target / source.name if os.path.isdir(target) else target
    _check_parent(target)
    if is_picture(source):
        return _age_pictures([(source, target)], order, terminal)
    settings = Settings(target_age=order.target_age, size=order.size or DEFAULT_SIZE, device=order.device)
    only = None if order.person is None else known_person(order.person)
    age_video(source, target, settings, terminal, source_age=order.source_age, only=only)
    return 0


def _sweep(source: Path, target: Path, order: AgeOrder, seconds: float, terminal: Terminal) -> int:
    from engine.age_sweep import sweep_picture

    if source.is_dir() or not is_picture(source):
        raise InputError(f"{source} is not a picture: a sweep is made from one picture.")
    target = target / f"{source.stem}.mp4" if os.path.isdir(target) else target
    _check_parent(target)
    sweep_picture(
        source, target, seconds, terminal, source_age=order.source_age, size=order.size, device=order.device
    )  # fmt: skip
    return 0


def known_person(name: str) -> Only:
    """Somebody who is enrolled, and everybody they might be confused with.

    Raises GalleryError where nobody is called so, VaultError, WeightsError.
    """
    from engine.people import unlock
    from engine.recognition.embedder import model_name
    from engine.recognition.gallery import Gallery

    model = model_name()
    nobody = f"nobody called {name[:80]!r} is enrolled: 'people list' tells who is."
    try:
        with Gallery.open(create=False) as gallery:
            person = gallery.find(name)
            if person is None:
                raise GalleryError(nobody)
            unlock(gallery)
            index = gallery.index(model)
    except NoGalleryError:
        raise GalleryError(nobody) from None
    if person.name not in index.names:
        raise GalleryError(f"{person.name} was enrolled with another network: enrol {person.name} again.")
    return Only(person.name, index)


def _age_folder(source: Path, target: Path, order: AgeOrder, terminal: Terminal) -> int:
    pictures = pictures_in(source)
    if os.path.exists(target) and not target.is_dir():
        raise OutputError(f"cannot write into {target}: it is a file. For a folder of pictures give a folder.")
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot make the folder {target}: {cause(error)}. Choose another place.") from error
    return _age_pictures([(picture, target / picture.name) for picture in pictures], order, terminal)


def _age_pictures(pairs: list[tuple[Path, Path]], order: AgeOrder, terminal: Terminal) -> int:
    """Each picture by itself; what fails is said and the rest is still done."""
    from engine.still import FaceEngine

    engine = FaceEngine(order.device)
    if order.person is not None:
        only = known_person(order.person)
        engine.know(only.people)
        order = replace(order, person=only.name)
    failed = 0
    try:
        with terminal.progress(len(pairs), "pictures") as progress:
            for source, target in pairs:
                failed += not _one(engine, source, target, order, terminal)
                progress.step()
    finally:
        engine.close()
    return 1 if failed else 0


def _one(engine: FaceEngine, source: Path, target: Path, order: AgeOrder, terminal: Terminal) -> bool:
    """Whether it was done; a failure is said."""
    try:
        terminal.show(age_picture(engine, source, target, order))
    except (InputError, OutputError) as error:
        terminal.complain(named(str(source), error))
        return False
    except MemoryError:
        terminal.complain(f"{source} is too large for the memory of this computer.")
        return False
    return True


def age_picture(engine: FaceEngine, source: Path, target: Path, order: AgeOrder) -> str:
    """Writes the aged picture, or a copy of it where there is no face; what was done, in one line.

    Raises PictureError, OutputError; networks that cannot run raise WeightsError or DeviceError.
    """
    _check_suffix(target)
    image = read_picture(source)
    known = order.source_age is not None and order.person is None
    faces = engine.find(image) if known else engine.analyze(image)
    if order.person is not None:
        faces = tuple(face for face in faces if face.person is not None and face.person.person == order.person)
    able = [face for face in faces if face.mesh is not None and frontal_weight(face.yaw_degrees) > 0]
    if not able:
        _copy(source, target)
        seen = "no face is seen well enough"
        if not faces:
            seen = "no face was found" if order.person is None else f"{order.person} was not recognised"
        return f"{source}: {seen}; copied unchanged to {target}"
    aged = engine.age(image, order.target_age, source_age=order.source_age, faces=able, size=order.size or None)
    write_picture(target, aged)
    return f"{source} -> {target}: {_count(len(able), len(faces))}"


def _count(able: int, found: int) -> str:
    text = "1 face aged" if able == 1 else f"{able} faces aged"
    return text if able == found else f"{text}, {found - able} not seen well enough"


def _copy(source: Path, target: Path) -> None:
    """The very bytes where the format stays, else the same pixels in the other format."""
    if source.suffix.lower() != target.suffix.lower():
        write_picture(target, read_picture(source))
        return
    with replacing(target) as part:
        try:
            shutil.copyfile(source, part)
        except OSError as error:
            raise OutputError(f"cannot write {target}: {cause(error)}. Choose another place.") from error


def _check_suffix(target: Path) -> None:
    if target.suffix.lower() not in WRITABLE_SUFFIXES:
        known = ", ".join(WRITABLE_SUFFIXES)
        raise OutputError(f"cannot write {target}: give the picture a name that ends in one of {known}.")


def _check_parent(target: Path) -> None:
    """Says early, before any work, that the place is wrong."""
    if not target.parent.is_dir():
        raise OutputError(f"cannot write {target}: its folder does not exist. Make it, or choose another place.")
