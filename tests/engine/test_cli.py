"""The command line as a user types it: what is printed where, and the exit status."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from engine.capture import camera_list
from engine.capture.camera_list import CameraInfo
from engine.capture.demo import DemoSource
from engine.cli import main
from engine.paths import project_dir
from engine.settings import Settings

FACE_KEYS = {"box", "score", "landmarks", "age", "quality", "yaw_degrees", "person"}


@pytest.fixture(autouse=True)
def random_networks(made_weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGE_MIRROR_WEIGHTS", str(made_weights))


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture with one face, which nobody owns."""
    demo = DemoSource()
    demo.open()
    path = tmp_path_factory.mktemp("pictures") / "face.png"
    cv2.imwrite(str(path), demo.picture(0))
    demo.close()
    return path


def no_app(*args: object, **options: object) -> int:
    pytest.fail("the window was opened")


def run(*argv: object) -> int:
    return main([str(each) for each in argv], run_app=no_app)


def one_line(text: str) -> str:
    assert text.count("\n") == 1, text
    return text.strip()


class TestMirror:
    def opened(self, *argv: str) -> dict[str, Any]:
        seen: dict[str, Any] = {}

        def app(settings: Settings, **options: object) -> int:
            seen.update(settings=settings, **options)
            return 0

        assert main(argv, run_app=app) == 0
        return seen

    def test_without_arguments_the_usual_settings(self) -> None:
        assert self.opened() == {"settings": Settings(), "exit_after": None, "stats_path": None, "given": frozenset()}

    def test_everything_that_can_be_typed(self) -> None:
        typed = "--source demo --target-age 70 --exit-after 20 --stats s.json --size 384 --device cpu --loop"
        seen = self.opened(*typed.split(), "--detector", "both")
        wanted = Settings(source="demo", target_age=70, size=384, device="cpu", loop=True, detector="both")
        assert seen["settings"] == wanted
        assert seen["exit_after"] == 20
        assert seen["stats_path"] == Path("s.json")
        assert seen["given"] == {"source", "target_age", "size", "device", "loop", "detector"}

    def test_what_the_window_returns_is_the_exit_status(self) -> None:
        assert main([], run_app=lambda *a, **o: 7) == 7

    def test_stopping_it_is_no_crash(self, capsys: pytest.CaptureFixture[str]) -> None:
        def stopped(*args: object, **options: object) -> int:
            raise KeyboardInterrupt

        assert main([], run_app=stopped) == 130
        assert one_line(capsys.readouterr().err) == "Stopped."


class TestUsage:
    @pytest.mark.parametrize(
        ("argv", "part"),
        [
            (["--target-age", "-5"], "-5 is out of range: give years from 0 to 100"),
            (["--target-age", "500"], "500 is out of range"),
            (["--target-age", "old"], "'old' is no age"),
            (["--target-age", "nan"], "nan is out of range"),
            (["--size", "300"], "invalid choice: 300"),
            (["--device", "tpu"], "invalid choice: 'tpu'"),
            (["--detector", "haar"], "invalid choice: 'haar'"),
            (["analyze", "a.png", "--detector", "haar"], "invalid choice: 'haar'"),
            (["--detector", "anchor", "analyze", "a.png"], "--detector before 'analyze' belongs to the mirror"),
            (["--exit-after", "0"], "'0' is no time"),
            (["--exit-after", "soon"], "'soon' is no time"),
            (["--sorce", "demo"], "unrecognized arguments: --sorce"),
            (["--sourc", "demo"], "unrecognized arguments"),
            (["dance"], "invalid choice: 'dance'"),
            (["analyze"], "analyze needs at least one PATH"),
            (["age", "a.png", "b.png"], "one of the arguments --target-age --sweep is required"),
            (["age", "a.png", "--target-age", "70"], "required: OUTPUT"),
            (["age", "a.png", "b.png", "--target-age", "-5"], "-5 is out of range"),
            (["age", "a.png", "b.png", "--target-age", "500"], "500 is out of range"),
            (["age", "a.png", "b.png", "--target-age", "70", "--source-age", "101"], "101 is out of range"),
            (["enroll", "Ada", "a.png"], "nobody is enrolled without their consent"),
            (["enroll", "Ada", "--consent"], "required: PICTURE"),
            (["enroll", "--consent"], "required: NAME"),
            (["--source", "demo", "cameras"], "--source before 'cameras' belongs to the mirror"),
            (["--stats", "s.json", "doctor"], "--stats before 'doctor' belongs to the mirror"),
        ],
    )
    def test_a_mistake_is_one_line_and_status_2(
        self, argv: list[str], part: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run(*argv) == 2
        printed = capsys.readouterr()
        assert part in one_line(printed.err)
        assert printed.out == ""

    @pytest.mark.parametrize("argv", [["verify", "a.png"]])
    def test_what_comes_later_says_so(self, argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
        assert run(*argv) == 2
        assert one_line(capsys.readouterr().err) == f"{argv[0]} is not in this version yet."

    def test_help_names_every_command(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run("--help") == 0
        text = capsys.readouterr().out
        for name in ("cameras", "analyze", "age", "enroll", "people", "verify", "bench", "doctor", "--stats"):
            assert name in text


class TestCameras:
    CAMERAS = (CameraInfo(0, "Integrated Camera", "usb-1"), CameraInfo(2, "Desk", "usb-2", True, "in use by a call"))

    def test_as_lines(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        monkeypatch.setattr(camera_list, "list_cameras", lambda: self.CAMERAS)
        assert run("cameras") == 0
        assert capsys.readouterr().out == "0  Integrated Camera\n2  Desk  (busy: in use by a call)\n"

    def test_as_json(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        monkeypatch.setattr(camera_list, "list_cameras", lambda: self.CAMERAS)
        assert run("cameras", "--json") == 0
        found = json.loads(capsys.readouterr().out)
        assert [(c["index"], c["name"], c["busy"]) for c in found] == [
            (0, "Integrated Camera", False),
            (2, "Desk", True),
        ]

    def test_none(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        monkeypatch.setattr(camera_list, "list_cameras", lambda: ())
        assert run("cameras") == 0
        assert "--source demo" in one_line(capsys.readouterr().out)
        assert run("cameras", "--json") == 0
        assert json.loads(capsys.readouterr().out) == []


class TestAnalyze:
    def test_json_is_what_the_contract_says(self, scene: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert run("analyze", "--json", scene) == 0
        printed = capsys.readouterr()
        result = json.loads(one_line(printed.out))
        assert printed.err == ""
        assert (result["path"], result["width"], result["height"]) == (str(scene), 1280, 720)
        (face,) = result["faces"]
        assert set(face) == FACE_KEYS
        assert len(face["box"]) == 4
        assert [len(point) for point in face["landmarks"]] == [2] * 5
        assert set(face["age"]) == {"years", "spread_years"}
        assert face["person"] is None

    def test_the_same_picture_gives_the_same_line(self, scene: Path, capsys: pytest.CaptureFixture[str]) -> None:
        run("analyze", "--json", scene, scene)
        first, second = capsys.readouterr().out.splitlines()
        run("analyze", "--json", scene)
        assert first == second == capsys.readouterr().out.strip()

    def test_bad_inputs_are_told_and_the_rest_is_done_in_order(
        self, scene: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        text, tiny, missing = tmp_path / "text.png", tmp_path / "tiny.png", tmp_path / "missing.png"
        text.write_text("hello")
        cv2.imwrite(str(tiny), np.zeros((1, 1, 3), np.uint8))
        assert run("analyze", "--json", text, missing, scene, tiny) == 1
        printed = capsys.readouterr()
        results = [json.loads(line) for line in printed.out.splitlines()]
        assert [r["path"] for r in results] == [str(p) for p in (text, missing, scene, tiny)]
        assert results[0]["error"].startswith("not a picture")
        assert "no such file" in results[1]["error"]
        assert len(results[2]["faces"]) == 1
        assert (results[3]["width"], results[3]["faces"]) == (1, [])
        failures = printed.err.splitlines()
        assert len(failures) == 2
        assert str(text) in failures[0]
        assert str(missing) in failures[1]

    def test_a_folder_means_its_pictures_and_a_list_its_lines(
        self, scene: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        folder, listing = tmp_path / "folder", tmp_path / "list.txt"
        folder.mkdir()
        for name in ("b10.png", "b9.png", "note.txt"):
            cv2.imwrite(str(folder / name), np.zeros((8, 8, 3), np.uint8)) if name[0] == "b" else (
                folder / name
            ).write_text("x")
        listing.write_text(f"{scene}\n\n  {folder / 'b9.png'}  \n", encoding="utf-8")
        assert run("analyze", "--json", folder, "--list", listing) == 0
        paths = [json.loads(line)["path"] for line in capsys.readouterr().out.splitlines()]
        assert paths == [str(p) for p in (folder / "b9.png", folder / "b10.png", scene, folder / "b9.png")]

    def test_a_name_no_file_can_have(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run("analyze", "--json", "x" * 300) == 1
        assert "cannot be read" in json.loads(capsys.readouterr().out)["error"]

    def test_an_unreadable_list_and_an_empty_folder_are_failures(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        empty = tmp_path / "empty"
        empty.mkdir()
        assert run("analyze", empty, "--list", tmp_path / "none.txt") == 1
        first, second = capsys.readouterr().err.splitlines()
        assert "no pictures in" in first
        assert "none.txt cannot be read" in second

    def test_the_table_is_for_people(self, scene: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert run("analyze", scene) == 0
        heading, row = capsys.readouterr().out.splitlines()
        assert heading == f"{scene}  1280x720  1 face"
        assert "looks" in row
        assert "±" in row

    def test_embeddings_come_when_asked_for(self, scene: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert run("analyze", "--json", "--with-embeddings", scene) == 0
        printed = capsys.readouterr()
        assert printed.err == ""
        (face,) = json.loads(one_line(printed.out))["faces"]
        assert set(face) == FACE_KEYS | {"embedding"}
        assert float(np.linalg.norm(face["embedding"])) == pytest.approx(1, abs=1e-5)

    def test_without_a_recogniser_embeddings_are_one_line(
        self, scene: Path, weights: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (weights / "embedder.toml").unlink()
        monkeypatch.setenv("AGE_MIRROR_WEIGHTS", str(weights))
        assert run("analyze", "--with-embeddings", scene) == 1
        assert "faces cannot be recognised: no weights are called 'embedder'" in one_line(capsys.readouterr().err)
        assert run("analyze", scene) == 0

    def test_without_weights_there_is_one_line(
        self, scene: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setenv("AGE_MIRROR_WEIGHTS", str(tmp_path))
        assert run("analyze", scene) == 1
        assert "no weights are called 'age'" in one_line(capsys.readouterr().err)

    @pytest.mark.parametrize("detector", ["anchor", "both"])
    def test_a_missing_detector_is_one_line(
        self, detector: str, scene: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run("analyze", scene, "--detector", detector) == 1
        assert "no weights are called 'detector'" in one_line(capsys.readouterr().err)

    def test_a_missing_device_is_one_line(self, scene: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert run("analyze", scene, "--device", "mps") == 1
        assert "no mps device was found" in one_line(capsys.readouterr().err)


def in_shell(*argv: object) -> subprocess.Popen[str]:
    """The real program in a process of its own."""
    command = [sys.executable, "main.py", *map(str, argv)]
    return subprocess.Popen(
        command, cwd=project_dir(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def test_the_real_program_speaks_plainly_and_nothing_else(scene: Path, tmp_path: Path) -> None:
    """MediaPipe, OpenVINO and OpenCV like to print remarks of their own."""
    missing = tmp_path / "missing.png"
    out, err = in_shell("analyze", "--json", scene, missing).communicate(timeout=60)
    assert [set(json.loads(line)) for line in out.splitlines()] == [
        {"path", "width", "height", "faces"},
        {"path", "error"},
    ]
    assert str(missing) in one_line(err)


def test_a_reader_that_goes_away_is_no_crash(scene: Path) -> None:
    process = in_shell("analyze", "--json", *[scene] * 3)
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == ""
    assert process.wait(60) == 1
    process.stderr.close()


def test_commands_load_no_window_and_no_torch(scene: Path) -> None:
    script = f"""
import sys
from engine.cli import main
status = main(["analyze", {str(scene)!r}], run_app=None)
heavy = [name for name in ("torch", "PySide6", "jax") if name in sys.modules]
print(status, heavy)
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=project_dir(), capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "0 []", done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_ctrl_c_leaves_nothing_half_written(scene: Path, tmp_path: Path) -> None:
    folder, output = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    for i in range(200):
        (folder / f"{i}.png").symlink_to(scene)
    process = in_shell("age", folder, output, "--target-age", "70")
    deadline = time.monotonic() + 60
    while not list(output.glob("*.png")) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert one_line(err) == "Stopped."
    written = sorted(output.iterdir())
    assert 0 < len(written) < 200
    assert [path for path in written if path.suffix != ".png" or path.name.startswith(".")] == []
    for path in written:
        assert np.shape(cv2.imread(str(path))) == (720, 1280, 3)
