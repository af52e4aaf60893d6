"""The detector's training: it learns, resumes, publishes what the engine then runs, and refuses what does not fit."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.detection.anchor_faces import AnchorDetector
from engine.networks.detector import DetectorNet
from engine.weights.loading import load_module
from engine.weights.store import find
from training.checkpoints import CheckpointError
from training.data.scenes import ScenesConfig, load_scenes, prepare_scenes
from training.data.sets import DataError
from training.data.synthetic_scenes import write_maskon_like, write_smoke_scenes
from training.evaluation.detector import EvaluateDetectorConfig, evaluate_detector
from training.loops.detector import (
    DetectorConfig,
    Mosaics,
    build_network,
    find_faces,
    from_loader,
    sizes_by_stride,
    suggest_anchors,
    train,
)
from training.losses.detection import Wanted, detection_losses

TINY = DetectorConfig(
    side=96,
    batch=4,
    stem=4,
    widths=(6, 6, 8),
    blocks=(1, 1, 1),
    pyramid=6,
    steps=2,
    save_every=1,
    large_every=2,
    limit=1,
)


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Drawn scenes ("data") and a small untrained detector in a folder of weights ("weights")."""
    return write_smoke_scenes(tmp_path_factory.mktemp("detector"), "EvaluateDetectorConfig")


@pytest.fixture(scope="module")
def data(places: dict[str, str]) -> Path:
    return Path(places["data"])


def test_anchors_are_shared_out_smallest_to_the_finest_grid() -> None:
    assert sizes_by_stride((1.0, 2.0, 3.0, 4.0, 5.0, 6.0)) == [[1, 2], [3, 4], [5, 6]]
    with pytest.raises(ValueError, match="multiple of 3"):
        sizes_by_stride((1.0, 2.0))


def first_batch(config: DetectorConfig, step: int = 0) -> tuple[torch.Tensor, Wanted]:
    """Pictures and what is wanted of them, as the loop makes them of the samples of one step."""
    mosaics = Mosaics(config)
    made = mosaics.samples()
    units = [made[step * mosaics.per_step + k] for k in range(mosaics.per_step)]
    pictures = torch.stack([torch.from_numpy(picture) for picture, _ in units])
    faces = torch.stack([torch.from_numpy(face) for _, face in units])
    return from_loader(pictures), mosaics.wanted(faces.flatten(0, 1), pictures.shape[2])


def test_every_so_many_batches_the_pictures_are_large_and_few(data: Path) -> None:
    config = replace(TINY, data=str(data), batch=8, large_every=3, steps=3)
    shapes = [tuple(first_batch(config, step)[0].shape) for step in range(3)]
    assert shapes == [(8, 3, 96, 96), (8, 3, 96, 96), (2, 3, 192, 192)]


def test_pictures_go_in_as_rgb_from_0_to_1() -> None:
    picture = torch.zeros(1, 4, 32, 32, 3, dtype=torch.uint8)
    picture[..., 0] = 255  # blue
    batch = from_loader(picture)
    assert batch.shape == (4, 3, 32, 32)
    assert batch[:, 2].min() == 1 and batch[:, :2].max() == 0


def test_faces_come_through_the_loader_as_they_were_composed(data: Path) -> None:
    mosaics = Mosaics(replace(TINY, data=str(data)))
    for number in range(6):
        _, faces = mosaics.samples()[number % 2]
        for index, row in enumerate(faces):
            sample = mosaics.composer.sample(
                96 if len(faces) == 4 else 192, np.random.default_rng((TINY.seed, number % 2, index))
            )
            real = row[row[:, 14] > 0]
            np.testing.assert_array_equal(real[:, :4], sample.boxes)
            np.testing.assert_array_equal(real[:, 4:14].reshape(-1, 5, 2), sample.points)
            np.testing.assert_array_equal(real[:, 14] > 1, sample.ignored)


@pytest.mark.parametrize("values", [{"batch": 6}, {"batch": 0}, {"side": 100}])
def test_sizes_that_do_not_fit_are_told(values: dict[str, int], data: Path) -> None:
    with pytest.raises(DataError, match="multiples of 4 and 32"):
        Mosaics(replace(TINY, data=str(data), **values))  # type: ignore[arg-type]


def test_the_loss_of_one_batch_falls_when_it_is_learned(data: Path) -> None:
    torch.manual_seed(0)
    network = build_network(TINY)
    images, target = first_batch(replace(TINY, data=str(data)))
    optimiser = torch.optim.AdamW(network.parameters(), lr=3e-3)
    totals = []
    for _ in range(25):
        losses = detection_losses(network.raw(images), target)
        total = torch.stack(list(losses.values())).sum()
        optimiser.zero_grad()
        total.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        totals.append(total.item())
    assert totals[-1] < 0.8 * totals[0]


def test_a_stopped_run_continues_as_if_it_had_not_been_stopped(data: Path, tmp_path: Path) -> None:
    whole = replace(TINY, data=str(data), out=str(tmp_path / "whole"), steps=3)
    train(whole)
    parts = replace(whole, out=str(tmp_path / "parts"))
    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("training.loops.detector.detection_losses", _break_off_after(2))
        train(parts)
    train(parts, resume=True)
    states = [torch.load(tmp_path / name / "state.pt", weights_only=True) for name in ("whole", "parts")]
    assert states[0]["step"] == states[1]["step"] == 3
    for key, value in states[0]["network"].items():
        torch.testing.assert_close(value, states[1]["network"][key], msg=key)


def _break_off_after(steps: int) -> Callable[[torch.Tensor, Wanted], dict[str, torch.Tensor]]:
    """The losses of so many steps, then Ctrl-C."""
    done = 0

    def losses(raw: torch.Tensor, target: Wanted) -> dict[str, torch.Tensor]:
        nonlocal done
        if done == steps:
            raise KeyboardInterrupt
        done += 1
        return detection_losses(raw, target)

    return losses


def test_a_checkpoint_of_another_network_is_refused(data: Path, tmp_path: Path) -> None:
    config = replace(TINY, data=str(data), out=str(tmp_path), steps=1)
    train(config)
    with pytest.raises(CheckpointError, match="pyramid"):
        train(replace(config, pyramid=8), resume=True)


def test_the_engine_finds_what_the_loop_finds(places: dict[str, str], data: Path) -> None:
    """The published network through OpenVINO against the network in training, on one picture."""
    weights = Path(places["weights"])
    module = load_module(find("detector", weights))
    assert isinstance(module, DetectorNet)
    image = load_scenes(data).picture(0)
    detector = AnchorDetector.load("cpu", folder=weights, precision="f32", min_score=0.0)
    engine = detector.detect(image)
    detector.close()
    loop = find_faces(module, image, DetectorConfig(anchors_px=(16.0, 48.0, 150.0)), min_score=0.0)
    assert len(engine) == len(loop) > 0
    np.testing.assert_allclose(engine.boxes[0], loop.boxes[0], atol=0.1)
    np.testing.assert_allclose(engine.landmarks[0], loop.landmarks[0], atol=0.1)
    assert engine.scores[0] == pytest.approx(float(loop.scores[0]), abs=1e-3)


def test_anchors_are_suggested_from_what_is_composed(data: Path) -> None:
    found = suggest_anchors(replace(TINY, data=str(data)), count=3, pictures=20)
    assert found["anchors_px"] == sorted(found["anchors_px"])
    assert 0.4 < found["mean_best_iou"] <= 1
    assert found["mean_best_iou"] >= found["mean_best_iou_of_config"] - 0.1


def test_evaluation_writes_a_page_the_figures_and_the_curves(places: dict[str, str], tmp_path: Path) -> None:
    config = EvaluateDetectorConfig(
        data=places["data"],
        weights=places["weights"],
        out=str(tmp_path / "out"),
        detectors=("anchor", "mediapipe fast"),
    )
    report = evaluate_detector(config)
    assert report["mediapipe fast"]["recall"] > 0.5, "the demo's face is easy"
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "detectors-test.md", "detectors-test.json", "curves-test.png", "figures.json"
    }  # fmt: skip


def test_the_score_to_work_at_is_chosen_on_val_and_kept_for_test(places: dict[str, str], tmp_path: Path) -> None:
    config = replace(EvaluateDetectorConfig(**places, detectors=("anchor",)), out=str(tmp_path))
    evaluate_detector(replace(config, split="val"))
    chosen = json.loads((tmp_path / "figures.json").read_text())["figures"]
    evaluate_detector(config)
    figures = json.loads((tmp_path / "figures.json").read_text())["figures"]
    assert figures["score_threshold"] == chosen["score_threshold"]
    assert {"maskon_val_ap50", "maskon_test_ap50", "maskon_test_at_work_recall"} <= set(figures)


@pytest.mark.parametrize(
    ("values", "words"),
    [({"detectors": ("haar",)}, "haar"), ({"split": "none"}, "no scenes"), ({"yunet": "nowhere.onnx"}, "nowhere.onnx")],
)
def test_evaluation_says_what_it_does_not_know(
    values: dict[str, object], words: str, data: Path, tmp_path: Path
) -> None:
    config = EvaluateDetectorConfig(data=str(data), out=str(tmp_path), detectors=())
    with pytest.raises(DataError, match=words):
        evaluate_detector(replace(config, **values))  # type: ignore[arg-type]


def test_preparing_and_training_from_a_collection(tmp_path: Path) -> None:
    write_maskon_like(tmp_path / "maskon", count=4)
    prepare_scenes(ScenesConfig(maskon=str(tmp_path / "maskon"), out=str(tmp_path / "scenes")))
    train(replace(TINY, data=str(tmp_path / "scenes"), out=str(tmp_path / "run"), steps=1))
    assert (tmp_path / "run" / "weights.safetensors").is_file()
