"""Pictures and folders of pictures as sources."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest

from engine.capture.media import FolderSource, PictureSource, for_display, pictures_in
from engine.errors import InputError, PictureError
from engine.images import write_picture


def grey(value: int, width: int = 40, height: int = 30) -> np.ndarray:
    return np.full((height, width, 3), value, np.uint8)


def png_that_claims(path: Path, width: int, height: int) -> Path:
    """A PNG whose header claims a size; its pixels are missing, so decoding it would fail in another way."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b""))
    return path


def test_a_picture_repeats_at_its_rate_until_closed(tmp_path: Path) -> None:
    write_picture(tmp_path / "a.png", grey(90))
    source = PictureSource(tmp_path / "a.png", fps=100)
    source.open()
    assert source.size == (40, 30)
    frames = [source.read() for _ in range(21)]
    assert [frame.index for frame in frames if frame] == list(range(21))
    assert all((frame.image == 90).all() for frame in frames if frame)
    times = [frame.captured_ns for frame in frames if frame]
    assert 0.19 < (times[-1] - times[0]) / 1e9 < 1.0  # a loaded machine may be late, never early
    source.close()
    assert source.read() is None


def test_a_picture_of_one_pixel_is_a_picture(tmp_path: Path) -> None:
    write_picture(tmp_path / "dot.png", grey(7, 1, 1))
    source = PictureSource(tmp_path / "dot.png", paced=False)
    source.open()
    frame = source.read()
    assert frame is not None and frame.image.shape == (1, 1, 3)
    source.close()


def test_bad_pictures_are_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("not a picture at all\n" * 20)
    with pytest.raises(PictureError, match=r"not a picture: .*text\.png"):
        PictureSource(tmp_path / "text.png").open()
    with pytest.raises(InputError, match="no such file"):
        PictureSource(tmp_path / "gone.png").open()
    with pytest.raises(PictureError, match="megapixels"):
        PictureSource(png_that_claims(tmp_path / "huge.png", 12000, 10000)).open()


def test_large_pictures_are_shrunk_for_the_window(tmp_path: Path) -> None:
    assert for_display(np.zeros((3000, 4000, 3), np.uint8)).shape == (1920, 2560, 3)
    small = grey(1)
    assert for_display(small) is small
    assert for_display(np.zeros((1, 9000, 3), np.uint8)).shape == (1, 2560, 3)


def test_a_folder_shows_its_pictures_in_natural_order(tmp_path: Path) -> None:
    for name, value in (("pic10.png", 30), ("pic9.png", 20), ("Pic1.PNG", 10)):
        write_picture(tmp_path / name, grey(value))
    (tmp_path / "notes.txt").write_text("no picture")
    (tmp_path / ".hidden.png").write_text("no picture")
    (tmp_path / "inside").mkdir()
    source = FolderSource(tmp_path, seconds_each=0.2, fps=10, paced=False)
    values = [int(frame.image[0, 0, 0]) for frame in source]
    assert values == [10, 10, 20, 20, 30, 30]
    assert source.notice == ""
    source.close()


def test_a_folder_can_loop_and_change_size(tmp_path: Path) -> None:
    write_picture(tmp_path / "1.png", grey(10))
    write_picture(tmp_path / "2.png", grey(20, 16, 16))
    source = FolderSource(tmp_path, loop=True, seconds_each=0.1, fps=10, paced=False)
    source.open()
    sizes = []
    for _ in range(5):
        frame = source.read()
        assert frame is not None
        assert source.size == (frame.image.shape[1], frame.image.shape[0])
        sizes.append(source.size)
    assert sizes == [(40, 30), (16, 16)] * 2 + [(40, 30)]
    source.close()


def test_an_unreadable_picture_is_passed_over_and_named(tmp_path: Path) -> None:
    (tmp_path / "1.png").write_text("text")
    write_picture(tmp_path / "2.png", grey(20))
    source = FolderSource(tmp_path, seconds_each=0.1, fps=10, paced=False)
    assert [int(frame.image[0, 0, 0]) for frame in source] == [20]
    assert source.notice.startswith("Passed over 1.png: not a picture")
    source.close()


def test_a_folder_without_a_readable_picture_ends_in_an_error_even_when_looped(tmp_path: Path) -> None:
    (tmp_path / "1.png").write_text("text")
    source = FolderSource(tmp_path, loop=True)
    source.open()
    with pytest.raises(PictureError, match="none of the 1 pictures"):
        source.read()
    source.close()


def test_empty_and_missing_folders(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no pictures in .*put \.jpg or \.png files into it"):
        FolderSource(tmp_path).open()
    with pytest.raises(InputError, match="no such folder"):
        pictures_in(tmp_path / "gone")
