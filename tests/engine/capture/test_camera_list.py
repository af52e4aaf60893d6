"""Cameras by name and by an id that stays, from what the three systems tell."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from engine.capture.camera_list import CameraInfo, find_again, linux_cameras, list_cameras, parse_macos, parse_windows

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a tree like that of Linux needs its links")


def plug(root: Path, number: int, name: str, *, index: int = 0, link: str = "", path: str = "") -> None:
    """Add a video device to a make-believe Linux: its sysfs node, its device file and its links."""
    node = root / f"sys/class/video4linux/video{number}"
    node.mkdir(parents=True)
    (node / "name").write_text(name + "\n")
    (node / "index").write_text(f"{index}\n")
    device = root / f"dev/video{number}"
    device.parent.mkdir(exist_ok=True)
    device.write_text("")
    for kind, text in (("by-id", link), ("by-path", path)):
        if text:
            folder = root / "dev/v4l" / kind
            folder.mkdir(parents=True, exist_ok=True)
            (folder / text).symlink_to(device)


def unknown(device: Path) -> None:
    """No node can be asked what it is."""


@linux
def test_linux_names_ids_and_metadata_nodes(tmp_path: Path) -> None:
    plug(tmp_path, 10, "USB Camera", link="usb-Acme_Cam_123-video-index0", path="pci-0-usb-0:2")
    plug(tmp_path, 0, "Integrated Camera: Integrated C", path="pci-0-usb-0:1")
    plug(tmp_path, 1, "Integrated Camera: Integrated C", index=1)
    assert linux_cameras(tmp_path, unknown) == (
        CameraInfo(0, "Integrated Camera", "by-path:pci-0-usb-0:1"),
        CameraInfo(10, "USB Camera", "by-id:usb-Acme_Cam_123-video-index0"),
    )


@linux
def test_linux_asks_the_node_whether_it_gives_pictures(tmp_path: Path) -> None:
    plug(tmp_path, 0, "Metadata first")
    plug(tmp_path, 1, "Camera second", index=1, path="p")
    cameras = linux_cameras(tmp_path, lambda device: device.name == "video1")
    assert [camera.name for camera in cameras] == ["Camera second"]


@linux
def test_linux_twins_are_told_apart(tmp_path: Path) -> None:
    plug(tmp_path, 0, "Twin", path="port-1")
    plug(tmp_path, 2, "Twin", path="port-2")
    cameras = linux_cameras(tmp_path, unknown)
    assert [camera.name for camera in cameras] == ["Twin (0)", "Twin (2)"]
    assert len({camera.stable_id for camera in cameras}) == 2


@linux
def test_linux_busy_names_the_program(tmp_path: Path) -> None:
    plug(tmp_path, 0, "Camera", path="p")
    process = tmp_path / "proc/4242"
    (process / "fd").mkdir(parents=True)
    (process / "comm").write_text("videochat\n")
    (process / "fd/7").symlink_to(tmp_path / "dev/video0")
    (camera,) = linux_cameras(tmp_path, unknown)
    assert camera.busy and camera.reason == "videochat is using it"


@linux
def test_linux_own_use_is_not_busy(tmp_path: Path) -> None:
    plug(tmp_path, 0, "Camera", path="p")
    process = tmp_path / f"proc/{os.getpid()}"
    (process / "fd").mkdir(parents=True)
    (process / "fd/7").symlink_to(tmp_path / "dev/video0")
    (camera,) = linux_cameras(tmp_path, unknown)
    assert not camera.busy and camera.reason == ""


@linux
def test_linux_node_without_device_file_is_left_out(tmp_path: Path) -> None:
    plug(tmp_path, 0, "Camera", path="p")
    (tmp_path / "dev/video0").unlink()
    assert linux_cameras(tmp_path, unknown) == ()
    assert linux_cameras(tmp_path / "nothing", unknown) == ()


@linux
def test_linux_asking_an_ordinary_file_is_no_answer(tmp_path: Path) -> None:
    plug(tmp_path, 0, "Camera", path="p")
    plug(tmp_path, 1, "Camera", index=1)
    assert [camera.index for camera in linux_cameras(tmp_path)] == [0]  # the real ioctl fails, the index decides


def test_macos_sorts_by_unique_id_as_opencv_does() -> None:
    text = json.dumps(
        {
            "SPCameraDataType": [
                {"_name": "Studio Display Camera", "spcamera_unique-id": "B2"},
                {"_name": "FaceTime HD Camera", "spcamera_unique-id": "A1"},
            ]
        }
    )
    assert parse_macos(text) == (
        CameraInfo(0, "FaceTime HD Camera", "macos:A1"),
        CameraInfo(1, "Studio Display Camera", "macos:B2"),
    )


def test_windows_one_device_is_no_list() -> None:
    one = {"Name": "HD Webcam", "PNPDeviceID": "USB\\VID_04F2"}
    assert parse_windows(json.dumps(one)) == (CameraInfo(0, "HD Webcam", "pnp:USB\\VID_04F2"),)
    two = parse_windows(json.dumps([one, {"Name": None, "PNPDeviceID": None}]))
    assert two[1] == CameraInfo(1, "Camera 1", "")


@pytest.mark.parametrize("text", ["", "not json", "[]", "{}", '{"SPCameraDataType": 3}', "7", '["x"]'])
def test_unexpected_answers_are_no_cameras(text: str) -> None:
    assert parse_macos(text) == ()
    if text not in ("{}", '{"SPCameraDataType": 3}'):
        assert parse_windows(text) == ()


def test_find_again_by_id_or_else_by_index() -> None:
    cameras = (CameraInfo(0, "A", "id:a"), CameraInfo(5, "B", "id:b"))
    assert find_again(CameraInfo(0, "B", "id:b"), cameras) == cameras[1]
    assert find_again(CameraInfo(5, "?", ""), cameras) == cameras[1]
    assert find_again(CameraInfo(0, "C", "id:c"), cameras) is None


def test_listing_this_computer_never_fails() -> None:
    for camera in list_cameras():
        assert camera.name and camera.index >= 0
