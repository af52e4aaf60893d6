"""The face engine for single pictures: what scripts and the command line use.

engine = FaceEngine()
faces = engine.analyze(image)                # tuple[Face, ...], largest first
older = engine.age(image, target_age=70)     # a new picture of the same size
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.age.quality import face_quality
from engine.aging.blend import paste
from engine.aging.hair_follower import HairFollower
from engine.errors import SettingsError, WeightsError
from engine.geometry.align import ARCFACE, WIDE, crop_affine, invert, transform, warp_crop
from engine.landmarks.faces import FoundFace, find_faces
from engine.landmarks.mask import head_mask
from engine.landmarks.pose import frontal_weight, yaw_degrees
from engine.paths import gallery_file
from engine.settings import AGE_RANGE_YEARS, SIZES
from engine.types import AgedPatch, AgeEstimate, AlignedFace, Embedding, Face, FloatArray, Image, checked

if TYPE_CHECKING:
    from engine.age.estimator import AgeEstimator
    from engine.aging.ager import Ager
    from engine.detection.protocol import FaceDetector
    from engine.geometry.growth import Growth
    from engine.landmarks.mesh import FaceMesher
    from engine.recognition.embedder import Embedder
    from engine.recognition.identify import Searchable, Thresholds
    from engine.recognition.known import KnownPeople


class FaceEngine:
    """Finds, describes and ages the faces of single pictures. Networks are loaded when first needed.

    Everything is computed in the network's full precision on the CPU, so the same picture gives the same numbers on
    every start. device: "auto", "cpu", "cuda" or "mps". weights: the folder of the networks (default: those that
    ship). detector: "mediapipe", "anchor" (our own) or "both". For one thread at a time; close() frees what it holds.
    """

    def __init__(self, device: str = "auto", *, weights: Path | None = None, detector: str = "mediapipe") -> None:
        self._device = device
        self._detector_choice = detector
        self._weights = weights
        self._people: Searchable | None = None

    def analyze(self, image: Image, *, embeddings: bool = False) -> tuple[Face, ...]:
        """The faces of an image (H, W, 3) uint8 BGR, largest first, with landmarks, mesh, age, quality and yaw.

        Faces of people who are enrolled have their name, as far as the gallery opens without asking. embeddings: each
        face has its vector too, from its crop and that one's mirror image.

        Raises ValueError for another shape or type, WeightsError and DeviceError if a network cannot run.
        """
        image = _checked_image(image)
        found = find_faces(image, self._detector, self._mesher)
        if not found:
            return ()
        crops = [_crop(image, face.landmarks, self._estimator.size) for face in found]
        ages = self._estimator.estimate_still(image, [face.landmarks for face in found])
        faces = tuple(_face(face, age, crop) for face, age, crop in zip(found, ages, crops, strict=True))
        return self._recognised(image, faces, embeddings)

    def find(self, image: Image) -> tuple[Face, ...]:
        """The faces as ``analyze`` finds them, without age and quality: no network of ours is needed."""
        image = _checked_image(image)
        found = find_faces(image, self._detector, self._mesher)
        return tuple(_face(face) for face in found)

    def age(
        self,
        image: Image,
        target_age: float,
        *,
        source_age: float | None = None,
        faces: Sequence[Face] | None = None,
        size: int | None = None,
        strength: float = 1.0,
    ) -> Image:
        """A new picture (H, W, 3) with the faces made to look ``target_age`` years old.

        source_age: how old they look now, instead of what the age network says. faces: only these, as ``analyze``
        gave them for this picture; default all. size: side of the aligned crop, 256, 384 or 512; default by the size
        of each face. strength: 0..1 of the change. Outside faces and hair, and the crops of faces whose shape grows
        (children's), the picture stays bit-equal; faces without a mesh (covered) or turned far away stay as they are,
        and between 45 and 55 degrees the change fades.

        Raises ValueError for a wrong image, SettingsError for an age, size or strength out of range, WeightsError and
        DeviceError if a network cannot run.
        """
        image = _checked_image(image)
        check_age("target age", target_age)
        if source_age is not None:
            check_age("source age", source_age)
        if size is not None and size not in SIZES:
            raise SettingsError(f"size {size} is not offered: choose 256, 384 or 512.")
        if not 0 <= strength <= 1:
            raise SettingsError(f"strength {strength:g} is out of range: give 0 to 1.")
        if faces is None:
            faces = self.analyze(image) if source_age is None else self.find(image)
        patches = [self._patch(image, face, target_age, source_age, size, strength, faces) for face in faces]
        result = paste(image, [patch for patch in patches if patch is not None], fine=True)
        return result.copy() if result is image else result

    def embed(self, crops: NDArray[np.uint8]) -> FloatArray:
        """Unit rows (N, D) of crops (N, 112, 112, 3) uint8 BGR, aligned to geometry.align.ARCFACE.

        Raises ValueError for another size, WeightsError and DeviceError if the network cannot run.
        """
        return self._embedder.embed(crops)

    def embedding(self, crop: Image) -> Embedding:
        """Of one aligned crop (112, 112, 3) and its mirror image: what ``analyze`` gives, and what is enrolled."""
        return self._embedder.embedding_of_still(crop)

    @property
    def model(self) -> str:
        """Names the weights that make the embeddings. Raises WeightsError if there are none."""
        from engine.recognition.embedder import model_name

        return model_name(self._weights)

    @property
    def thresholds(self) -> Thresholds:
        """From when on faces are alike enough, as the embedder's card says."""
        return self._embedder.thresholds

    def know(self, people: Searchable | None) -> None:
        """Recognise these people from now on, instead of those whom the user's gallery holds; None: those again."""
        self._people = people

    @property
    def devices(self) -> dict[str, str]:
        """Where each network that was needed so far runs."""
        names = {"age": "_estimator", "ager": "_ager", "embedder": "_embedder"}
        loaded = {name: self.__dict__.get(attribute) for name, attribute in names.items()}
        return {name: network.device for name, network in loaded.items() if network is not None}

    def close(self) -> None:
        """Frees networks and models; twice is safe, and using the engine again loads them again."""
        for name in ("_detector", "_mesher", "_estimator", "_ager", "_embedder"):
            part = self.__dict__.pop(name, None)
            if part is not None:
                part.close()

    @cached_property
    def _detector(self) -> FaceDetector:
        from engine.detection.choice import make_detector
        from engine.detection.mediapipe_faces import Effort

        choice, device = self._detector_choice, self._device
        return make_detector(choice, Effort.THOROUGH, device=device, weights=self._weights, precision="f32")

    @cached_property
    def _mesher(self) -> FaceMesher:
        from engine.landmarks.mesh import FaceMesher

        return FaceMesher()

    @cached_property
    def _estimator(self) -> AgeEstimator:
        from engine.age.estimator import AgeEstimator

        return AgeEstimator.load(self._device, folder=self._weights, precision="f32")

    @cached_property
    def _ager(self) -> Ager:
        from engine.aging.ager import Ager

        return Ager.load(self._device, folder=self._weights, precision="f32")

    @cached_property
    def _growth(self) -> Growth | None:
        from engine.weights.growth import load_growth

        return load_growth(self._weights)

    @cached_property
    def _embedder(self) -> Embedder:
        from engine.recognition.embedder import Embedder

        return Embedder.load(self._device, folder=self._weights, precision="f32")

    @cached_property
    def _gallery(self) -> KnownPeople:
        from engine.recognition.known import KnownPeople

        return KnownPeople(self.model)

    def _known(self) -> Searchable | None:
        """Who may be recognised, or None: nobody, or it cannot be done here."""
        if self._people is not None:
            return self._people if len(self._people) else None
        if not gallery_file().exists():
            return None
        try:
            index = self._gallery.index()
        except WeightsError:
            return None
        return index if index is not None and len(index) else None

    def _recognised(self, image: Image, faces: tuple[Face, ...], embeddings: bool) -> tuple[Face, ...]:
        """The faces with their names, and with their vectors if asked for. Without both nothing is computed."""
        from engine.recognition.identify import identify

        people = self._known()
        if people is None and not embeddings:
            return faces
        crops = [_crop(image, face.landmarks, self._embedder.size, ARCFACE) for face in faces]
        vectors = self._embedder.embed_still(crops)
        told = []
        for face, vector in zip(faces, vectors, strict=True):
            known = Embedding(vector, self._embedder.model)
            person = None if people is None else identify(known, people, self.thresholds.identify)
            told.append(replace(face, person=person, embedding=vector if embeddings else None))
        return tuple(told)

    def _patch(
        self, image: Image, face: Face, target: float, source: float | None, size: int | None, strength: float,
        faces: Sequence[Face],
    ) -> AgedPatch | None:  # fmt: skip
        """What to add at this face, or None if it has no mesh or is turned too far away."""
        strength *= frontal_weight(face.yaw_degrees)
        if face.mesh is None or strength == 0:
            return None
        if source is None:
            source = self._source_age(image, face)
        size = size or _fitting_size(face.landmarks)
        to_crop = crop_affine(face.landmarks, size)
        to_frame = invert(to_crop)
        aligned = AlignedFace(warp_crop(image, to_crop, size), to_frame, face.track_id or 0, 0)
        growth = self._growth
        painted = target if growth is None else growth.painted_age(source, target)
        residual = self._ager.residuals([aligned], [source], [painted])[0]
        mesh = transform(to_crop, face.mesh)
        mask = head_mask(mesh, size)
        others = np.array([other.box for other in faces if other is not face], np.float32)
        hair = HairFollower().update(image, aligned, residual, mask, mesh, weight=strength, others=others)
        field = None if growth is None else growth.field(source, target)
        moves = None if field is None else field * np.float32(strength)
        return AgedPatch(residual * np.float32(strength), mask, to_frame, target, 0, hair, moves)

    def _source_age(self, image: Image, face: Face) -> float:
        age = face.age or self._estimator.estimate_still(image, [face.landmarks])[0]
        return age.years


def check_age(name: str, years: float) -> float:
    """The years themselves. Raises SettingsError unless they lie in 0..100."""
    low, high = AGE_RANGE_YEARS
    if not low <= years <= high:
        raise SettingsError(f"{name} {years:g} is out of range: give years from {low:g} to {high:g}.")
    return years


def _checked_image(image: Image) -> Image:
    view: Image = checked("image", image, (None, None, 3), np.uint8)
    if not view.size:
        raise ValueError(f"image: expected at least one pixel, got {view.shape}")
    return view


def _crop(image: Image, landmarks: FloatArray, size: int, template: FloatArray = WIDE) -> Image:
    return warp_crop(image, crop_affine(landmarks, size, template), size)


def _face(found: FoundFace, age: AgeEstimate | None = None, crop: Image | None = None) -> Face:
    yaw = 0.0 if found.mesh is None else yaw_degrees(found.mesh)
    width = float(found.box[2] - found.box[0])
    quality = 0.0 if crop is None else face_quality(crop, width, yaw)
    return Face(found.box, found.score, found.landmarks, found.mesh, age=age, quality=quality, yaw_degrees=yaw)


def _fitting_size(landmarks: FloatArray) -> int:
    """The smallest offered size in which the aligned crop is not smaller than in the picture, else the largest."""
    to_frame = invert(crop_affine(landmarks, 1))
    side_px = float(np.hypot(to_frame[0, 0], to_frame[1, 0]))
    return next((size for size in SIZES if size >= side_px), SIZES[-1])
