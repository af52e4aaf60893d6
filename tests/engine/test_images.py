"""Pictures: what is read, what is refused and in which words, atomic writing, letterbox and tensors."""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from engine.errors import OutputError, PictureError
from engine.images import (
    WRITABLE_SUFFIXES,
    from_tensor,
    letterbox,
    read_picture,
    resize,
    to_tensor,
    write_atomically,
    write_picture,
)
from engine.types import Image
from tests.builders import face_picture


def gradient(width: int, height: int) -> Image:
    """Every pixel different enough to tell where it went; blue, green and red differ."""
    y, x = np.mgrid[:height, :width]
    return np.stack([x * 3 % 256, y * 5 % 256, (x + y) % 256], axis=-1).astype(np.uint8)


def test_lossless_pictures_come_back_bit_for_bit(tmp_path: Path) -> None:
    image = gradient(37, 21)
    for suffix in (".png", ".bmp", ".tif"):
        write_picture(tmp_path / f"picture{suffix}", image)
        back = read_picture(tmp_path / f"picture{suffix}")
        np.testing.assert_array_equal(back, image)
        assert back.dtype == np.uint8
        assert back.flags.c_contiguous


@pytest.mark.parametrize("suffix", [".jpg", ".JPEG", ".webp"])
def test_lossy_pictures_come_back_nearly(tmp_path: Path, suffix: str) -> None:
    image = face_picture(128)
    write_picture(tmp_path / f"picture{suffix}", image)
    back = read_picture(tmp_path / f"picture{suffix}")
    assert np.abs(back.astype(int) - image).mean() < 2.5


def test_one_pixel_is_a_picture(tmp_path: Path) -> None:
    write_picture(tmp_path / "one.png", np.full((1, 1, 3), (1, 2, 3), np.uint8))
    assert read_picture(tmp_path / "one.png").tolist() == [[[1, 2, 3]]]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(tmp_path: Path, orientation: int) -> None:
    stored = gradient(8, 4)
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    Pillow.fromarray(stored[..., ::-1]).save(tmp_path / "turned.png", exif=exif)
    shown = read_picture(tmp_path / "turned.png")
    flip = stored[:, ::-1] if orientation in (2, 4, 5, 7) else stored
    turns = {1: 0, 2: 0, 3: 2, 4: 2, 5: 1, 6: 3, 7: 3, 8: 1}[orientation]
    np.testing.assert_array_equal(shown, np.rot90(flip, turns))


@pytest.mark.parametrize(
    ("mode", "colour", "bgr"),
    [
        pytest.param("L", 77, (77, 77, 77), id="grey"),
        pytest.param("1", 1, (255, 255, 255), id="one bit"),
        pytest.param("P", 0, (0, 0, 0), id="palette"),
        pytest.param("RGBA", (10, 20, 30, 255), (30, 20, 10), id="opaque"),
        pytest.param("RGBA", (10, 20, 30, 0), (255, 255, 255), id="transparent is shown on white"),
        pytest.param("LA", (0, 0), (255, 255, 255), id="transparent grey"),
        pytest.param("I;16", 0x8000, (128, 128, 128), id="16 bits"),
        pytest.param("CMYK", (0, 0, 0, 255), (0, 0, 0), id="print colours"),
    ],
)
def test_every_mode_becomes_bgr(tmp_path: Path, mode: str, colour: object, bgr: tuple[int, int, int]) -> None:
    path = tmp_path / ("picture.tif" if mode == "CMYK" else "picture.png")
    picture = Pillow.new(mode, (3, 2), colour)  # type: ignore[arg-type]
    picture.save(path)
    assert read_picture(path).tolist() == [[list(bgr)] * 3] * 2


def test_first_picture_of_an_animation(tmp_path: Path) -> None:
    pages = [Pillow.new("RGB", (4, 4), colour) for colour in ((255, 0, 0), (0, 0, 255))]
    pages[0].save(tmp_path / "moving.gif", save_all=True, append_images=pages[1:])
    assert read_picture(tmp_path / "moving.gif")[0, 0].tolist() == [0, 0, 255]


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and then holds next to nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"just some words", "not a picture", id="text named .png"),
        pytest.param(b"", "not a picture", id="empty file"),
        pytest.param(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a picture", id="PostScript is not run"),
        pytest.param(png_header(10_001, 10_000), "megapixels", id="just over 100 megapixels"),
        pytest.param(png_header(60_000, 60_000), "megapixels", id="a decompression bomb"),
        pytest.param(png_header(20, 20), "damaged picture", id="no pixels inside"),
    ],
)
def test_what_is_no_usable_picture_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "notes.png"
    path.write_bytes(content)
    with pytest.raises(PictureError, match=message) as caught:
        read_picture(path)
    assert "\n" not in str(caught.value)
    assert "notes.png" in str(caught.value)


def test_a_truncated_picture_is_damaged(tmp_path: Path) -> None:
    write_picture(tmp_path / "whole.jpg", face_picture(200))
    (tmp_path / "half.jpg").write_bytes((tmp_path / "whole.jpg").read_bytes()[:2000])
    with pytest.raises(PictureError, match=r"damaged picture: .*half\.jpg"):
        read_picture(tmp_path / "half.jpg")


def test_missing_files_and_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="no such file"):
        read_picture(tmp_path / "nowhere.png")
    with pytest.raises(PictureError, match="not a file"):
        read_picture(tmp_path)


def test_a_forbidden_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_picture(tmp_path / "secret.png", gradient(4, 4))

    def forbidden(*_: object, **__: object) -> None:  # root may read everything, so chmod proves nothing here
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Pillow, "open", forbidden)
    with pytest.raises(PictureError, match=r"secret\.png may not be read"):
        read_picture(tmp_path / "secret.png")


@pytest.mark.parametrize("name", ["picture.xyz", "picture", "picture.gif"])
def test_unknown_suffixes_are_not_written(tmp_path: Path, name: str) -> None:
    with pytest.raises(OutputError, match=r"\.png"):
        write_picture(tmp_path / name, gradient(4, 4))
    assert list(tmp_path.iterdir()) == []


def test_every_offered_suffix_can_be_written(tmp_path: Path) -> None:
    for suffix in WRITABLE_SUFFIXES:
        write_picture(tmp_path / f"picture{suffix}", gradient(9, 7))
        assert read_picture(tmp_path / f"picture{suffix}").shape == (7, 9, 3)


def test_a_missing_folder_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"cannot write .*picture\.png") as caught:
        write_picture(tmp_path / "nowhere" / "picture.png", gradient(4, 4))
    assert "\n" not in str(caught.value)


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "kept.bin"
    write_atomically(path, b"old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OutputError, match="No space left"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["kept.bin"]


def test_writing_replaces_a_file(tmp_path: Path) -> None:
    write_picture(tmp_path / "picture.png", gradient(4, 4))
    write_picture(tmp_path / "picture.png", gradient(6, 5))
    assert read_picture(tmp_path / "picture.png").shape == (5, 6, 3)
    assert len(list(tmp_path.iterdir())) == 1


def test_resize_averages_when_it_shrinks() -> None:
    stripes = np.zeros((8, 8, 3), np.uint8)
    stripes[:, ::2] = 200
    assert np.unique(resize(stripes, 4, 4)).tolist() == [100]
    assert resize(stripes, 8, 8) is stripes


@pytest.mark.parametrize(("width", "height"), [(200, 100), (100, 200), (64, 64), (7, 300)])
def test_letterbox_shows_the_whole_image_and_maps_back(width: int, height: int) -> None:
    image = np.full((height, width, 3), 255, np.uint8)
    canvas, place = letterbox(image, 96, 96, fill=7)
    assert canvas.shape == (96, 96, 3)
    lit = np.argwhere(canvas[..., 0] == 255)
    assert (canvas[..., 0] == 255).sum() + (canvas[..., 0] == 7).sum() == 96 * 96
    low, high = lit.min(axis=0)[::-1], lit.max(axis=0)[::-1]
    corners = np.array([[-0.5, -0.5], [width - 0.5, height - 0.5]], np.float32)
    np.testing.assert_allclose(place.to_canvas(corners), [low - 0.5, high + 0.5], atol=1e-3)
    found = np.array([[1.0, 2, 5, 9], [0, 0, width, height]], np.float32)
    np.testing.assert_allclose(place.to_image(place.to_canvas(found)), found, atol=1e-3)


def test_letterbox_keeps_a_dot_in_place() -> None:
    image = np.zeros((90, 160, 3), np.uint8)
    image[30:32, 100:102] = 255
    canvas, place = letterbox(image, 80, 80)
    y, x = np.unravel_index(int(canvas[..., 0].argmax()), (80, 80))
    np.testing.assert_allclose(place.to_image(np.array([x, y], np.float32)), [100.5, 30.5], atol=1e-3)


def test_tensor_is_rgb_planes_and_comes_back() -> None:
    image = gradient(6, 4)
    tensor = to_tensor(image)
    assert tensor.shape == (1, 3, 4, 6)
    assert tensor.dtype == np.float32
    assert tensor.flags.c_contiguous
    np.testing.assert_allclose(tensor[0, 0], image[..., 2] / 255, atol=1e-6)
    np.testing.assert_array_equal(from_tensor(tensor)[0], image)


def test_tensor_mean_and_std_are_in_rgb_order() -> None:
    image = np.full((1, 2, 2, 3), (0, 128, 255), np.uint8)
    tensor = to_tensor(image, mean=(0.5, 0.0, 0.25), std=(0.5, 1.0, 0.25))
    np.testing.assert_allclose(tensor[0, :, 0, 0], [1.0, 128 / 255, -1.0], atol=1e-6)


def test_from_tensor_clips_and_rounds() -> None:
    tensor = np.array([-0.5, 0.4999 / 255, 1.7], np.float32).reshape(1, 3, 1, 1)
    assert from_tensor(tensor)[0, 0, 0].tolist() == [255, 0, 0]
