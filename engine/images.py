"""Pictures in and out of files and networks: read, write, resize, letterbox and its inverse, tensors.

Convention: as in engine.types; image is BGR uint8, tensor is (N, 3, H, W) float32 RGB.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageOps, UnidentifiedImageError

from engine.errors import OutputError, PictureError
from engine.types import FloatArray, Floats, Image

LARGEST_PIXELS = 100_000_000
# Only plain raster formats: Pillow would otherwise hand PostScript to an outside program.
READABLE = ("JPEG", "MPO", "PNG", "WEBP", "BMP", "TIFF", "GIF", "PPM", "AVIF")
PICTURE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".ppm", ".avif")
_ENCODING: dict[str, tuple[int, ...]] = {
    ".png": (cv2.IMWRITE_PNG_COMPRESSION, 3),
    ".jpg": (cv2.IMWRITE_JPEG_QUALITY, 95),
    ".jpeg": (cv2.IMWRITE_JPEG_QUALITY, 95),
    ".webp": (cv2.IMWRITE_WEBP_QUALITY, 95),
    ".bmp": (),
    ".tif": (),
    ".tiff": (),
}
WRITABLE_SUFFIXES = tuple(_ENCODING)


def read_picture(path: str | Path) -> Image:
    """The picture (H, W, 3) uint8 BGR as displayed: EXIF orientation applied, first frame, transparency on white.

    Raises PictureError: no such file, not a picture, damaged, or more than 100 megapixels (checked before decoding).
    """
    path = Path(path)
    if not path.exists():
        raise PictureError(f"no such file: {path}. Check the spelling.")
    if not path.is_file():
        raise PictureError(f"not a picture: {path} is not a file. Give the path of one picture.")
    try:
        with warnings.catch_warnings():
            # Our own limit below replaces Pillow's warning; damaged metadata is no reason to refuse the pixels.
            warnings.simplefilter("ignore")
            with Pillow.open(path, formats=_known_formats()) as opened:
                _refuse_too_large(path, opened.size)
                rgb = _displayed(opened)
    except Pillow.DecompressionBombError as error:
        raise PictureError(f"{path} has more than 100 megapixels. Make it smaller first.") from error
    except UnidentifiedImageError as error:
        raise PictureError(f"not a picture: {path}. Give a JPEG, PNG, WebP, BMP, TIFF or GIF file.") from error
    except PermissionError as error:
        raise PictureError(f"{path} may not be read. Check its permissions.") from error
    except (OSError, SyntaxError, ValueError, EOFError, MemoryError) as error:
        raise PictureError(f"damaged picture: {path} ({error}). Export or copy it again.") from error
    return np.ascontiguousarray(rgb[..., ::-1])


def _known_formats() -> list[str]:
    Pillow.init()
    return [name for name in READABLE if name in Pillow.OPEN]


def _refuse_too_large(path: Path, size: tuple[int, int]) -> None:
    if size[0] * size[1] > LARGEST_PIXELS:
        megapixels = size[0] * size[1] / 1e6
        raise PictureError(
            f"{path} has {megapixels:.0f} megapixels ({size[0]}x{size[1]}); the limit is 100. Make it smaller first."
        )


def _displayed(opened: Any) -> NDArray[np.uint8]:
    """RGB pixels (H, W, 3) as a viewer would show them."""
    picture = ImageOps.exif_transpose(opened)
    if picture.mode.startswith(("I", "F")):
        return _from_deep_grey(np.asarray(picture, np.float64))
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        white = Pillow.new("RGBA", picture.size, (255, 255, 255, 255))
        picture = Pillow.alpha_composite(white, picture)
    return np.asarray(picture.convert("RGB"), np.uint8)


def _from_deep_grey(grey: NDArray[np.float64]) -> NDArray[np.uint8]:
    """16-bit or float grey (H, W) scaled to 8 bits; Pillow's own conversion would clip it to white."""
    top = float(grey.max(initial=0.0))
    full = 1.0 if top <= 1.0 else 255.0 if top <= 255.0 else 65535.0
    eight = np.clip(grey * (255.0 / full) + 0.5, 0, 255).astype(np.uint8)
    return np.repeat(eight[..., None], 3, axis=2)


def encode_picture(image: Image, suffix: str) -> bytes:
    """The file content for a suffix such as ".png". Raises OutputError for a suffix that cannot be written."""
    flags = _ENCODING.get(suffix.lower())
    if flags is None:
        raise OutputError(f"cannot write {suffix or 'a file without a suffix'}: use {', '.join(WRITABLE_SUFFIXES)}.")
    done, data = cv2.imencode(suffix.lower(), image, list(flags))
    if not done:
        raise OutputError(f"the picture could not be encoded as {suffix}. Try .png.")
    return data.tobytes()


def write_picture(path: str | Path, image: Image) -> None:
    """Write the picture in the format of the suffix; the file appears whole or not at all.

    Raises OutputError if the suffix is unknown or the place cannot be written to.
    """
    path = Path(path)
    write_atomically(path, encode_picture(image, path.suffix))


def write_atomically(path: Path, data: bytes) -> None:
    """Write bytes beside ``path`` and move them into place, so that nobody ever sees half a file.

    Raises OutputError if the folder is missing or not writable, or the disk is full.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("xb") as file:
            file.write(data)
        os.replace(part, path)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}. Choose another place.") from error
    finally:  # after Ctrl-C too
        with suppress(OSError):
            part.unlink(missing_ok=True)


def resize(image: Image, width: int, height: int) -> Image:
    """The image at another size: averaged when it shrinks (no aliasing), bilinear when it grows."""
    if (image.shape[1], image.shape[0]) == (width, height):
        return image
    shrinks = width < image.shape[1] and height < image.shape[0]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (width, height), interpolation=method), np.uint8)


@dataclass(frozen=True, slots=True)
class Letterbox:
    """Where an image lies in a letterboxed canvas: canvas pixels per image pixel, and the offset in canvas pixels."""

    scale_x: float
    scale_y: float
    left_px: int
    top_px: int

    def to_image(self, points: Floats) -> FloatArray:
        """Points (..., 2) or boxes (..., 4) of the canvas, in pixels of the image."""
        factor, shift = self._affine(points)
        return ((np.asarray(points, np.float64) - shift) / factor).astype(np.float32)

    def to_canvas(self, points: Floats) -> FloatArray:
        """Points (..., 2) or boxes (..., 4) of the image, in pixels of the canvas."""
        factor, shift = self._affine(points)
        return (np.asarray(points, np.float64) * factor + shift).astype(np.float32)

    def _affine(self, points: Floats) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        factor = np.array([self.scale_x, self.scale_y])
        # (0, 0) is the centre of the first pixel: x_canvas = (x + 0.5) * scale - 0.5 + left
        shift = (factor - 1) / 2 + [self.left_px, self.top_px]
        times = np.shape(points)[-1] // 2
        return np.tile(factor, times), np.tile(shift, times)


def letterbox(image: Image, width: int, height: int, fill: int = 0) -> tuple[Image, Letterbox]:
    """The whole image, centred, as large as fits, in a canvas (height, width, 3) of one grey; and where it lies."""
    ratio = min(width / image.shape[1], height / image.shape[0])
    inner_width = max(1, min(width, round(image.shape[1] * ratio)))
    inner_height = max(1, min(height, round(image.shape[0] * ratio)))
    left, top = (width - inner_width) // 2, (height - inner_height) // 2
    canvas = np.full((height, width, 3), fill, np.uint8)
    canvas[top : top + inner_height, left : left + inner_width] = resize(image, inner_width, inner_height)
    place = Letterbox(inner_width / image.shape[1], inner_height / image.shape[0], left, top)
    return canvas, place


def to_tensor(
    images: NDArray[np.uint8], mean: Sequence[float] = (0.0, 0.0, 0.0), std: Sequence[float] = (1.0, 1.0, 1.0)
) -> FloatArray:
    """Images (N, H, W, 3) or one (H, W, 3), BGR uint8, as a tensor (N, 3, H, W) float32 RGB, contiguous.

    Values are (v / 255 - mean) / std with mean and std per channel in RGB order; by default 0..1.
    """
    batch = images[None] if images.ndim == 3 else images
    factor = np.float32(1) / (np.float32(255) * np.asarray(std, np.float32))
    shift = np.asarray(mean, np.float32) / np.asarray(std, np.float32)
    rgb = batch[..., ::-1].transpose(0, 3, 1, 2)
    tensor = np.ascontiguousarray(rgb, np.float32)
    tensor *= factor.reshape(1, 3, 1, 1)
    if shift.any():
        tensor -= shift.reshape(1, 3, 1, 1)
    return tensor


def from_tensor(tensor: Floats) -> NDArray[np.uint8]:
    """A tensor (N, 3, H, W) RGB in 0..1 as images (N, H, W, 3) BGR uint8, rounded and clipped."""
    images = np.asarray(tensor).transpose(0, 2, 3, 1)[..., ::-1]
    return np.ascontiguousarray(np.clip(images * 255 + 0.5, 0, 255).astype(np.uint8))
