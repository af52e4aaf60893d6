"""The command measures through the real program: drawn collections, real detection, real files."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.paths import weights_dir
from engine.recognition.identify import Thresholds
from engine.weights.card import read_card
from tests.builders import scene
from training.cli import main
from training.data.sets import DataError
from training.evaluation import app
from training.evaluation.app import Seen, principal
from training.evaluation.drawn import write_embedder, write_fgnet_like, write_lfw_like
from training.evaluation.embedder import card_thresholds, measure
from training.evaluation.pairs import Protocol
from training.evaluation.report import check_card, table, write_on_card
from training.evaluation.vectors import OnnxEmbedder, own_vectors


def face(*box: float, **more: object) -> dict[str, object]:
    return {"box": list(box), **more}


@pytest.mark.parametrize(
    ("faces", "chosen"),
    [
        ([], None),
        ([face(0, 0, 10, 10)], 0),
        ([face(0, 0, 40, 40), face(30, 30, 66, 66)], 1),  # the middle one, though a little smaller
        ([face(5, 5, 75, 75), face(45, 45, 55, 55)], 0),  # a far larger one beside the middle
    ],
)
def test_the_principal_face_is_large_and_central(faces: list[dict[str, object]], chosen: int | None) -> None:
    found = principal(Seen("a.jpg", 100, 100, tuple(faces)))
    assert found is (None if chosen is None else faces[chosen])


def test_the_program_answers_for_every_picture_in_order(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("face.png", "wall.png", "broken.png", "second.png")]
    cv2.imwrite(str(paths[0]), scene(320, 240, (160, 120, 200)))
    cv2.imwrite(str(paths[1]), np.full((100, 100, 3), 90, np.uint8))
    paths[2].write_bytes(b"no picture")
    cv2.imwrite(str(paths[3]), scene(320, 240, (160, 120, 180)))
    kept = tmp_path / "kept.jsonl"
    answers = app.analyze(paths, kept=kept, processes=2)
    assert [Path(seen.path).name for seen in answers.seen] == [path.name for path in paths]
    assert [len(seen.faces) for seen in answers.seen] == [1, 0, 0, 1]
    assert answers.seen[2].error
    assert app.count(answers.seen) == {"pictures": 4, "unreadable": 1, "no_face": 1, "several_faces": 0}
    # Kept answers are taken as they are, and only what is missing is asked for: here after a run that was cut off.
    lines = kept.read_text(encoding="utf-8").splitlines()
    kept.write_text("\n".join(line for line in lines if "face.png" not in line) + '\n{"path": "', encoding="utf-8")
    again = app.analyze(paths[:2], kept=kept, reuse=True)
    assert again.seen == answers.seen[:2]
    assert app.analyze(paths[1:], kept=kept, reuse=True).ms_per_picture == 0.0


def test_a_program_that_cannot_begin_is_told_in_its_own_words(tmp_path: Path) -> None:
    picture = tmp_path / "face.png"
    cv2.imwrite(str(picture), scene(320, 240, (160, 120, 200)))
    with pytest.raises(DataError, match="0 of 1 pictures: no weights are called 'age'"):
        app.analyze([picture], weights=tmp_path)


def test_ages_are_measured_and_written_on_the_card(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_fgnet_like(tmp_path / "fgnet")
    cv2.imwrite(str(tmp_path / "fgnet" / "003A40.JPG"), np.full((120, 120, 3), 80, np.uint8))
    for path in weights_dir().glob("age.*"):
        shutil.copy(path, tmp_path / path.name)
    card, out = tmp_path / "age.toml", tmp_path / "out"
    before = read_card(card)
    assert main(["evaluate", "age", "--fgnet", str(tmp_path / "fgnet"), "--out", str(out), "--card", str(card)]) == 0
    printed = capsys.readouterr().out
    report = json.loads((out / "age.json").read_text(encoding="utf-8"))
    figures = report["figures"]
    assert (figures["fgnet_pictures"], figures["fgnet_missed"]) == (5, 1)
    assert report["sets"]["fgnet"]["missed_files"] == ["003A40.JPG"]
    assert (out / "age.md").read_text(encoding="utf-8").strip() in printed
    assert cv2.imread(str(out / "age.png")) is not None
    after = read_card(card)
    assert after.figures["fgnet_mae_years"] == pytest.approx(figures["fgnet_mae_years"], abs=1e-4)
    assert set(before.figures) < set(after.figures)
    assert after.sha256 == before.sha256


def test_pairs_are_measured_with_another_network(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_lfw_like(tmp_path / "lfw", blank=True)
    network, out = write_embedder(tmp_path / "embedder.xml"), tmp_path / "out"
    assert (
        main(["evaluate", "embedder", "--lfw", str(tmp_path / "lfw"), "--onnx", str(network), "--out", str(out)]) == 0
    )
    report = json.loads((out / "embedder.json").read_text(encoding="utf-8"))
    figures = report["figures"]
    assert figures["lfw_pairs"] == 8
    assert report["sets"]["lfw"]["counts"]["no_face"] == 1
    assert 0 < figures["lfw_pairs_missed"] < 8
    assert figures["lfw_accuracy_strict"] < figures["lfw_accuracy"] < 1
    assert cv2.imread(str(out / "embedder.png")) is not None
    assert "| LFW" in capsys.readouterr().out


def test_kept_faces_embedded_again_have_the_vectors_that_analyze_gave_them(tmp_path: Path) -> None:
    write_lfw_like(tmp_path / "lfw")
    command = ["evaluate", "embedder", "--lfw", str(tmp_path / "lfw"), "--out", str(tmp_path / "out")]
    assert main(command) == 0
    first = json.loads((tmp_path / "out" / "embedder.json").read_text(encoding="utf-8"))["figures"]
    assert main([*command, "--reuse", "--again"]) == 0
    second = json.loads((tmp_path / "out" / "embedder.json").read_text(encoding="utf-8"))["figures"]
    assert second == pytest.approx(first, abs=2e-3)  # the kept landmarks are rounded


def test_a_pair_with_a_missed_face_has_similarity_0_and_is_counted() -> None:
    vectors = np.array([[1, 0], [1, 0], [0, 1], [0, 0]], np.float32)
    first, second = np.array([0, 2, 0, 2]), np.array([1, 3, 2, 3])
    same = np.array([True, True, False, False])
    found = measure(Protocol("lfw", first, second, same, np.array([0, 1, 0, 1])), vectors)
    assert found.similarity.tolist() == [1, 0, 0, 0]
    assert found.figures["pairs_missed"] == 2
    assert found.figures["accuracy_strict"] == pytest.approx(found.figures["accuracy"] - 0.25)


def test_vectors_of_the_program_belong_to_the_principal_face() -> None:
    small, large = face(0, 0, 10, 10, embedding=[0.0, 1.0]), face(20, 20, 80, 80, embedding=[1.0, 0.0])
    seen = [Seen("a", 100, 100, (small, large)), Seen("b", 100, 100), Seen("c", error="broken")]
    assert own_vectors(seen).tolist() == [[1, 0], [0, 0], [0, 0]]
    with pytest.raises(DataError, match="gives no embeddings"):
        own_vectors([Seen("a", 100, 100, (face(0, 0, 9, 9),))])


def test_a_file_that_is_no_network_is_told(tmp_path: Path) -> None:
    (tmp_path / "x.onnx").write_bytes(b"nothing")
    with pytest.raises(DataError, match="no network"):
        OnnxEmbedder(tmp_path / "x.onnx")


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["age"], 2, "nothing to measure on"),
        (["embedder"], 2, "nothing to measure on"),
        (["age", "--fgnet", "nowhere"], 1, "no FG-NET pictures"),
        (["embedder", "--lfw", "nowhere"], 1, "no pairs.txt"),
        (["age", "--fgnet", ".", "--limit", "3", "--card", "age.toml"], 2, "--limit"),
        (["age", "--fgnet", ".", "--reuse", "--card", "age.toml"], 2, "--reuse"),
        (["embedder", "--lfw", ".", "--onnx", "x.onnx", "--card", "embedder.toml"], 2, "--onnx"),
        (["age", "--fgnet", ".", "--card", "age.toml"], 1, "age.toml"),
        (["steady", "--clip", "nowhere.mp4"], 1, "nowhere.mp4"),
    ],
)
def test_wrong_usage_gets_one_clear_line(
    arguments: list[str],
    status: int,
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["evaluate", *arguments]) == status
    said = capsys.readouterr().err
    assert words in said
    assert len(said.strip().splitlines()) == 1


def test_the_generators_scorecard_keeps_both_spellings(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "--dry-run", "--set", "people=3"]) == 0
    old = capsys.readouterr().out
    assert main(["evaluate", "aging", "--dry-run", "--set", "people=3"]) == 0
    assert capsys.readouterr().out == old
    assert json.loads(old)["people"] == 3


def test_the_steady_task_runs_on_the_demo(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "steady", "--seconds", "2", "--out", str(tmp_path)]) == 0
    assert "| demo" in capsys.readouterr().out
    assert json.loads((tmp_path / "steady.json").read_text(encoding="utf-8"))["figures"]


def test_a_card_of_other_weights_is_refused_before_the_work(tmp_path: Path) -> None:
    shutil.copy(weights_dir() / "age.toml", tmp_path / "age.toml")
    with pytest.raises(DataError, match="card of 'age'"):
        check_card(tmp_path / "age.toml", "embedder")
    write_on_card(tmp_path / "age.toml", {"x_mae_years": 1.23456})
    assert read_card(tmp_path / "age.toml").figures["x_mae_years"] == 1.2346


def test_a_table_lines_up() -> None:
    assert table(("set", "MAE"), [("A", "5.1"), ("Longer", "10.25")]).splitlines() == [
        "| set    |   MAE |",
        "|--------|------:|",
        "| A      |   5.1 |",
        "| Longer | 10.25 |",
    ]


def test_the_card_gets_the_strictest_thresholds_under_the_names_that_the_program_reads() -> None:
    figures = {
        "lfw_threshold_far_1e-3": 0.3, "cfp_threshold_far_1e-3": 0.35,
        "lfw_threshold_far_1e-4": 0.45, "cfp_threshold_far_1e-4": 0.4, "lfw_threshold_far_1e-3_high": 0.9,
    }  # fmt: skip
    found = card_thresholds(figures)
    assert found == {"verify_threshold": 0.35, "identify_threshold": 0.45, "false_accept_rate": 1e-3}
    assert Thresholds.of(found) == Thresholds(0.35, 0.45, 1e-3)
