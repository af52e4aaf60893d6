"""The command ``age``: pictures, folders and videos end up whole where they were asked for, or not at all."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from engine.age_video import FixedAge, aged_frames, offline_pipeline
from engine.capture.demo import DemoSource
from engine.capture.media import VideoSource
from engine.cli import main
from engine.output.video import VideoWriter
from engine.settings import Settings
from engine.types import Frame, Image
from tests.fakes.clips import make_clip, sound_packets


@pytest.fixture(autouse=True)
def random_networks(made_weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGE_MIRROR_WEIGHTS", str(made_weights))


@pytest.fixture(scope="module")
def demo() -> list[Image]:
    """The first twelve frames of the demo at 640x360."""
    source = DemoSource()
    source.open()
    pictures = [
        np.asarray(cv2.resize(source.picture(i), (640, 360), interpolation=cv2.INTER_AREA), np.uint8) for i in range(12)
    ]
    source.close()
    return pictures


@pytest.fixture
def folder(tmp_path: Path, demo: list[Image]) -> Path:
    """Two faces, a picture without one, and a text that claims to be a picture."""
    made = tmp_path / "in"
    made.mkdir()
    cv2.imwrite(str(made / "ada.png"), demo[0])
    cv2.imwrite(str(made / "bob.jpg"), demo[5])
    cv2.imwrite(str(made / "empty.jpg"), np.full((50, 80, 3), 120, np.uint8))
    (made / "text.png").write_text("hello")
    (made / "notes.txt").write_text("not meant")
    return made


def age(*argv: object) -> int:
    return main(["age", *map(str, argv)], run_app=lambda *a, **o: pytest.fail("the window was opened"))


def left_over(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.startswith(".") or "part" in path.suffix)


class TestSweep:
    def test_a_picture_becomes_a_video_that_begins_and_ends_as_it_is(
        self, folder: Path, demo: list[Image], capsys: pytest.CaptureFixture[str]
    ) -> None:
        output = folder / "sweep.mp4"
        assert age(folder / "ada.png", output, "--sweep", 3) == 0
        with VideoSource(output, paced=False) as video:
            frames = [frame.image.astype(np.int16) for frame in video]
        assert len(frames) == 75 and frames[0].shape == demo[0].shape
        change = [float(np.abs(frame - frames[0]).mean()) for frame in frames]
        assert max(change) > 2 * change[-1] and change[-1] < 0.5
        assert "75 frames, 1 face" in capsys.readouterr().out

    @pytest.mark.parametrize(
        ("name", "out", "status", "why"),
        [
            ("empty.jpg", "x.mp4", 1, "no face was found"),
            ("ada.png", "x.png", 1, "a sweep is a video"),
            (".", "x.mp4", 1, "not a picture"),
        ],
    )
    def test_what_cannot_be_is_said(
        self, folder: Path, name: str, out: str, status: int, why: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert age(folder / name, folder / out, "--sweep", 3) == status
        assert why in capsys.readouterr().err
        assert not (folder / out).exists() and left_over(folder) == []

    @pytest.mark.parametrize("argv", [(), ("--sweep", "--target-age", 70), ("--sweep", 1)])
    def test_a_sweep_or_one_age_and_no_shorter_than_three_seconds(self, folder: Path, argv: tuple[object, ...]) -> None:
        assert age(folder / "ada.png", folder / "x.mp4", *argv) == 2
        assert not (folder / "x.mp4").exists()


class TestPicture:
    def test_is_aged_and_keeps_its_size(
        self, folder: Path, demo: list[Image], capsys: pytest.CaptureFixture[str]
    ) -> None:
        output = folder / "older.png"
        assert age(folder / "ada.png", output, "--target-age", 70, "--source-age", 30) == 0
        result = np.array(cv2.imread(str(output)))
        assert result.shape == demo[0].shape
        assert (result != demo[0]).any()
        np.testing.assert_array_equal(result[:20], demo[0][:20])
        printed = capsys.readouterr()
        assert printed.out.strip() == f"{folder / 'ada.png'} -> {output}: 1 face aged"
        assert printed.err == ""

    def test_the_source_age_decides_the_change(self, folder: Path, demo: list[Image]) -> None:
        output = folder / "same.png"
        assert age(folder / "ada.png", output, "--target-age", 70, "--source-age", 70) == 0
        np.testing.assert_array_equal(cv2.imread(str(output)), demo[0])

    @pytest.mark.parametrize("size", [256, 384])
    def test_every_size_works(self, folder: Path, size: int) -> None:
        assert age(folder / "ada.png", folder / "older.png", "--target-age", 70, "--size", size) == 0

    def test_without_a_face_the_very_bytes_are_copied_and_it_is_told(
        self, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        output = folder / "copy.jpg"
        assert age(folder / "empty.jpg", output, "--target-age", 70) == 0
        assert output.read_bytes() == (folder / "empty.jpg").read_bytes()
        assert "empty.jpg: no face was found; copied unchanged" in capsys.readouterr().out

    def test_without_a_face_another_format_is_converted(self, folder: Path) -> None:
        assert age(folder / "empty.jpg", folder / "copy.png", "--target-age", 70) == 0
        np.testing.assert_array_equal(cv2.imread(str(folder / "copy.png")), cv2.imread(str(folder / "empty.jpg")))

    def test_into_a_folder_it_keeps_its_name(self, folder: Path, tmp_path: Path) -> None:
        other = tmp_path / "other"
        other.mkdir()
        assert age(folder / "ada.png", other, "--target-age", 70) == 0
        assert [path.name for path in other.iterdir()] == ["ada.png"]

    def test_one_pixel_is_a_picture_too(self, tmp_path: Path) -> None:
        cv2.imwrite(str(tmp_path / "tiny.png"), np.full((1, 1, 3), 7, np.uint8))
        assert age(tmp_path / "tiny.png", tmp_path / "out.png", "--target-age", 70) == 0
        assert np.array(cv2.imread(str(tmp_path / "out.png"))).tolist() == [[[7, 7, 7]]]


class TestRefused:
    @pytest.mark.parametrize(
        ("source", "target", "status", "part"),
        [
            ("missing.png", "out.png", 1, "no such file or folder"),
            ("text.png", "out.png", 1, "not a picture"),
            ("ada.png", "out.xyz", 1, "ends in one of .png"),
            ("ada.png", "out", 1, "ends in one of .png"),
            ("ada.png", "nowhere/out.png", 1, "its folder does not exist"),
            ("ada.png", "ada.png", 2, "OUTPUT is INPUT"),
            ("ada.png", ".", 2, "OUTPUT is INPUT"),
            (".", ".", 2, "OUTPUT is INPUT"),
            (".", "notes.txt", 1, "it is a file"),
            ("notes.txt", "out.mp4", 1, "not a video"),
        ],
    )
    def test_in_one_line_and_nothing_is_written(
        self, folder: Path, source: str, target: str, status: int, part: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
        assert age(folder / source, folder / target, "--target-age", 70) == status
        printed = capsys.readouterr()
        assert part in printed.err
        assert printed.err.count("\n") == 1
        assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == before

    def test_a_picture_of_over_100_megapixels(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        # A PBM picture has one bit a pixel: 13 MB on disk, refused before it is decoded.
        (tmp_path / "huge.ppm").write_bytes(b"P4\n10240 10240\n" + bytes(10240 * 10240 // 8))
        assert age(tmp_path / "huge.ppm", tmp_path / "out.png", "--target-age", 70) == 1
        assert "105 megapixels" in capsys.readouterr().err
        assert not (tmp_path / "out.png").exists()

    def test_a_name_no_file_can_have(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert age(tmp_path / ("x" * 300 + ".png"), tmp_path / "out.png", "--target-age", 70) == 1
        assert "no such file" in capsys.readouterr().err

    def test_an_unwritable_place(self, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """A name that no file can have is unwritable for root too."""
        output = tmp_path / ("x" * 300 + ".png")
        assert age(folder / "ada.png", output, "--target-age", 70) == 1
        assert "cannot write" in capsys.readouterr().err
        assert left_over(tmp_path) == []


class TestFolder:
    def test_every_picture_under_its_own_name_and_failures_do_not_stop_the_rest(
        self, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        output = tmp_path / "a" / "b"
        assert age(folder, output, "--target-age", 70, "--source-age", 30) == 1
        assert sorted(path.name for path in output.iterdir()) == ["ada.png", "bob.jpg", "empty.jpg"]
        printed = capsys.readouterr()
        assert printed.err.count("\n") == 1
        assert "text.png" in printed.err
        assert "1 face aged" in printed.out
        assert "no face was found" in printed.out

    def test_all_well_is_status_0(self, folder: Path, tmp_path: Path) -> None:
        (folder / "text.png").unlink()
        assert age(folder, tmp_path / "out", "--target-age", 70) == 0

    def test_an_empty_folder_is_a_failure(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (tmp_path / "in").mkdir()
        assert age(tmp_path / "in", tmp_path / "out", "--target-age", 70) == 1
        assert "no pictures in" in capsys.readouterr().err
        assert not (tmp_path / "out").exists()


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory, demo: list[Image]) -> Path:
    """Twelve frames of a moving face at 12.5 a second, with sound."""
    folder = tmp_path_factory.mktemp("clip")
    sound = make_clip(folder / "sound.mp4", frames=24, rate=25, sound="aac")
    path = folder / "face.mp4"
    with VideoWriter(path, size=(640, 360), rate=Fraction(25, 2), sound_from=sound) as writer:
        for image in demo:
            writer.write(image)
    return path


class TestVideo:
    def test_keeps_size_rate_length_and_sound_and_ages_from_the_first_frame(
        self, clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        output = tmp_path / "older.mp4"
        assert age(clip, output, "--target-age", 70, "--source-age", 30, "--size", 256) == 0
        assert "12 frames, faces aged in 12" in capsys.readouterr().out
        with av.open(str(output)) as container:
            stream = container.streams.video[0]
            assert (stream.width, stream.height, stream.average_rate, stream.frames) == (640, 360, Fraction(25, 2), 12)
        assert [data for _, data in sound_packets(output)] == [data for _, data in sound_packets(clip)]
        assert left_over(tmp_path) == []
        with VideoSource(clip, paced=False) as before, VideoSource(output, paced=False) as after:
            pairs = [(a.image.astype(int), b.image.astype(int)) for a, b in zip(before, after, strict=True)]
        for was, became in pairs:
            assert np.abs(was - became)[100:250, 240:400].mean() > 1.5
            assert np.abs(was - became)[:, :80].mean() < 1.5

    def test_the_same_clip_gives_the_same_pictures_and_the_target_is_reached_at_once(self, clip: Path) -> None:
        settings = Settings(target_age=70, size=256)

        def once() -> list[tuple[bytes, float | None]]:
            pipeline = offline_pipeline(settings, 30.0)
            with VideoSource(clip, paced=False) as source:
                results = list(aged_frames(source, pipeline, settings))
            pipeline.close()
            assert [r.frame.index for r in results] == list(range(12))
            return [(r.aged.tobytes(), r.faces[0].target_age) for r in results]

        first = once()
        assert first == once()
        assert {target for _, target in first} == {70}

    def test_a_clip_without_faces_is_written_and_told(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        source = make_clip(tmp_path / "plain.mp4", frames=5)
        assert age(source, tmp_path / "out.mkv", "--target-age", 70) == 0
        assert "5 frames, no face was found to age" in capsys.readouterr().out

    def test_a_cut_off_clip_leaves_nothing(
        self, clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        source = tmp_path / "cut.mp4"
        source.write_bytes(clip.read_bytes()[: clip.stat().st_size * 2 // 3])
        assert age(source, tmp_path / "out.mp4", "--target-age", 70) == 1
        assert capsys.readouterr().err.count("\n") == 1
        assert sorted(path.name for path in tmp_path.iterdir()) == ["cut.mp4"]

    def test_an_existing_result_survives_a_failure(self, clip: Path, tmp_path: Path) -> None:
        source, output = tmp_path / "cut.mp4", tmp_path / "out.mp4"
        source.write_bytes(clip.read_bytes()[: clip.stat().st_size * 2 // 3])
        output.write_text("precious")
        assert age(source, output, "--target-age", 70) == 1
        assert output.read_text() == "precious"

    def test_a_picture_suffix_for_a_video_is_refused(
        self, clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert age(clip, tmp_path / "out.png", "--target-age", 70) == 1
        assert "ends in one of .mp4" in capsys.readouterr().err


def test_fixed_age_answers_for_every_crop() -> None:
    crops = [np.zeros((112, 112, 3), np.uint8)] * 3
    assert [e.years for e in FixedAge(33.0).estimate(crops)] == [33.0] * 3


def test_no_frames_no_results(made_weights: Path) -> None:
    settings = Settings(target_age=70, size=256)
    pipeline = offline_pipeline(settings, 30.0, weights=made_weights)
    frames: list[Frame] = []
    assert list(aged_frames(frames, pipeline, settings)) == []
    pipeline.close()
