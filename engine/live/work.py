"""One face on its way through one frame: what it is to become, its crop, its patch, and what the screen learns."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from engine.aging.ager import change_gain
from engine.aging.hair_follower import look_around_face
from engine.aging.occlusion import uncovered_mask
from engine.aging.surroundings import Surroundings
from engine.geometry.align import crop_affine, invert, transform, warp_crop
from engine.geometry.growth import Growth
from engine.landmarks.mask import head_mask
from engine.live.follow import Seen
from engine.live.memory import FaceMemory
from engine.settings import SIZES
from engine.types import Affine, AgedPatch, AlignedFace, Face, FloatArray, Frame

AGE_YAW_DEGREES = 50.0
"""The age of a face turned further than this is not estimated."""
_VISIBLE = 0.01  # less than that of a change is less than a grey level: nothing jumps where the network is left out


@dataclass(slots=True, eq=False)
class Work:
    """One face of the present frame; filled in step by step.

    goal: the years asked for, or None for "as you are". source, target: own age and where the glide stands, in years.
    weight 0..1: how much of the change is to be seen; keep_eyes: not between the lids. side_px: of the crop, in pixels
    of the frame. preferred: the goal, where it is what the face's person prefers, else None. cover: what stands before
    the face, see engine.aging.occlusion. facing 0..1: how much of the change its pose allows.
    mask: of the patch, without the weight. around: the surroundings of its crop.
    """

    seen: Seen
    memory: FaceMemory
    landmarks: FloatArray
    mesh: FloatArray | None
    goal: float | None
    source: float = 0.0
    target: float = 0.0
    weight: float = 0.0
    keep_eyes: bool = False
    side_px: float = 0.0
    preferred: float | None = None
    facing: float = 1.0
    cover: FloatArray | None = None
    aligned: AlignedFace | None = None
    to_crop: Affine | None = None
    mask: FloatArray | None = None
    around: Surroundings | None = None

    @property
    def changes(self) -> bool:
        """Whether anything of this face is to be changed."""
        visible = self.mesh is not None and self.weight >= _VISIBLE
        return visible and change_gain(self.source, self.target) > 0

    @property
    def shows_age(self) -> bool:
        """Whether its age can be estimated in this frame."""
        return self.mesh is not None and abs(self.seen.yaw_degrees) <= AGE_YAW_DEGREES

    def align(self, frame: Frame, size: int, *, fixed: bool) -> AlignedFace:
        """Cut the face out, no larger than it is in the frame unless the size was fixed by hand."""
        to_crop = crop_affine(self.landmarks, size)
        self.side_px = size / float(np.hypot(to_crop[0, 0], to_crop[1, 0]))
        own_size = size if fixed else crop_size(self.side_px, size)
        if own_size != size:
            to_crop = crop_affine(self.landmarks, own_size)
        crop = warp_crop(frame.image, to_crop, own_size)
        self.to_crop = to_crop
        self.aligned = AlignedFace(crop, invert(to_crop), self.seen.track_id, frame.index)
        return self.aligned

    def look(self, frame: Frame) -> None:
        """Where the change may be seen (on the head, but for a hand or a cup before it), and what is around it. After
        ``align``.
        """
        assert self.aligned is not None and self.mesh is not None and self.to_crop is not None
        mesh = transform(self.to_crop, self.mesh)
        self.cover = self.memory.occlusion.update(
            self.aligned.crop,
            mesh,
            yaw_degrees=self.seen.yaw_degrees,
            width_px=self.seen.width_px,
            time_ns=frame.captured_ns,
        )
        self.mask = uncovered_mask(head_mask(mesh, self.aligned.size, keep_eyes=self.keep_eyes), self.cover)
        self.around = look_around_face(frame.image, self.aligned)

    def patch(self, fresh: FloatArray, frame: Frame, growth: Growth | None = None) -> AgedPatch:
        """The steadied residual with its mask and how the face moves, after ``look``."""
        assert self.aligned is not None and self.mask is not None
        steady = self.memory.stabiliser.update(fresh, self.aligned.crop, self.target, frame.captured_ns)
        mask = self.mask * np.float32(self.weight) if self.weight < 1 else self.mask
        field = None if growth is None else growth.field(self.source, self.target)
        moves = None if field is None else field * np.float32(self.weight)
        return AgedPatch(steady, mask, self.aligned.to_frame, self.target, frame.index, growth=moves)

    def with_hair(self, patch: AgedPatch, frame: Frame, others: FloatArray) -> AgedPatch:
        """The patch of this frame with the hair around it, after ``patch``; others (N, 4): boxes of other faces."""
        assert self.aligned is not None and self.mesh is not None and self.mask is not None
        assert self.to_crop is not None
        hair = self.memory.hair.update(
            frame.image,
            self.aligned,
            patch.residual,
            self.mask,
            transform(self.to_crop, self.mesh),
            weight=self.weight,
            cover=self.cover,
            others=others,
            around=self.around,
            time_ns=frame.captured_ns,
        )
        return patch if hair is None else replace(patch, hair=hair)

    def face(self, *, aged: bool) -> Face:
        """What the screen needs."""
        return Face(
            box=self.seen.box,
            score=self.seen.score,
            landmarks=self.landmarks,
            mesh=self.mesh,
            track_id=self.seen.track_id,
            age=self.memory.age.shown,
            person=self.memory.identity.person,
            quality=self.memory.quality,
            yaw_degrees=self.seen.yaw_degrees,
            aged=aged,
            target_age=self.target if aged else None,
            preferred_age=self.preferred,
            result=self.memory.outcome.value if aged else None,
        )


def crop_size(side_px: float, largest: int) -> int:
    """The smallest size that shows all of a face whose crop covers this many pixels of the frame, at most ``largest``.

    >>> crop_size(120, 512), crop_size(300, 512), crop_size(900, 384)
    (256, 384, 384)
    """
    return next((size for size in SIZES if size >= min(side_px, largest)), largest)
