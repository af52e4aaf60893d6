"""What is typed after --source becomes the source that was meant."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.capture.camera import CameraSource
from engine.capture.demo import DemoSource
from engine.capture.factory import is_picture, open_path, open_source
from engine.capture.media import FolderSource, PictureSource, VideoSource
from engine.errors import InputError
from engine.images import encode_picture, write_picture
from engine.settings import Settings
from tests.fakes.clips import make_clip


@pytest.mark.parametrize("text", ["demo", "Demo", " demo "])
def test_demo(text: str) -> None:
    assert isinstance(open_source(Settings(source=text)), DemoSource)


@pytest.mark.parametrize(
    ("text", "name"),
    [("0", "Camera 0"), ("3", "Camera 3"), ("/dev/video2", "Camera 2"), ("camera:by-id:usb-Acme", "Camera 0")],
)
def test_cameras(text: str, name: str) -> None:
    source = open_source(Settings(source=text))
    assert isinstance(source, CameraSource)
    assert source.name == name
    assert source.stable_id == ("by-id:usb-Acme" if "Acme" in text else "")


def test_files_and_folders(tmp_path: Path) -> None:
    write_picture(tmp_path / "a.png", np.full((8, 8, 3), 9, np.uint8))
    make_clip(tmp_path / "b.mp4", frames=2)
    assert isinstance(open_source(Settings(source=str(tmp_path))), FolderSource)
    assert isinstance(open_source(Settings(source=str(tmp_path / "a.png"))), PictureSource)
    assert isinstance(open_source(Settings(source=str(tmp_path / "b.mp4"))), VideoSource)


def test_loop_is_passed_on(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "b.mp4", frames=2, rate=100)
    source = open_source(Settings(source=str(path), loop=True))
    source.open()
    assert all(source.read() for _ in range(5))
    source.close()
    once = open_source(Settings(source=str(path)))
    once.open()
    assert [once.read() is None for _ in range(3)] == [False, False, True]
    once.close()


def test_the_content_decides_where_the_name_does_not(tmp_path: Path) -> None:
    (tmp_path / "picture").write_bytes(encode_picture(np.full((8, 8, 3), 9, np.uint8), ".png"))
    make_clip(tmp_path / "b.mp4", frames=2).rename(tmp_path / "clip.download")
    assert is_picture(tmp_path / "picture")
    assert not is_picture(tmp_path / "clip.download")
    assert isinstance(open_path(tmp_path / "clip.download"), VideoSource)


@pytest.mark.parametrize("text", ["gone.mp4", "-1", "", "nowhere/at/all"])
def test_what_is_not_there(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="no such file or folder"):
        open_source(Settings(source=text))
