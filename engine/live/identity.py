"""Who the followed faces are: the recogniser's part on the slow worker, and what is remembered of each face."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np

from engine.age.quality import face_quality
from engine.errors import AgeMirrorError, ModelsDifferError
from engine.geometry.align import ARCFACE, crop_affine, warp_crop
from engine.live.follow import Seen
from engine.live.protocol import Chore
from engine.recognition.gate import BACKGROUND_SHARE, measure
from engine.recognition.guided import Observation
from engine.recognition.identify import Searchable, Thresholds
from engine.recognition.votes import TrackVotes
from engine.settings import Settings
from engine.types import Embedding, FloatArray, Frame, Image, Match

log = logging.getLogger(__name__)

MOST_AT_ONCE = 2
OBSERVE_EVERY_S = 0.2
SHOW_EVERY_S = 0.5
MOST_ALIKE = 4
"""How often, for somebody who looks inside, a face is compared, and with how many people it is shown beside."""
YAW_DEGREES = 50.0
"""A face turned further than this is not looked at: a profile says little, and "nobody" least of all."""
# A name is asked for at once, soon again while the votes do not agree, and rarely afterwards.
_UNSURE_EVERY_S = 0.35
_EVERY_S = 4.0


class EmbedderLike(Protocol):
    """What is needed of engine.recognition.embedder.Embedder."""

    @property
    def size(self) -> int: ...

    @property
    def device(self) -> str: ...

    @property
    def model(self) -> str: ...

    def embed(self, crops: Sequence[Image]) -> FloatArray: ...

    def close(self) -> None: ...


class FaceIdentity:
    """What is known of one face's name. The fast worker's; when to ask again is the paint worker's matter."""

    def __init__(self) -> None:
        self._votes: TrackVotes | None = None
        self._people: Searchable | None = None
        self._asked_ns: int | None = None
        self._preferred: float | None = None
        self._dial: tuple[float | None] | None = None  # how the dial stood when the preferred age came into force
        self._overruled: tuple[str, float] | None = None  # whose preferred age the dial ended, and which

    @property
    def person(self) -> Match | None:
        """Who it is, as far as the votes agree."""
        return None if self._votes is None else self._votes.decision

    @property
    def count(self) -> int:
        """How many votes there were; new faces deserve theirs soon."""
        return 0 if self._votes is None else self._votes.count

    @property
    def sure(self) -> bool:
        return self._votes is not None and self._votes.sure

    def meet(self, people: Searchable | None) -> None:
        """The people there are to recognise; when they changed, the votes start anew."""
        if people is not self._people:
            self._people, self._votes, self._asked_ns, self._preferred = people, None, None, None

    def is_due(self, time_ns: int) -> bool:
        """Whether it is time to look again who this is."""
        every_s = _EVERY_S if self.sure else _UNSURE_EVERY_S
        return self._asked_ns is None or time_ns - self._asked_ns >= every_s * 1e9

    def was_asked(self, time_ns: int) -> None:
        self._asked_ns = time_ns

    def vote(self, people: Searchable, best: Match | None, quality: float, thresholds: Thresholds) -> None:
        """One answer of the slow worker; one that was found among other people than those of now is thrown away."""
        if people is not self._people:
            return
        if self._votes is None:
            self._votes = TrackVotes(thresholds)
        before = self._votes.decision
        now = self._votes.vote(best, quality)
        if (before and before.person) != (now and now.person):
            preferred = people.target_age(now.person) if now is not None else None
            overruled = now is not None and self._overruled == (now.person, preferred)
            self._preferred, self._dial = None if overruled else preferred, None

    def follow_dial(self, settings: Settings) -> None:
        """Once a frame: a dial that is turned after the person was recognised ends their preferred age.

        A sweep turns the dial too, but it comes back.
        """
        if settings.sweeping:
            return
        if self._dial is None:
            self._dial = (settings.target_age,)
        elif self._dial != (settings.target_age,) and self._preferred is not None:
            person = self.person
            self._overruled = None if person is None else (person.person, self._preferred)
            self._preferred = None

    def goal(self, track_id: int, settings: Settings) -> float | None:
        """The age asked for: what was set for this face by hand, else what its person prefers, else the common one."""
        if not settings.enabled:
            return None
        preferred = self.preferred(track_id, settings)
        return settings.target_for(track_id) if preferred is None else preferred

    def preferred(self, track_id: int, settings: Settings) -> float | None:
        """The age that its person prefers, while it is in force; None: the dial or a hand decides."""
        by_hand = any(track == track_id for track, _ in settings.face_targets)
        turned = self._dial is not None and self._dial != (settings.target_age,)
        if self._preferred is None or by_hand or turned or settings.sweeping or not settings.enabled:
            return None
        return self._preferred


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A face of the present frame, as the recogniser needs it."""

    seen: Seen
    landmarks: FloatArray
    identity: FaceIdentity

    @property
    def can_be_known(self) -> bool:
        return self.seen.mesh is not None and abs(self.seen.yaw_degrees) <= YAW_DEGREES


@dataclass(frozen=True, slots=True)
class _Answer:
    track_id: int
    people: Searchable
    best: Match | None
    quality: float


class Recogniser:
    """Looks at due faces on the slow worker. The network is loaded there when it is first needed, and only then.

    load: makes the embedder, or None where there is none, and ``why``. With nobody to recognise and nobody to enrol
    nothing is computed. A network that does not run costs the names and not the picture.
    """

    def __init__(
        self, load: Callable[[], EmbedderLike] | None, thresholds: Thresholds | None = None, *, why: str = ""
    ) -> None:
        self.thresholds = thresholds or Thresholds()
        self._broken = "" if load is not None else why or "there is no network to recognise faces with."
        self._mismatch = ""
        self._load = load
        self._embedder: EmbedderLike | None = None
        self._lock = threading.Lock()  # between loading and closing
        self._people: Searchable | None = None
        self._watching: tuple[int | None] | None = None  # (track id, or None for the largest face)
        self._observation: Observation | None = None
        self._observed_ns: int | None = None
        self._answers: deque[_Answer] = deque()
        self._inside = False
        self._likeness: tuple[int, tuple[Match, ...]] | None = None
        self._shown_ns: int | None = None
        self._spent_ms: float | None = None

    # --- from any thread ---------------------------------------------------------------------------------------------

    def know(self, people: Searchable | None) -> None:
        """Recognise these people from the next frame on; None or nobody: no names."""
        self._mismatch = ""
        self._people = people if people is not None and len(people) else None

    def watch(self, on: bool, track_id: int | None = None) -> None:
        """Begin or end to observe one face for an enrolment: this one, or the largest."""
        self._watching = (track_id,) if on else None
        self._observation = None
        self._observed_ns = None

    def look_inside(self, on: bool) -> None:
        """Begin or end to compare the largest face with everybody, for somebody who looks inside."""
        self._inside, self._likeness, self._shown_ns = on, None, None

    def likeness(self, track_id: int) -> tuple[Match, ...] | None:
        """Whom this face is most like, best first; None while nobody has looked."""
        found = self._likeness
        return found[1] if found is not None and found[0] == track_id else None

    @property
    def problem(self) -> str:
        """Why nobody is recognised although it was asked for; empty while there is no reason."""
        return self._broken or self._mismatch

    def observation(self) -> Observation | None:
        """The newest one since watching began."""
        return self._observation

    @property
    def device(self) -> str | None:
        """Where the network runs, once it was needed."""
        embedder = self._embedder
        return None if embedder is None else embedder.device

    def close(self) -> None:
        """Lets go of the network; twice is safe."""
        with self._lock:
            embedder, self._embedder, self._load = self._embedder, None, None
        if embedder is not None:
            embedder.close()

    # --- the fast worker's part; ``chore`` is the paint worker's ------------------------------------------------------

    @property
    def people(self) -> Searchable | None:
        return self._people if not self.problem else None

    def take_in(self, find: Callable[[int], FaceIdentity | None]) -> float | None:
        """Hands the answers out to their faces; what the newest look took in ms, if there was one."""
        while self._answers:
            answer = self._answers.popleft()
            identity = find(answer.track_id)
            if identity is not None:
                identity.vote(answer.people, answer.best, answer.quality, self.thresholds)
        spent_ms, self._spent_ms = self._spent_ms, None
        return spent_ms

    def settled(self, candidates: Sequence[Candidate]) -> bool:
        """Whether another look at the same picture would tell nothing new."""
        if self._watching is not None and not self._broken:
            return False
        return self.people is None or all(one.identity.sure for one in candidates if one.can_be_known)

    def chore(self, frame: Frame, candidates: Sequence[Candidate]) -> Chore | None:
        """Looking at the faces that are due, in this frame; None where there is nothing to do."""
        if self._broken:
            return None
        now_ns, people = frame.captured_ns, self.people
        due: list[Candidate] = []
        if people is not None:
            due = [one for one in candidates if one.can_be_known and one.identity.is_due(now_ns)]
            due = sorted(due, key=lambda one: one.identity.count)[:MOST_AT_ONCE]
            for one in due:
                one.identity.was_asked(now_ns)
        observing = self._watching is not None and (
            self._observed_ns is None or now_ns - self._observed_ns >= OBSERVE_EVERY_S * 1e9
        )
        if observing:
            self._observed_ns = now_ns
        shown = self._to_show(now_ns, candidates) if self._inside and people is not None else None
        if not due and not observing and shown is None:
            return None
        watched = self._watching if observing else None
        return partial(self._look, frame, tuple(candidates), tuple(due), people, watched, shown)

    def _to_show(self, now_ns: int, candidates: Sequence[Candidate]) -> Candidate | None:
        """The largest face, where it is time to compare it again."""
        if self._shown_ns is not None and 0 <= now_ns - self._shown_ns < SHOW_EVERY_S * 1e9:
            return None
        shown = next((one for one in candidates if one.can_be_known), None)
        self._shown_ns = now_ns if shown is not None else None
        return shown

    def reset(self) -> None:
        """Another source begins."""
        self._answers.clear()
        self._observation = None
        self._observed_ns = None
        self._likeness, self._shown_ns = None, None

    # --- the slow worker's part --------------------------------------------------------------------------------------

    def _look(
        self,
        frame: Frame,
        candidates: tuple[Candidate, ...],
        due: tuple[Candidate, ...],
        people: Searchable | None,
        watched: tuple[int | None] | None,
        shown: Candidate | None = None,
    ) -> None:
        begin = time.perf_counter()
        try:
            embedder = self._loaded()
            if embedder is None:
                return
            if people is not None and due:
                self._answer(embedder, frame, due, people)
            if people is not None and shown is not None:
                vector = embedder.embed([_crop(frame, shown, embedder.size)])[0]
                nearest = people.nearest(Embedding(vector, embedder.model), MOST_ALIKE)
                self._likeness = (shown.seen.track_id, nearest)
            if watched is not None:
                made = observe(embedder, frame, candidates, watched[0])
                if self._watching == watched:
                    self._observation = made
        except ModelsDifferError:
            self._mismatch = "the people were enrolled with another network: enrol them again, or renew their samples."
            log.warning("nobody is recognised: %s", self._mismatch)
        except AgeMirrorError as error:
            self._broken = str(error)
            log.warning("nobody is recognised: %s", error)
        self._spent_ms = 1e3 * (time.perf_counter() - begin)

    def _answer(
        self, embedder: EmbedderLike, frame: Frame, due: tuple[Candidate, ...], people: Searchable
    ) -> None:  # fmt: skip
        crops = [_crop(frame, one, embedder.size) for one in due]
        for one, crop, vector in zip(due, crops, embedder.embed(crops), strict=True):
            best = people.search(Embedding(vector, embedder.model))
            quality = face_quality(crop, one.seen.width_px, one.seen.yaw_degrees)
            self._answers.append(_Answer(one.seen.track_id, people, best, quality))

    def embedder(self) -> EmbedderLike | None:
        """The network for the slow worker, loaded when it is first asked for; None where there is none that runs."""
        try:
            return self._loaded() if not self._broken else None
        except AgeMirrorError as error:
            self._broken = str(error)
            return None

    def _loaded(self) -> EmbedderLike | None:
        with self._lock:
            if self._embedder is None and self._load is not None:
                self._embedder = self._load()
            return self._embedder


def observe(embedder: EmbedderLike, frame: Frame, candidates: Sequence[Candidate], track_id: int | None) -> Observation:
    """One look for an enrolment: at the face of this track, else the largest, and how many there are in front."""
    height, width = frame.image.shape[:2]
    widest = max((one.seen.width_px for one in candidates), default=0.0)
    front = [one for one in candidates if one.seen.width_px > BACKGROUND_SHARE * widest]
    chosen = [one for one in front if one.seen.track_id == track_id] or front[:1]
    if not chosen or chosen[0].seen.mesh is None:
        return Observation(frame.captured_ns, len(front), (width, height))
    one = chosen[0]
    crop = _crop(frame, one, embedder.size)
    mesh = np.asarray(one.seen.mesh, np.float32)
    return Observation(
        time_ns=frame.captured_ns,
        faces=len(front),
        size=(width, height),
        measures=measure(one.seen.box, mesh, crop, (width, height)),
        crop=crop,
        embedding=Embedding(embedder.embed([crop])[0], embedder.model),
        track_id=one.seen.track_id,
    )


def _crop(frame: Frame, one: Candidate, size: int) -> Image:
    return warp_crop(frame.image, crop_affine(one.landmarks, size, ARCFACE), size)
