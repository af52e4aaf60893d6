"""One frame in, one result out: follow the faces, age the largest ones, paste them back."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Protocol

import numpy as np

from engine.age.quality import face_quality
from engine.aging.ager import Each, in_turn
from engine.aging.blend import paste
from engine.geometry.align import crop_affine, warp_crop
from engine.geometry.growth import Growth
from engine.live.follow import FaceFollower, Seen
from engine.live.hands import Hands
from engine.live.identity import Candidate, Recogniser
from engine.live.inside import Inside, Sighting, Tap, look_at, shrunk
from engine.live.memory import FaceMemory, Memories
from engine.live.meter import OutputMeter
from engine.live.protocol import Chore, Pace, Painting
from engine.live.quality import QualityLadder, Sample
from engine.live.restyle import Restyler
from engine.live.sketch import Sketch
from engine.live.stages import Stages
from engine.live.work import Work
from engine.recognition.guided import Observation
from engine.recognition.identify import Searchable
from engine.settings import Settings
from engine.types import AgedPatch, AgeEstimate, AlignedFace, FloatArray, Frame, FrameResult, Image

MOST_AGED = 4
"""Faces aged in one frame, so that a crowd stays live."""
MOST_AGES_AT_ONCE = 2
# A face aged in the last frame counts as this much larger, so that two of like size do not take turns.
_KEPT_RANK = 1.25
_SAME_PICTURES = 10
_SCALED_STAGES = ("align", "stabilise")  # not the ager: its network sees crops of all sizes at one


class AgerLike(Protocol):
    """What is needed of engine.aging.ager.Ager."""

    @property
    def device(self) -> str: ...

    def residuals(
        self,
        faces: Sequence[AlignedFace],
        source_ages: Sequence[float],
        target_ages: Sequence[float],
        *,
        each: Each = in_turn,
    ) -> FloatArray: ...

    def close(self) -> None: ...


class EstimatorLike(Protocol):
    """What is needed of engine.age.estimator.AgeEstimator."""

    @property
    def size(self) -> int: ...

    @property
    def device(self) -> str: ...

    def estimate(self, crops: Sequence[Image]) -> tuple[AgeEstimate, ...]: ...

    def close(self) -> None: ...


class LivePipeline:
    """The mirror's picture. ``begin`` belongs to one thread; what it gives, and ``chore``, to one thread as well, which
    may be another and work at the same time; the chores themselves to a third.

    recogniser: gives faces names; without it nobody has one. restyler: paints the finished picture. growth: gives
    children a child's proportions; without it faces keep their shape. only_person: change this person's face and no
    other. hands: how many faces are worked on at once.
    """

    def __init__(
        self,
        follower: FaceFollower,
        ager: AgerLike,
        estimator: EstimatorLike,
        *,
        recogniser: Recogniser | None = None,
        restyler: Restyler | None = None,
        growth: Growth | None = None,
        only_person: str | None = None,
        most_aged: int = MOST_AGED,
        hands: Hands | None = None,
    ) -> None:
        self._follower = follower
        self._ager = ager
        self._estimator = estimator
        self._recogniser = recogniser or Recogniser(None)
        self._restyler = restyler or Restyler()
        self._growth = growth
        self._meter = OutputMeter(estimator, self._recogniser.embedder)
        self._only_person = only_person
        self._most_aged = most_aged
        self._hands = hands or Hands()
        self._ladder = QualityLadder()
        self._memories = Memories()
        self._age_ms: float | None = None
        self._picture: Image | None = None
        self._same_pictures = 0
        self._seen: tuple[Seen, ...] = ()
        self._works: list[Work] = []
        self._frame: Frame | None = None
        self._tap = Tap()
        self._sighting: tuple[Sighting, Sighting] | None = None  # as it was, and small

    @property
    def devices(self) -> Mapping[str, str]:
        found = {"ager": self._ager.device, "age": self._estimator.device}
        later = {"embedder": self._recogniser.device, "style": self._restyler.device}
        return found | {name: device for name, device in later.items() if device is not None}

    def process(self, frame: Frame, settings: Settings, pace: Pace) -> FrameResult:
        """Both halves of a frame, one after the other."""
        return self.begin(frame, settings, pace)()

    def begin(self, frame: Frame, settings: Settings, pace: Pace) -> Painting:
        """The first half of a frame: the faces, what each is to become, its crop. Gives the second."""
        stages = Stages()
        stages.add("wait", max(0.0, (time.monotonic_ns() - frame.captured_ns) / 1e6))
        self._take_in(stages)
        self._follower.look_inside(self._tap.on)
        now_ns = frame.captured_ns
        self._seen = self._observed(frame, stages)
        works = [self._prepared(seen, settings, now_ns) for seen in self._seen]
        self._memories.forget(now_ns)
        chosen = self._chosen(works)
        for work in works:
            work.memory.aged = work in chosen
        size = settings.size or self._ladder.size
        faces = self._aligned(chosen, frame, size, bool(settings.size), stages)
        shown = tuple(work.face(aged=work in chosen) for work in works)
        sketch = Sketch(frame, settings, pace, stages, size, works, chosen, faces, shown, self._follower.sighting)
        stages.rest()
        return partial(self._painted, sketch)

    def _painted(self, sketch: Sketch) -> FrameResult:
        """The second half: the changes of the chosen faces, and the picture with them."""
        frame, settings, stages = sketch.frame, sketch.settings, sketch.stages
        stages.resume()
        patches = self._patches(sketch)
        aged = self._pasted(frame.image, patches, stages)
        self._works, self._frame = sketch.works, frame
        self._meter.see(frame, aged, sketch.chosen, on=settings.meter)
        picture = self._restyler.paint(aged, settings.style, stages)
        if sketch.chosen and not settings.size:
            self._judge(sketch)
        if self._tap.due(frame.captured_ns):
            self._look_inside(sketch, aged, patches)
        elif not self._tap.on:
            self._sighting = None
        return FrameResult(frame, picture, sketch.shown, stages.done(), sketch.size)

    def settled(self, settings: Settings) -> bool:
        """True when the same picture would come out again: everything followed, known and arrived."""
        if self._same_pictures < _SAME_PICTURES or self._tap.owes or not self._restyler.settled(settings.style):
            return False
        named = self._recogniser.settled(self._candidates()) and self._meter.settled
        return named and all(self._is_settled(work, settings) for work in self._works)

    def chore(self) -> Chore | None:
        """The ages and the names that are due, from the newest frame, and the style network's loading."""
        if self._frame is None:
            return None
        parts = [
            self._age_chore(), self._recogniser.chore(self._frame, self._candidates()), self._restyler.chore(),
            self._meter.chore(),
        ]  # fmt: skip
        found = [part for part in parts if part is not None]
        return partial(_one_after_the_other, found) if found else None

    def know(self, people: Searchable | None) -> None:
        self._recogniser.know(people)

    def watch(self, on: bool, track_id: int | None = None) -> None:
        self._recogniser.watch(on, track_id)

    def observation(self) -> Observation | None:
        return self._recogniser.observation()

    def look_inside(self, on: bool) -> None:
        if on:
            self._tap.open()
        else:
            self._tap.shut()
        self._recogniser.look_inside(on)

    def inside(self) -> Inside | None:
        return self._tap.latest()

    @property
    def style_problem(self) -> Exception | None:
        return self._restyler.problem

    @property
    def names_problem(self) -> str:
        return self._recogniser.problem

    def _age_chore(self) -> Chore | None:
        frame, now_ns = self._frame, self._frame.captured_ns if self._frame is not None else 0
        due = [work for work in self._works if work.shows_age and work.memory.age_is_due(now_ns)]
        if frame is None or not due:
            return None
        due.sort(key=lambda work: work.memory.age.count)
        due = due[:MOST_AGES_AT_ONCE]
        for work in due:
            work.memory.age_was_asked(now_ns)
        size = self._estimator.size
        crops = [warp_crop(frame.image, crop_affine(work.landmarks, size), size) for work in due]
        facts = [(work.seen.track_id, work.seen.width_px, work.seen.yaw_degrees) for work in due]
        return partial(self._estimate, crops, facts)

    def reset(self) -> None:
        self._follower.reset()
        self._memories.clear()
        self._recogniser.reset()
        self._restyler.reset()
        self._meter.reset()
        self._tap.forget()
        self._sighting = None
        self._seen, self._works, self._frame = (), [], None
        self._picture, self._same_pictures = None, 0

    def close(self) -> None:
        self._follower.close()
        self._ager.close()
        self._estimator.close()
        self._recogniser.close()
        self._restyler.close()
        self._hands.close()

    # --- the steps of a frame, in order -----------------------------------------------------------------------------

    def _take_in(self, stages: Stages) -> None:
        self._memories.take_in()
        self._meter.take_in(self._memories.outcome_of)
        spent_ms, self._age_ms = self._age_ms, None
        if spent_ms is not None:
            stages.add("age", spent_ms)
        named_ms = self._recogniser.take_in(self._memories.identity_of)
        if named_ms is not None:
            stages.add("name", named_ms)

    def _observed(self, frame: Frame, stages: Stages) -> tuple[Seen, ...]:
        """The faces; in a picture that stands still, after some looks, those that were found before."""
        same = self._picture is not None and _is_same(self._picture, frame.image)
        same = same and not self._tap.just_opened()  # a picture that stands still is looked at once more
        self._same_pictures = self._same_pictures + 1 if same else 0
        self._picture = frame.image
        if self._same_pictures > _SAME_PICTURES:
            return self._seen
        return self._follower.follow(frame.image, frame.captured_ns, stages)

    def _prepared(self, seen: Seen, settings: Settings, now_ns: int) -> Work:
        memory = self._memories.of(seen.track_id, now_ns)
        memory.identity.meet(self._recogniser.people)
        memory.identity.follow_dial(settings)
        goal = self._goal(seen, memory, settings)
        if seen.mesh is None:
            return Work(seen, memory, seen.landmarks, None, goal)
        mesh, landmarks = memory.smooth(seen.mesh, seen.width_px, now_ns)
        work = Work(seen, memory, landmarks, mesh, goal)
        if self._only_person is None:
            work.preferred = memory.identity.preferred(seen.track_id, settings)
        own = memory.age.value
        if own is not None:
            work.source = own.years
            work.target = memory.glide.step(own.years if goal is None else goal, own.years, now_ns)
            work.facing = memory.facing(seen.yaw_degrees, now_ns)
            work.weight = settings.strength * work.facing
            work.keep_eyes = settings.keep_eyes
        return work

    def _goal(self, seen: Seen, memory: FaceMemory, settings: Settings) -> float | None:
        """The age this face is to be shown at; None: as it is."""
        person = memory.identity.person
        if self._only_person is not None and (person is None or person.person != self._only_person):
            return None
        return memory.identity.goal(seen.track_id, settings)

    def _candidates(self) -> tuple[Candidate, ...]:
        return tuple(Candidate(work.seen, work.landmarks, work.memory.identity) for work in self._works)

    def _chosen(self, works: list[Work]) -> list[Work]:
        """The faces to age in this frame: those that change, the largest first."""
        ready = [work for work in works if work.changes]
        ready.sort(key=lambda work: -work.seen.area_px * (_KEPT_RANK if work.memory.aged else 1.0))
        return ready[: self._most_aged]

    def _aligned(self, chosen: list[Work], frame: Frame, size: int, fixed: bool, stages: Stages) -> list[AlignedFace]:
        with stages("align"):
            # In turn: half a millisecond each, which is less than handing them out costs.
            return [work.align(frame, size, fixed=fixed) for work in chosen]

    def _patches(self, sketch: Sketch) -> list[AgedPatch]:
        """One patch a face; the network is asked once for all faces of one size."""
        patches, frame, stages = [], sketch.frame, sketch.stages
        looked = self._hands.beside(lambda work: work.look(frame), sketch.chosen)
        for size in sorted({face.size for face in sketch.faces}):
            group = [both for both in zip(sketch.chosen, sketch.faces, strict=True) if both[1].size == size]
            works = [work for work, _ in group]
            with stages("ager"):
                own, goals = [work.source for work in works], [self._painted_age(work) for work in works]
                residuals = self._ager.residuals([face for _, face in group], own, goals, each=self._hands)
            with stages("cover"):
                looked()
            with stages("stabilise"):
                asked = list(zip(works, residuals, strict=True))
                plain = self._hands(lambda one: one[0].patch(one[1], frame, self._growth), asked)
            with stages("hair"):
                made = list(zip(works, plain, strict=True))
                patches += self._hands(lambda one: one[0].with_hair(one[1], frame, sketch.boxes_beside(one[0])), made)
        return patches

    def _pasted(self, image: Image, patches: list[AgedPatch], stages: Stages) -> Image:
        """The picture with the patches on it; the picture itself without any."""
        if not patches:
            return image
        with stages("blend"):
            return paste(image, patches, beside=self._hands.beside)

    def _painted_age(self, work: Work) -> float:
        """What the network is asked for, in years."""
        return work.target if self._growth is None else self._growth.painted_age(work.source, work.target)

    def _judge(self, sketch: Sketch) -> None:
        sample = Sample(
            at_ns=sketch.frame.captured_ns,
            busy_ms=sketch.stages.elapsed_ms,
            scaled_ms=sketch.stages.total(*_SCALED_STAGES),
            period_ms=sketch.pace.period_ms,
            latency_ms=sketch.pace.latency_ms,
            useful_px=max(work.side_px for work in sketch.chosen),
        )
        self._ladder.observe(sample, sketch.settings.latency_target_ms)

    def _look_inside(self, sketch: Sketch, aged: Image, patches: list[AgedPatch]) -> None:
        """Lay the stages of the largest face down for whoever looks."""
        frame, works, sighting = sketch.frame, sketch.works, sketch.sighting
        people, found, whole = self._recogniser.people, None, True
        if sighting is not None and (self._sighting is None or self._sighting[0] is not sighting):
            self._sighting = (sighting, shrunk(sighting))
        if works:
            work, track_id = works[0], works[0].seen.track_id
            own = work.aligned.to_frame if work.aligned is not None else None
            patch = next((each for each in patches if own is not None and np.array_equal(each.to_frame, own)), None)
            likeness = self._recogniser.likeness(track_id)
            found = look_at(work, frame, aged, patch, self._tap, likeness)
            guessed = not work.shows_age or track_id in self._tap.distributions
            compared = people is None or likeness is not None or not self._candidates()[0].can_be_known
            whole = guessed and compared
        seen = None if self._sighting is None else self._sighting[1]
        identify, samples = self._recogniser.thresholds.identify, 0 if people is None else len(people)
        self._tap.put(Inside(frame.index, frame.captured_ns, seen, found, len(works), samples, identify), whole=whole)

    # --- the slow worker's part -------------------------------------------------------------------------------------

    def _estimate(self, crops: list[Image], facts: list[tuple[int, float, float]]) -> None:
        begin = time.perf_counter()
        estimates = self._estimator.estimate(crops)
        qualities = [face_quality(crop, width, yaw) for crop, (_, width, yaw) in zip(crops, facts, strict=True)]
        self._memories.learn([track_id for track_id, _, _ in facts], estimates, qualities)
        if self._tap.on:
            guesses = {fact[0]: estimate.distribution for fact, estimate in zip(facts, estimates, strict=True)}
            self._tap.learn(guesses)
        self._age_ms = 1e3 * (time.perf_counter() - begin)

    def _is_settled(self, work: Work, settings: Settings) -> bool:
        own = work.memory.age.value
        if not settings.enabled and not work.memory.aged:
            return True
        if own is None:
            return not work.shows_age
        goal = self._goal(work.seen, work.memory, settings)
        if work.keep_eyes != settings.keep_eyes or work.weight != settings.strength * work.facing:
            return False
        if not work.memory.hair.settled:
            return False
        return work.goal == goal and work.target == (own.years if goal is None else goal)


def _one_after_the_other(chores: Sequence[Chore]) -> None:
    for chore in chores:
        chore()


def _is_same(a: Image, b: Image) -> bool:
    """Whether two frames share one picture in memory, as the frames of a still picture do."""
    return a.shape == b.shape and bool(a.__array_interface__["data"][0] == b.__array_interface__["data"][0])
