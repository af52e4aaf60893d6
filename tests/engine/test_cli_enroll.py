"""The command ``enroll`` and what follows from it: names in ``analyze``, and ``age --person``."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.capture.media import VideoSource
from engine.cli import main
from engine.output.video import VideoWriter
from engine.paths import gallery_file
from engine.recognition import vault
from engine.recognition.gallery import Gallery
from tests.builders import person_picture


@pytest.fixture(autouse=True)
def ready(made_weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Random networks, and a gallery that a passphrase in the environment opens."""
    monkeypatch.setenv("AGE_MIRROR_WEIGHTS", str(made_weights))
    monkeypatch.setenv(vault.PASSPHRASE_VARIABLE, "a passphrase")
    monkeypatch.setattr(vault, "SCRYPT_N", 16)


@pytest.fixture(scope="module")
def album(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("album")
    for number, name in enumerate(("ada", "bob", "cleo")):
        cv2.imwrite(str(folder / f"{name}.png"), person_picture(number, 640))
    both = np.hstack([person_picture(0, 630), person_picture(2, 630)])
    cv2.imwrite(str(folder / "both.png"), both)
    (folder / "text.png").write_text("hello")
    return folder


def run(*argv: object) -> int:
    return main([str(each) for each in argv], run_app=lambda *a, **o: pytest.fail("the window was opened"))


def one_line(text: str) -> str:
    assert text.count("\n") == 1, text
    return text.strip()


class TestEnroll:
    def test_from_then_on_the_face_is_known(self, album: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert run("enroll", "Ada", album / "ada.png", "--consent") == 0
        assert one_line(capsys.readouterr().out) == "Ada is enrolled with 1 picture"
        assert run("analyze", "--json", album / "both.png") == 0
        faces = json.loads(capsys.readouterr().out)["faces"]
        named = {face["person"]["name"] if face["person"] else None for face in faces}
        assert named == {"Ada", None}
        known = next(face for face in faces if face["person"])
        assert set(known["person"]) == {"name", "similarity"}
        assert known["box"][0] < 630
        assert run("analyze", album / "ada.png") == 0
        assert "  Ada (similarity 1.00)" in capsys.readouterr().out

    def test_the_consent_is_kept_word_for_word(self, album: Path) -> None:
        run("enroll", "Ada", album / "ada.png", "--consent")
        with Gallery.open() as gallery:
            (ada,) = gallery.people()
        assert "can have them removed at any time" in ada.consent.text

    def test_without_consent_nothing_is_made(self, album: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert run("enroll", "Ada", album / "ada.png") == 2
        assert "--consent" in one_line(capsys.readouterr().err)
        assert not gallery_file().exists()

    def test_pictures_that_cannot_be_used_are_told_and_the_rest_is_done(
        self, album: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run("enroll", "Ada", album / "text.png", album / "ada.png", album / "both.png", "--consent") == 1
        printed = capsys.readouterr()
        first, second = printed.err.splitlines()
        assert "text.png" in first
        assert second == f"{album / 'both.png'}: there are several faces, and it takes one"
        assert one_line(printed.out) == "Ada is enrolled with 1 picture"

    @pytest.mark.parametrize(
        ("argv", "part"),
        [
            (["Ada", "cleo.png"], "Ada is enrolled already: add pictures"),
            (["Eve", "ada.png"], "looks like Ada, who is enrolled already"),
            (["Bob", "bob.png", "cleo.png"], "the pictures show more than one person"),
            (["Bob", "both.png"], "Bob was not enrolled"),
            (["Bob", "missing.png"], "Bob was not enrolled"),
            (["", "bob.png"], "the name is empty"),
            (["x" * 10_000, "bob.png"], "the name has 10000 characters"),
            (["Ada", "cleo.png", "--add"], "does not look like Ada"),
            (["Bob", "bob.png", "--add"], "nobody is called Bob"),
        ],
    )
    def test_what_is_refused_is_told_at_last_in_one_line(
        self,
        argv: list[str],
        part: str,
        album: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        monkeypatch.chdir(album)
        assert run("enroll", "Ada", "ada.png", "--consent") == 0
        capsys.readouterr()
        assert run("enroll", *argv, "--consent") == 1
        printed = capsys.readouterr()
        assert printed.out == ""
        assert part in printed.err.splitlines()[-1]
        with Gallery.open() as gallery:
            assert [(person.name, person.samples) for person in gallery.people()] == [("Ada", 1)]

    def test_insisting_helps(self, album: Path, capsys: pytest.CaptureFixture[str]) -> None:
        run("enroll", "Ada", album / "ada.png", "--consent")
        assert run("enroll", "Eve", album / "ada.png", "--consent", "--anyway") == 0
        assert "the face is like Ada's (similarity 1.00)" in capsys.readouterr().out

    def test_without_a_recogniser_it_is_one_line(
        self, album: Path, weights: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (weights / "embedder.toml").unlink()
        monkeypatch.setenv("AGE_MIRROR_WEIGHTS", str(weights))
        assert run("enroll", "Ada", album / "ada.png", "--consent") == 1
        assert "faces cannot be recognised: no weights" in one_line(capsys.readouterr().err)
        assert not gallery_file().exists()

    def test_without_keyring_and_passphrase_it_is_one_line(
        self, album: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.delenv(vault.PASSPHRASE_VARIABLE)
        assert run("enroll", "Ada", album / "ada.png", "--consent") == 1
        assert vault.PASSPHRASE_VARIABLE in one_line(capsys.readouterr().err)


class TestAgePerson:
    def age(self, source: Path, target: Path, name: str = "Ada", *more: object) -> int:
        return run("age", source, target, "--target-age", 70, "--person", name, *more)

    def test_only_that_persons_face_is_changed(
        self, album: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        run("enroll", "Ada", album / "ada.png", "--consent")
        capsys.readouterr()
        assert self.age(album / "both.png", tmp_path / "out.png", "ada", "--source-age", 30) == 0
        assert "1 face aged" in capsys.readouterr().out
        before, after = (np.array(cv2.imread(str(path))) for path in (album / "both.png", tmp_path / "out.png"))
        changed = (before != after).any(axis=2)
        assert changed[:, :630].any()
        assert not changed[:, 630:].any()

    def test_a_picture_without_that_person_is_copied_and_it_is_told(
        self, album: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        run("enroll", "Ada", album / "ada.png", "--consent")
        capsys.readouterr()
        assert self.age(album / "cleo.png", tmp_path / "out.png") == 0
        assert "Ada was not recognised; copied unchanged" in capsys.readouterr().out
        assert (tmp_path / "out.png").read_bytes() == (album / "cleo.png").read_bytes()

    def test_somebody_unknown_is_told_before_any_work(
        self, album: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert self.age(album / "ada.png", tmp_path / "out.png") == 1
        assert "nobody called 'Ada' is enrolled" in one_line(capsys.readouterr().err)
        assert not gallery_file().exists()
        run("enroll", "Ada", album / "ada.png", "--consent")
        capsys.readouterr()
        assert self.age(album / "ada.png", tmp_path / "out.png", "Bob") == 1
        assert "nobody called 'Bob' is enrolled" in one_line(capsys.readouterr().err)
        assert not (tmp_path / "out.png").exists()

    def test_a_locked_gallery_is_told_and_not_taken_for_nobody(
        self, album: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        run("enroll", "Ada", album / "ada.png", "--consent")
        capsys.readouterr()
        monkeypatch.delenv(vault.PASSPHRASE_VARIABLE)
        assert self.age(album / "ada.png", tmp_path / "out.png") == 1
        assert "passphrase" in one_line(capsys.readouterr().err)

    def test_a_video_too(self, album: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        run("enroll", "Ada", album / "ada.png", "--consent")
        with Gallery.open() as gallery:
            gallery.set_target_age(gallery.people()[0].id, 5)
        capsys.readouterr()
        clip, out = tmp_path / "clip.mp4", tmp_path / "out.mp4"
        both = np.ascontiguousarray(np.hstack([person_picture(0, 480), person_picture(2, 480)]))
        with VideoWriter(clip, size=(960, 480), rate=Fraction(25), sound_from=None) as writer:
            for i in range(10):
                writer.write(both, i * 40_000_000)
        assert self.age(clip, out, "Ada", "--source-age", 30, "--size", 256) == 0
        assert "10 frames, faces aged in 10" in capsys.readouterr().out
        with VideoSource(out, paced=False) as video:
            last = list(iter(video.read, None))[-1]
        assert last is not None
        difference = np.abs(last.image.astype(int) - both).mean(axis=2)
        assert difference[:, :480].mean() > 3 * difference[:, 480:].mean()
