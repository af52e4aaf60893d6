"""From the files of a collection to aligned crops with meshes, in one process or several."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.detection.mediapipe_faces import MediaPipeDetector
from engine.detection.mediapipe_runtime import mediapipe, quietly
from engine.errors import PictureError
from engine.geometry.align import WIDE, similarity, transform, warp_crop
from engine.images import read_picture
from engine.landmarks.faces import find_faces
from engine.landmarks.mesh import FaceMesher, five_points
from training.data.cleaning import thumbnail
from training.data.faces import CROP_SIZE

# Pictures of faces often end close to them; the mesh network wants some room around. In parts of the longer side.
BORDER_SHARE = 0.3


@dataclass(frozen=True)
class Aligned:
    """One file: sha256 of its bytes; crop (256, 256, 3) uint8 BGR, None where no face was found; thumbnail (32, 32) of
    it; facts: mesh, corners, sharpness, yaw, grey as in FaceSet. fault: why it is no picture, "" where it is one.
    """

    sha256: str = ""
    crop: NDArray[np.uint8] | None = None
    thumbnail: NDArray[np.float32] | None = None
    facts: dict[str, Any] | None = None
    fault: str = ""


class Aligner:
    """Finds the face of a picture: at once where it fills the picture, else the largest of all, small ones too."""

    def __init__(self) -> None:
        face_mesh = mediapipe().solutions.face_mesh
        self._mesher = quietly(
            lambda: face_mesh.FaceMesh(
                static_image_mode=True, max_num_faces=1, refine_landmarks=True, min_detection_confidence=0.3
            )
        )
        self._thorough: tuple[MediaPipeDetector, FaceMesher] | None = None

    def close(self) -> None:
        self._mesher.close()
        for each in self._thorough or ():
            each.close()

    def mesh(self, picture: NDArray[np.uint8]) -> NDArray[np.float32] | None:
        """(478, 2) in pixels of the picture (H, W, 3) BGR, or None where no face is found."""
        border = round(BORDER_SHARE * max(picture.shape[:2]))
        wide = cv2.copyMakeBorder(picture, *(border,) * 4, cv2.BORDER_REPLICATE)
        found = self._mesher.process(cv2.cvtColor(wide, cv2.COLOR_BGR2RGB)).multi_face_landmarks
        if found:
            mesh = np.array([(p.x, p.y) for p in found[0].landmark], np.float32)
            return mesh * np.array(wide.shape[1::-1], np.float32) - border
        if self._thorough is None:
            self._thorough = MediaPipeDetector(), FaceMesher()
        faces = find_faces(picture, *self._thorough)
        return next((face.mesh for face in faces if face.mesh is not None), None)

    def align(self, picture: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], dict[str, Any]] | None:
        """The crop on the WIDE template and its facts, or None where no face is found."""
        mesh = self.mesh(picture)
        if mesh is None:
            return None
        to_crop = similarity(five_points(mesh), WIDE * CROP_SIZE)
        crop = warp_crop(picture, to_crop, CROP_SIZE)
        mesh = transform(to_crop, mesh)
        height, width = picture.shape[:2]
        corners = transform(to_crop, np.array([[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]]))
        left, right = np.linalg.norm(mesh[4] - mesh[234]), np.linalg.norm(mesh[4] - mesh[454])
        face = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY)[64:224, 64:192]
        spread = crop.astype(np.int16)
        facts = {
            "mesh": mesh,
            "corners": corners,
            "sharpness": float(cv2.Laplacian(face, cv2.CV_32F).std()),
            "yaw": float(abs(left - right) / (left + right + 1e-6)),
            "grey": float(np.abs(spread[..., 0] - spread[..., 2]).mean()) < 3.0,
        }
        return crop, facts

    def read(self, path: Path) -> Aligned:
        """All there is to know of one file; no file is so broken that it raises."""
        try:
            picture = np.asarray(read_picture(path), np.uint8)
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
        except (PictureError, OSError) as error:
            return Aligned(fault=str(error))
        found = self.align(picture)
        if found is None:
            return Aligned(digest)
        return Aligned(digest, found[0], thumbnail(found[0]), found[1])


def align_files(job: tuple[Path, list[str]]) -> list[Aligned]:
    """A part of a collection: its folder and files below it. Notices of MediaPipe and the JPEG library are lost."""
    folder, names = job
    cv2.setNumThreads(1)

    def work() -> list[Aligned]:
        aligner = Aligner()
        try:
            return [aligner.read(folder / name) for name in names]
        finally:
            aligner.close()

    found: list[Aligned] = quietly(work)
    return found
