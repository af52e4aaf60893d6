"""The people this computer knows, as a window uses them. Nearly every call may wait: for the disk, for the keyring."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from engine.errors import AgeMirrorError, GalleryError, InputError, NoGalleryError, VaultError, WeightsError
from engine.paths import gallery_file
from engine.recognition import keystore
from engine.recognition.embedder import Embedder, card_thresholds, model_name
from engine.recognition.enrol import Enrolled, PictureEngine, Tell, enrol_pictures
from engine.recognition.erase import erase_everything
from engine.recognition.gallery import Gallery
from engine.recognition.gate import Refusal
from engine.recognition.guided import STEPS, Enrolment, EnrolmentState, Observation, Progress, Step
from engine.recognition.identify import Searchable
from engine.recognition.index import GalleryIndex
from engine.recognition.records import NAME_LENGTH, Person, checked_name, name_key
from engine.recognition.vault import PASSPHRASE_VARIABLE, Vault
from engine.types import Image

__all__ = [
    "NAME_LENGTH",
    "STEPS",
    "ClosingEngine",
    "Enrolled",
    "Enrolment",
    "EnrolmentState",
    "Known",
    "KnownPerson",
    "Observation",
    "People",
    "Person",
    "Progress",
    "Refusal",
    "Searchable",
    "Step",
    "checked_name",
    "name_key",
]


class ClosingEngine(PictureEngine, Protocol):
    """What is needed of engine.still.FaceEngine."""

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True, eq=False)
class KnownPerson:
    """One person as a list shows them.

    samples: how many looks are kept. stale: some of them were measured by another network. picture: their first crop
    (112, 112, 3) uint8 BGR, None where it was not asked for or is locked. consent: word for word, given then (UTC).
    """

    id: int
    name: str
    samples: int
    target_age: float | None
    consent: str
    consented: datetime
    stale: bool = False
    picture: Image | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """Everybody, as far as they can be read now.

    index: what a session takes to recognise them; None where that is locked or damaged, or there is no network.
    key: where the key lies, "keyring" or "passphrase", None while nothing was ever encrypted. trouble: why pictures and
    vectors, or all of it, cannot be read; a PassphraseNeededError where a passphrase would help. unable: why nobody can
    be recognised or enrolled on this computer at all, in one sentence, or empty.
    """

    people: tuple[KnownPerson, ...] = ()
    index: GalleryIndex | None = None
    key: str | None = None
    trouble: AgeMirrorError | None = None
    unable: str = ""


class People:
    """The user's gallery, opened when it is first needed and made when the first person is stored; for any thread.

    One call works at a time, and a keyring that asks its owner for a password may take 90 seconds. path: of the gallery
    (default: the user's own). weights: the folder of the networks. make_engine: makes what looks at picture files.
    """

    def __init__(
        self,
        make_engine: Callable[[], ClosingEngine] | None = None,
        *,
        path: Path | None = None,
        weights: Path | None = None,
    ) -> None:
        self._make_engine = make_engine
        self._path = path
        self._weights = weights
        self._lock = threading.RLock()
        self._gallery: Gallery | None = None
        self._file: tuple[int, int] | None = None
        self._prepared: Vault | None = None  # the key of a gallery that is not made yet
        self._pictures: dict[tuple[int, int], Image] = {}
        self._index: tuple[object, GalleryIndex] | None = None  # and when the gallery was like this

    # --- reading -----------------------------------------------------------------------------------------------------

    def look(self, *, pictures: bool = True) -> Known:
        """Everybody. Never raises AgeMirrorError: what is in the way stands in the answer."""
        with self._lock:
            model, unable = self._model()
            try:
                gallery = self._opened()
                people = gallery.people() if gallery is not None else ()
                key = gallery.key_source() if gallery is not None else None
            except (GalleryError, VaultError) as error:
                self.close()
                return Known(trouble=error, unable=unable)
            if gallery is None or not people:
                return Known(key=key, unable=unable)
            index, trouble, shown = None, None, dict[int, Image]()
            try:
                gallery.unlock()
                shown = self._pictures_of(gallery, people) if pictures else {}
                index = self._index_of(gallery, model) if model else None
            except (GalleryError, VaultError) as error:
                trouble = error
            known = tuple(_known(person, model, shown.get(person.id)) for person in people)
            return Known(known, index, key, trouble, unable)

    def _model(self) -> tuple[str, str]:
        """The name of the network that recognises, or why there is none."""
        try:
            return model_name(self._weights), ""
        except WeightsError as error:
            return "", str(error)

    def _pictures_of(self, gallery: Gallery, people: Sequence[Person]) -> dict[int, Image]:
        """The first picture of each; only those that are new are decrypted."""
        kept = {(person.id, person.samples): self._pictures.get((person.id, person.samples)) for person in people}
        self._pictures = {
            key: gallery.thumbnails(key[0])[0] if image is None else image for key, image in kept.items() if key[1]
        }
        return {person_id: image for (person_id, _), image in self._pictures.items()}

    def _index_of(self, gallery: Gallery, model: str) -> GalleryIndex:
        """The same one as before while nothing changed: whoever recognises with it need not begin anew."""
        now = (model, gallery.changes())
        if self._index is None or self._index[0] != now:
            self._index = (now, gallery.index(model))
        return self._index[1]

    def unlock(self, passphrase: str | None = None) -> None:
        """Opens what is there; nothing is made. Raises GalleryError, PassphraseNeededError, VaultError."""
        with self._lock:
            gallery = self._opened()
            if gallery is not None and gallery.key_source() is not None:
                gallery.unlock(passphrase)

    # --- changes -----------------------------------------------------------------------------------------------------

    def rename(self, person_id: int, name: str) -> None:
        """Raises InputError (name), NameTakenError, GalleryError."""
        with self._lock:
            self._present().rename(person_id, name)

    def merge(self, keep_id: int, gone_id: int) -> None:
        """Both were one person, who keeps the name of the first. Raises GalleryError."""
        with self._lock:
            self._present().merge(keep_id, gone_id)

    def remove(self, person_id: int) -> None:
        """Forgets a person for ever. Raises GalleryError."""
        with self._lock:
            self._pictures = {key: image for key, image in self._pictures.items() if key[0] != person_id}
            self._present().remove(person_id)

    def set_target_age(self, person_id: int, years: float | None) -> None:
        """The age at which this person is shown when recognised; None: like everybody.

        Raises InputError (0 to 100), GalleryError.
        """
        with self._lock:
            self._present().set_target_age(person_id, years)

    def measure_anew(self) -> int:
        """Makes the vectors of other networks anew from the stored pictures, all or none; how many there were.

        Raises GalleryError, VaultError, WeightsError, DeviceError.
        """
        with self._lock:
            embedder = Embedder.load(folder=self._weights, precision="f32")
            try:
                return self._present().reembed(embedder.model, embedder.embed)
            finally:
                embedder.close()

    def erase(self) -> int | None:
        """Forgets everybody and the key, whatever state the file is in; how many there were, None if nobody knows.

        Raises GalleryError, VaultError.
        """
        with self._lock:
            self.close()
            return erase_everything(self._path)

    # --- enrolment ---------------------------------------------------------------------------------------------------

    def prepare(self, passphrase: str | None = None) -> None:
        """Makes sure that what will be taken can be stored, and stores nothing yet.

        passphrase: of the people who are there; where nobody is, one for those to come. Raises GalleryError,
        PassphraseNeededError (there is no keyring: ask, and call again), VaultError, WeightsError (no network).
        """
        with self._lock:
            model_name(self._weights)
            self._prepared = None
            gallery = self._opened()
            if gallery is not None and gallery.key_source() is not None:
                gallery.unlock(passphrase)
            elif passphrase or os.environ.get(PASSPHRASE_VARIABLE) or not keystore.usable():
                self._prepared = Vault.create(passphrase)  # raises where there is neither passphrase nor keyring

    def begin(self, name: str, consent: str, *, adding_to: int | None = None) -> Enrolment:
        """An enrolment before the camera, after ``prepare``; consent: what was agreed to, word for word.

        adding_to: the person who gets more looks; name and consent are theirs. Raises InputError (name),
        EnrolmentError (no consent), GalleryError, VaultError, WeightsError.
        """
        with self._lock:
            gallery = self._opened()
            person = None if adding_to is None else self._present().person(adding_to)
            index = None if gallery is None else gallery.index(model_name(self._weights))
            if person is not None:
                name, consent = person.name, person.consent.text
            thresholds = card_thresholds(self._weights)
            return Enrolment(name, consent, thresholds=thresholds, index=index, adding_to=person)

    def store(self, enrolment: Enrolment, *, into: int | None = None, anyway: bool = False) -> Person:
        """Writes what was taken, all or nothing. into: it was this person, who gets more looks. anyway: as there.

        Raises what ``Enrolment.store`` raises.
        """
        with self._lock:
            gallery = self._writable()
            if into is not None:
                return gallery.add_samples(into, enrolment.samples())
            return enrolment.store(gallery, anyway=anyway)

    def enrol_pictures(
        self,
        name: str,
        pictures: Sequence[str],
        consent: str,
        tell: Tell,
        *,
        add: bool = False,
        anyway: bool = False,
    ) -> Enrolled:
        """Enrols from picture files, and folders of them, after ``prepare``; see engine.recognition.enrol.

        What ``tell`` raises ends it, and nothing is stored.
        """
        from engine.capture.media import pictures_in

        if self._make_engine is None:
            raise InputError("pictures cannot be looked at here: enrol before the camera.")
        files: list[str] = []
        for path in map(Path, pictures):
            files += [str(each) for each in pictures_in(path)] if path.is_dir() else [str(path)]
        engine = self._make_engine()
        with self._lock:
            fresh = not self._place().exists()
            try:
                return enrol_pictures(name, files, consent, engine, self._writable(), add=add, anyway=anyway, tell=tell)
            except BaseException:
                if fresh:
                    self._unmake()
                raise
            finally:
                engine.close()

    # --- the file ----------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Lets go of the file and of the key; the next call opens it again. Twice is safe."""
        with self._lock:
            gallery, self._gallery, self._prepared = self._gallery, None, None
            self._pictures, self._index = {}, None
            if gallery is not None:
                gallery.close()

    def _opened(self) -> Gallery | None:
        """The gallery, None where there is none; opened anew where the file was replaced meanwhile."""
        path = self._place()
        if self._gallery is not None and _identity(path) != self._file:
            self.close()
        if self._gallery is None:
            try:
                self._gallery = Gallery.open(path, create=False)
            except NoGalleryError:
                return None
            self._file = _identity(path)
        return self._gallery

    def _present(self) -> Gallery:
        gallery = self._opened()
        if gallery is None:
            raise NoGalleryError(f"nobody is enrolled: there is no {self._place()}. Enrol somebody first.")
        return gallery

    def _writable(self) -> Gallery:
        """The gallery, made if there is none, with the key that was prepared for it."""
        gallery, prepared = self._opened(), self._prepared
        if gallery is not None and (prepared is None or gallery.key_source() is not None):
            return gallery
        self.close()
        self._gallery = Gallery.open(self._place(), prepared)
        self._file = _identity(self._place())
        return self._gallery

    def _unmake(self) -> None:
        """Takes a gallery away again that was made for somebody who was not enrolled after all."""
        gallery = self._opened()
        if gallery is not None and not gallery.people():
            self.erase()
            for file in (self._place(), *(Path(f"{self._place()}-{part}") for part in ("wal", "shm"))):
                file.unlink(missing_ok=True)

    def _place(self) -> Path:
        return gallery_file() if self._path is None else self._path


def _identity(path: Path) -> tuple[int, int] | None:
    """Tells one file from another that took its name."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _known(person: Person, model: str, picture: Image | None) -> KnownPerson:
    return KnownPerson(
        person.id,
        person.name,
        person.samples,
        person.target_age,
        person.consent.text,
        person.consent.given,
        stale=bool(model and set(person.models) - {model}),
        picture=picture,
    )
