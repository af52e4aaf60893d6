"""Drawn heads: an oval face with hair around it on a wall, and what a network might add to them."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from engine.aging.blend import paste
from engine.aging.hair_follower import HairFollower
from engine.geometry.align import WIDE, crop_affine, invert, transform, warp_crop
from engine.landmarks import topology
from engine.landmarks.mask import head_mask
from engine.types import Affine, AgedPatch, AlignedFace, FloatArray, HairSpread, Image

Colour = tuple[int, int, int]
SKIN: Colour = (120, 150, 190)
BLACK: Colour = (30, 32, 34)
LIGHT: Colour = (205, 208, 210)
GREY_HAIR = 70.0  # added to hair, in pixel values


@dataclass(slots=True, eq=False)
class Head:
    """A face ``width`` pixels wide with its middle at ``middle``; all lengths of the hair in face widths.

    hair, wall: colours, hair None: bald; reach: of the hair above the face's middle. greyed: what the network adds to
    hair. size: of the crop; shape: of the frame.
    """

    middle: tuple[float, float] = (320.0, 260.0)
    width: float = 160.0
    hair: Colour | None = BLACK
    wall: Colour = LIGHT
    reach: float = 1.35
    size: int = 256
    shape: tuple[int, int] = (480, 640)
    noise: float = 3.0
    greyed: float = GREY_HAIR
    image: Image = field(init=False)
    hair_area: Image = field(init=False)
    mesh: FloatArray = field(init=False)
    face: AlignedFace = field(init=False)
    mask: FloatArray = field(init=False)
    to_crop: Affine = field(init=False)

    def __post_init__(self) -> None:
        x, y = self.middle
        face_height = 1.18 * self.width
        self.hair_area = np.zeros(self.shape, np.uint8)
        if self.hair is not None:
            axes = (round(0.66 * self.width), round(self.reach * self.width))
            cv2.ellipse(self.hair_area, (round(x), round(y)), axes, 0, 180, 360, (1,), -1)
        oval = np.zeros(self.shape, np.uint8)
        axes = (round(self.width / 2), round(face_height / 2))
        cv2.ellipse(oval, (round(x), round(y)), axes, 0, 0, 360, (1,), -1)
        self.hair_area[oval > 0] = 0
        clean = np.empty((*self.shape, 3), np.float32)
        clean[:] = self.wall
        clean[self.hair_area > 0] = self.hair or SKIN
        clean[oval > 0] = SKIN
        grain = np.random.default_rng(7).normal(0, 1, clean.shape[:2])
        # Strands: hair is rougher than walls.
        clean += (grain * (self.noise + 5.0 * self.hair_area))[..., None]
        self.image = np.clip(clean, 0, 255).astype(np.uint8)
        turn = np.linspace(0, 2 * np.pi, len(topology.FACE_OVAL), endpoint=False)
        mesh = np.tile(np.array([x, y], np.float64), (478, 1))
        outline = np.stack([np.sin(turn) * self.width / 2, -np.cos(turn) * face_height / 2], axis=1)
        mesh[list(topology.FACE_OVAL)] += outline
        self.mesh = mesh.astype(np.float32)
        # The five points lie so that the oval fills the crop as a real face does: 0.6 of its side.
        side = self.width / 0.6
        self.to_crop = crop_affine((WIDE * side + [x - side / 2, y - 0.555 * side]).astype(np.float32), self.size)
        self.face = AlignedFace(warp_crop(self.image, self.to_crop, self.size), invert(self.to_crop), 1, 0)
        self.mask = head_mask(self.mesh_in_crop, self.size)

    @property
    def mesh_in_crop(self) -> FloatArray:
        return transform(self.to_crop, self.mesh)

    @property
    def box(self) -> FloatArray:
        return np.array([*self.mesh.min(axis=0), *self.mesh.max(axis=0)], np.float32)

    def residual(self, where: FloatArray | None = None) -> FloatArray:
        """What the network adds (S, S, 3): more brightness where the hair is, or in ``where`` (H, W) of the frame."""
        area = self.hair_area.astype(np.float32) if where is None else where
        seen = cv2.warpAffine(area, self.to_crop, (self.size, self.size), flags=cv2.INTER_LINEAR)
        return np.asarray(cv2.merge([cv2.GaussianBlur(seen, (0, 0), 2.0) * np.float32(self.greyed)] * 3), np.float32)

    def beyond(self) -> Image:
        """Where the hair is beyond the crop (H, W), not counting its soft edge."""
        inside = cv2.warpAffine(
            np.ones((self.size, self.size), np.uint8), self.face.to_frame, self.shape[::-1], flags=cv2.INTER_NEAREST
        )
        sure = cv2.erode(self.hair_area, np.ones((15, 15), np.uint8))
        return np.asarray(sure * (1 - inside), np.uint8)

    def spread(
        self, follower: HairFollower | None = None, *, residual: FloatArray | None = None, time_ns: int = 0,
        weight: float = 1.0, cover: FloatArray | None = None, others: FloatArray | None = None,
    ) -> HairSpread | None:  # fmt: skip
        residual = self.residual() if residual is None else residual
        return (follower or HairFollower()).update(
            self.image, self.face, residual, self.mask, self.mesh_in_crop,
            weight=weight, cover=cover, others=others, time_ns=time_ns,
        )  # fmt: skip

    def aged(self, spread: HairSpread | None, residual: FloatArray | None = None) -> Image:
        """The frame with the patch and the hair around it."""
        residual = self.residual() if residual is None else residual
        return paste(self.image, [AgedPatch(residual, self.mask, self.face.to_frame, 70.0, 0, spread)])

    def added(self, spread: HairSpread | None, residual: FloatArray | None = None) -> FloatArray:
        """What each pixel of the frame got (H, W, 3), in pixel values."""
        return np.asarray(self.aged(spread, residual).astype(np.float32) - self.image, np.float32)
