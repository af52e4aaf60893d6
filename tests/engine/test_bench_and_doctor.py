"""Bench and doctor run through and tell what they should; numbers themselves are not judged here."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pytest

from engine import bench, doctor
from engine.capture.camera_list import CameraInfo
from engine.cli import main
from engine.paths import gallery_file, settings_file
from engine.recognition import vault
from engine.recognition.gallery import Gallery
from tests.fakes.people import samples


@pytest.fixture(autouse=True)
def random_networks(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGE_MIRROR_WEIGHTS", str(weights))


def run(*argv: object) -> int:
    return main([str(each) for each in argv], run_app=lambda *a, **o: pytest.fail("the window was opened"))


class TestBench:
    def test_prints_a_table_and_writes_the_same_as_json(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(bench, "QUICK_RUNS", 2)
        monkeypatch.setattr(bench, "WARM_UP", 1)
        assert run("bench", "--quick", "--json", tmp_path / "b.json") == 0
        printed = capsys.readouterr()
        report = json.loads((tmp_path / "b.json").read_text(encoding="utf-8"))
        assert {"commit", "system", "processor", "python", "runs", "timings", "jitter"} == set(report)
        parts = {timing["part"] for timing in report["timings"]}
        assert parts == {
            "ager",
            "age",
            "embedder",
            "age a face",
            "mediapipe",
            "detect",
            "mesh",
            "align",
            "mask",
            "stabilise",
            "hair",
            "blend",
        }
        for timing in report["timings"]:
            assert 0 < timing["low_ms"] <= timing["median_ms"] <= timing["high_ms"]
            assert bench.timing_line(bench.Timing(**timing)) in printed.out
        ways = {(t["device"], t["threads"]) for t in report["timings"] if t["part"] == "ager"}
        assert ("cpu/openvino/f32", 1) in ways
        for jitter in report["jitter"]:
            assert 0 < jitter["smoothed_px"] < jitter["raw_px"] < 2
            assert bench.jitter_line(bench.Jitter(**jitter)) in printed.out

    def test_networks_that_do_not_run_are_told_and_the_rest_is_measured(
        self, weights: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        for path in weights.iterdir():
            path.unlink()
        monkeypatch.setattr(bench, "time_stages", lambda *a: [bench.Timing("detect", "fast", "cpu", 0, 2.0, 1.0, 3.0)])
        monkeypatch.setattr(bench, "JITTER_FRAMES", 18)
        assert run("bench", "--quick") == 0
        printed = capsys.readouterr()
        assert "no weights are called 'ager'" in printed.err
        assert "detect" in printed.out
        assert "five points" in printed.out

    def test_an_unwritable_json_file_is_one_line(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert run("bench", "--quick", "--json", tmp_path / "nowhere" / "b.json") == 1
        printed = capsys.readouterr()
        assert "cannot write" in printed.err
        assert printed.err.count("\n") == 1
        assert printed.out == "", "said before the work, not after"

    def test_timed_gives_median_and_quartiles(self) -> None:
        naps = iter([0.0] * bench.WARM_UP + [0.001, 0.002, 0.02, 0.001, 0.002])
        median, low, high = bench.timed(lambda: time.sleep(next(naps)), 5)
        assert 1 <= low <= median <= high < 20
        assert median < 8

    def test_spread_of_points_is_their_standard_deviation(self) -> None:
        rng = np.random.default_rng(0)
        points = [rng.normal(0, [3, 4], (50, 2)).astype(np.float32) for _ in range(300)]
        assert bench._spread(points) == pytest.approx(5.0, rel=0.05)
        assert bench._spread([points[0]] * 9) == pytest.approx(0, abs=1e-6)


class TestDoctor:
    @pytest.fixture(autouse=True)
    def no_cameras(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("engine.capture.camera_list.list_cameras", lambda: ())

    def test_a_healthy_house_has_nothing_to_fix(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run("doctor", "--device", "cpu") == 0
        page = capsys.readouterr().out
        assert page.rstrip().endswith("Nothing to fix.")
        for part in ("commit", "openvino", "cpu/openvino/", "ager.safetensors", "  ok", "none found", "settings"):
            assert part in page

    def test_a_damaged_file_is_named_once_with_its_remedy(
        self, weights: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (weights / "ager.bin").write_bytes(b"0")
        assert run("doctor", "--device", "cpu") == 1
        page = capsys.readouterr().out
        fixes = [line for line in page.splitlines() if line.startswith("  - ")]
        assert len(fixes) == 1
        assert "ager.bin is damaged" in fixes[0]
        assert "python -m training export ager" in fixes[0]
        assert "WRONG" in page

    def test_without_the_recogniser_the_mirror_runs(self, weights: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert run("doctor", "--device", "cpu") == 0
        assert "embedder.safetensors" in capsys.readouterr().out
        for path in weights.glob("embedder*"):
            path.unlink()
        assert run("doctor", "--device", "cpu") == 0
        assert "nobody is recognised" in capsys.readouterr().out

    def test_no_weights_at_all(self, weights: Path, capsys: pytest.CaptureFixture[str]) -> None:
        for path in weights.iterdir():
            path.unlink()
        assert run("doctor", "--device", "cpu") == 1
        assert "restore the folder weights/" in capsys.readouterr().out

    def test_a_broken_card(self, weights: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (weights / "age.toml").write_text("name = ")
        assert run("doctor", "--device", "cpu") == 1
        assert "not a valid card" in capsys.readouterr().out

    def test_a_device_that_is_not_there(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run("doctor", "--device", "mps") == 1
        assert "no mps device was found" in capsys.readouterr().out

    def test_broken_settings(self, capsys: pytest.CaptureFixture[str]) -> None:
        settings_file().parent.mkdir(parents=True, exist_ok=True)
        settings_file().write_text("size = ")
        assert run("doctor", "--device", "cpu") == 1
        assert "delete it" in capsys.readouterr().out

    def test_people_are_counted_without_their_key(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(vault, "SCRYPT_N", 16)
        with Gallery.open() as gallery:
            gallery.unlock("of the people")
            gallery.add("Ada", samples(1), "consent")
        page = doctor.Page()
        assert doctor._gallery_state(page) == "1 enrolled, 3 samples; a passphrase opens them"
        gallery_file().write_bytes(b"noise" * 1000)
        assert doctor._gallery_state(page) == "cannot be read"
        assert "is damaged" in page.fixes[0]

    def test_nobody_is_enrolled(self) -> None:
        assert doctor._gallery_state(doctor.Page()) == "nobody is enrolled"
        assert not gallery_file().exists()

    def test_cameras_are_listed(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        cameras = (CameraInfo(0, "Integrated Camera", ""), CameraInfo(1, "Desk", "", True))
        monkeypatch.setattr("engine.capture.camera_list.list_cameras", lambda: cameras)
        run("doctor", "--device", "cpu")
        page = capsys.readouterr().out
        assert "Integrated Camera\n" in page
        assert "Desk  (busy: another program is using it)" in page

    def test_a_missing_package_is_told(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(doctor, "PACKAGES", ("numpy", "torchless-unheard-of"))
        assert run("doctor", "--device", "cpu") == 1
        page = capsys.readouterr().out
        assert "MISSING" in page
        assert "start with ./run" in page

    def test_without_git_the_commit_is_unknown(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", "")
        assert doctor.commit() == "unknown"
