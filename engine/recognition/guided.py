"""Guided enrolment before the camera, without a window and without a clock: observations in, hints out.

Look straight, a little to the left, to the right, come closer: of each step the best frame of about a second is kept.
Nothing is looked at before there is consent, and nothing is stored before the end; ``cancel`` forgets everything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

from engine.age.quality import face_quality
from engine.errors import AlreadyKnownError, EnrolmentError
from engine.recognition.enrol import already_known, refuse_stranger, resembles
from engine.recognition.gallery import Gallery
from engine.recognition.gate import HINTS, Limits, Measures, Refusal, refusals
from engine.recognition.identify import Thresholds
from engine.recognition.index import GalleryIndex
from engine.recognition.records import Person, Sample, checked_consent, checked_name
from engine.types import Embedding, Image, Match, checked

BEST_OF_S = 1.0
PATIENCE_S = 8.0
"""A step is left out when good frames came for so long and only its own wish was not met (who cannot turn the head)."""
NEARER = 1.2
_NEAR_SHARE = 0.5  # a face that fills this much of the frame's shorter side need not come closer
_BLINK = 0.6  # of the widest that these eyes were seen open
_SAME_TRACK = 0.6  # of the usual likeness is enough for a face that was followed without a break
_LONGEST_GAP_S = 0.5


class Step(Enum):
    """What the person is asked to do. Left and right are their own."""

    STRAIGHT = "straight"
    LEFT = "left"
    RIGHT = "right"
    CLOSER = "closer"


STEPS = tuple(Step)
INSTRUCTIONS: Mapping[Step, str] = MappingProxyType(
    {
        Step.STRAIGHT: "Look straight into the camera",
        Step.LEFT: "Turn your head a little to the left",
        Step.RIGHT: "Turn your head a little to the right",
        Step.CLOSER: "Look straight again, and come a little closer",
    }
)
TOO_FAR = "Not quite so far"
OTHER_WAY = "The other way, please"
DONE = "Done"
# Yaw is positive towards the right of the picture as the camera sees it, which is the person's own left.
_TURN, _FAR = 10.0, 38.0
LIMITS: Mapping[Step, Limits] = MappingProxyType(
    {
        Step.STRAIGHT: Limits(yaw_degrees=(-12, 12), pitch_degrees=18, roll_degrees=20),
        Step.LEFT: Limits(yaw_degrees=(_TURN, _FAR), pitch_degrees=22, roll_degrees=25),
        Step.RIGHT: Limits(yaw_degrees=(-_FAR, -_TURN), pitch_degrees=22, roll_degrees=25),
        Step.CLOSER: Limits(yaw_degrees=(-15, 15), pitch_degrees=20, roll_degrees=20),
    }
)
_IDEAL_YAW_DEGREES = {Step.STRAIGHT: 0.0, Step.LEFT: 20.0, Step.RIGHT: -20.0, Step.CLOSER: 0.0}


class EnrolmentState(Enum):
    LOOKING = "looking"
    DONE = "done"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, eq=False)
class Observation:
    """One look through the camera while somebody is being enrolled.

    faces: how many are in the foreground. Of the one that is enrolled: measures, crop (112, 112, 3) aligned to ARCFACE,
    embedding and track_id, or None where it is not there or has no mesh. size: (width, height) of the frame in pixels.
    """

    time_ns: int
    faces: int
    size: tuple[int, int]
    measures: Measures | None = None
    crop: Image | None = None
    embedding: Embedding | None = None
    track_id: int | None = None

    def __post_init__(self) -> None:
        if self.crop is not None:
            object.__setattr__(self, "crop", checked("crop", self.crop, (None, None, 3), "uint8"))


@dataclass(frozen=True, slots=True)
class Progress:
    """Where an enrolment stands.

    step: the present one, None at the end. share: of the whole, 0..1. hint: one sentence for the person. refusal: what
    is wrong with the newest frame, None if it is good. taken, skipped: the steps behind us. resembles: somebody who is
    enrolled already and looks like this.
    """

    state: EnrolmentState
    step: Step | None
    share: float
    hint: str
    refusal: Refusal | None = None
    taken: tuple[Step, ...] = ()
    skipped: tuple[Step, ...] = ()
    resembles: Match | None = None


@dataclass(slots=True, eq=False)
class _Candidate:
    score: float
    sample: Sample
    track_id: int | None
    width_px: float


@dataclass(slots=True, eq=False)
class _Phase:
    """What belongs to the present step alone.

    best: the best frame so far; since_ns: when its search began. waited_s: how long good frames did not meet the step's
    own wish; wish_alone: whether the newest frame is one of them. refusal, hint: what is said about the newest frame.
    """

    best: _Candidate | None = None
    since_ns: int | None = None
    share: float = 0.0
    waited_s: float = 0.0
    wish_alone: bool = False
    refusal: Refusal | None = None
    hint: str = ""


class Enrolment:
    """One person's enrolment, from consent to samples. For one thread.

    name, consent: checked at once; consent is what was agreed to, word for word. index: the gallery as it is, to warn
    of somebody who is enrolled already. adding_to: the person who gets more samples. Raises InputError (name) and
    EnrolmentError (no consent).
    """

    def __init__(
        self,
        name: str,
        consent: str,
        *,
        thresholds: Thresholds | None = None,
        index: GalleryIndex | None = None,
        adding_to: Person | None = None,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self.name, self.consent = checked_name(name), checked_consent(consent)
        self._thresholds = thresholds or Thresholds()
        self._index = index
        self._adding_to = adding_to
        self._patience_s = patience_s
        self._state = EnrolmentState.LOOKING
        self._taken: dict[Step, _Candidate] = {}
        self._skipped: list[Step] = []
        self._widest_eyes = 0.0
        self._last_ns: int | None = None
        self._resembles: Match | None = None
        self._now = _Phase()

    @property
    def state(self) -> EnrolmentState:
        return self._state

    @property
    def step(self) -> Step | None:
        """What is asked for now; None when nothing more is."""
        behind = (*self._taken, *self._skipped)
        left = [step for step in STEPS if step not in behind]
        return left[0] if left and self._state is EnrolmentState.LOOKING else None

    @property
    def progress(self) -> Progress:
        """Where it stands after the newest observation."""
        step = self.step
        behind = len(self._taken) + len(self._skipped)
        share = 1.0 if self._state is EnrolmentState.DONE else (behind + self._now.share) / len(STEPS)
        hint = self._now.hint or (INSTRUCTIONS[step] if step is not None else "")
        if self._state is EnrolmentState.DONE:
            hint = DONE
        return Progress(
            self._state, step, share, hint, self._now.refusal, tuple(self._taken), tuple(self._skipped), self._resembles
        )

    @property
    def pictures(self) -> Mapping[Step, Image]:
        """The crop (112, 112, 3) taken at each step so far, to be shown meanwhile; none after ``cancel``."""
        return MappingProxyType({step: one.sample.thumbnail for step, one in self._taken.items()})

    def offer(self, seen: Observation) -> Progress:
        """Looks at one more frame; takes the best of the step when its time is over. After the end nothing changes."""
        step = self.step
        if step is None:
            return self.progress
        passed_s = 0.0 if self._last_ns is None else min((seen.time_ns - self._last_ns) / 1e9, _LONGEST_GAP_S)
        self._last_ns = seen.time_ns
        self._now.refusal = self._judge(seen, step)
        self._now.hint = "" if self._now.refusal is None else self._sentence(self._now.refusal, seen.measures, step)
        if self._now.refusal is None:
            self._consider(seen, step)
        elif self._now.refusal is Refusal.OTHER_PERSON and not self._taken:
            self._now = _Phase(refusal=self._now.refusal, hint=self._now.hint)  # whoever came first was not meant
        elif self._now.wish_alone:
            self._now.waited_s += max(0.0, passed_s)
        if self._now.best is not None and self._now.since_ns is not None:
            self._now.share = min(1.0, (seen.time_ns - self._now.since_ns) / 1e9 / BEST_OF_S)
            if self._now.share >= 1:
                self._take(step, self._now.best)
        elif self._now.waited_s >= self._patience_s:
            self.skip()
        return self.progress

    def skip(self) -> bool:
        """Leaves the present step out. False, and nothing happens, for the first one and after the end."""
        step = self.step
        if step is None or step is Step.STRAIGHT:
            return False
        self._skipped.append(step)
        self._next()
        return True

    def finish(self) -> bool:
        """Ends with what was taken so far. False, and nothing happens, before the first step is done."""
        if self._state is not EnrolmentState.LOOKING or not self._taken:
            return False
        self._skipped += [step for step in STEPS if step not in self._taken and step not in self._skipped]
        self._next()
        return True

    def cancel(self) -> None:
        """Forgets everything that was seen; twice is safe. An enrolment that was stored stays stored."""
        self._state = EnrolmentState.CANCELLED
        self._taken.clear()
        self._skipped.clear()
        self._resembles = None
        self._now = _Phase()

    def samples(self) -> tuple[Sample, ...]:
        """What was taken, at the end. Raises EnrolmentError before it, and after ``cancel``."""
        if self._state is not EnrolmentState.DONE:
            raise EnrolmentError("this enrolment is not finished: nothing was taken.")
        return tuple(candidate.sample for candidate in self._taken.values())

    def store(self, gallery: Gallery, *, anyway: bool = False) -> Person:
        """Writes the person, or the additional samples, into the gallery.

        anyway: although somebody who looks the same is enrolled, or the one who gets them does not look like this.
        Raises EnrolmentError (not finished), AlreadyKnownError, StrangerError, NameTakenError, GalleryError,
        VaultError.
        """
        samples = self.samples()
        if self._resembles is not None and not anyway:
            raise AlreadyKnownError(
                f"{already_known(self._resembles)}: confirm that these are two people.", self._resembles.person
            )
        if self._adding_to is None:
            return gallery.add(self.name, samples, self.consent)
        if self._index is not None and not anyway:
            refuse_stranger(self._adding_to.name, [s.embedding for s in samples], self._index, self._thresholds)
        return gallery.add_samples(self._adding_to.id, samples)

    # --- one frame ---------------------------------------------------------------------------------------------------

    def _judge(self, seen: Observation, step: Step) -> Refusal | None:
        """The first thing that speaks against this frame; notes whether only the step's own wish is not met."""
        self._now.wish_alone = False
        if seen.faces == 0:
            return Refusal.NO_FACE
        if seen.faces > 1:
            return Refusal.SEVERAL_FACES
        measures = seen.measures
        if measures is None or seen.crop is None or seen.embedding is None:
            return Refusal.TURNED
        found = refusals(measures, LIMITS[step])
        others = tuple(each for each in found if each is not Refusal.TURNED)
        if not others and measures.eyes < _BLINK * self._widest_eyes:
            others = (Refusal.EYES_CLOSED,)
        if not others and not self._is_same(seen):
            others = (Refusal.OTHER_PERSON,)
        if others:
            return others[0]
        wish = Refusal.TURNED if found else Refusal.TOO_SMALL if self._is_far(seen, measures, step) else None
        self._now.wish_alone = wish is not None and step is not Step.STRAIGHT
        return wish

    def _is_same(self, seen: Observation) -> bool:
        """Whether this is still the person of the frames before."""
        known = list(self._taken.values()) + ([self._now.best] if self._now.best is not None else [])
        if not known or seen.embedding is None:
            return True
        alike = max(seen.embedding.similarity(one.sample.embedding) for one in known)
        followed = seen.track_id is not None and seen.track_id in {one.track_id for one in known}
        return alike >= self._thresholds.verify * (_SAME_TRACK if followed else 1.0)

    def _is_far(self, seen: Observation, measures: Measures, step: Step) -> bool:
        if step is not Step.CLOSER:
            return False
        before = max(one.width_px for one in self._taken.values())
        return measures.width_px < min(NEARER * before, _NEAR_SHARE * min(seen.size))

    def _sentence(self, refusal: Refusal, measures: Measures | None, step: Step) -> str:
        if refusal is Refusal.TOO_SMALL and step is Step.CLOSER:
            return INSTRUCTIONS[step]
        if refusal is not Refusal.TURNED or measures is None:
            return HINTS[refusal]
        side = {Step.LEFT: 1, Step.RIGHT: -1}.get(step, 0) * measures.yaw_degrees
        if side > _FAR:
            return TOO_FAR
        return OTHER_WAY if side < -_TURN else INSTRUCTIONS[step]

    def _consider(self, seen: Observation, step: Step) -> None:
        """Keeps the frame if it is the best of this step."""
        assert seen.measures is not None and seen.crop is not None and seen.embedding is not None
        if self._now.since_ns is None:
            self._now.since_ns = seen.time_ns
        measures = seen.measures
        off_degrees = abs(measures.yaw_degrees - _IDEAL_YAW_DEGREES[step])
        quality = face_quality(seen.crop, measures.width_px)
        score = quality * (1 - min(1.0, off_degrees / 45)) * (1 - measures.blur / 2)
        self._widest_eyes = max(self._widest_eyes, measures.eyes)
        if self._now.best is None or score > self._now.best.score:
            self._now.best = _Candidate(
                score, Sample(seen.embedding, seen.crop, quality), seen.track_id, measures.width_px
            )  # fmt: skip

    def _take(self, step: Step, best: _Candidate) -> None:
        self._taken[step] = best
        but = self._adding_to.name if self._adding_to is not None else None
        embeddings = [one.sample.embedding for one in self._taken.values()]
        self._resembles = resembles(embeddings, self._index, self._thresholds, but=but)
        self._next()

    def _next(self) -> None:
        self._now = _Phase()
        if len(self._taken) + len(self._skipped) == len(STEPS):
            self._state = EnrolmentState.DONE
