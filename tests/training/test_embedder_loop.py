"""The embedder's loop on people drawn by the program: it learns, it resumes, and says what is missing."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.networks.embedder import EmbedderNet
from training.checkpoints import CheckpointError
from training.data.compact import CompactConfig, compact, middle, side
from training.data.faces import load
from training.data.lessons import TURNED, TeachersLessons, as_seen, principal_axes, rotation
from training.data.sets import DataError
from training.data.synthetic import write_people_prepared
from training.loops.embedder import METHODS, EmbedderConfig, deepened, size_at, train

SMALL = EmbedderConfig(
    stem=8, channels=(8, 16), blocks=(1, 1), features=16, dimensions=8, epochs=2, batch=8, hold_out=4,
    sizes=(32, 64), until=(0.5, 1.0),
)  # fmt: skip


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of small ArcFace crops of 6 people, with a made-up teacher's embeddings."""
    folder = tmp_path_factory.mktemp("people")
    write_people_prepared(folder / "wide", people=6, pictures=4)
    compact(CompactConfig(data=str(folder / "wide"), out=str(folder / "small"), template="arcface"))
    rng = np.random.default_rng(0)
    people_s = np.repeat(rng.normal(size=(6, 12)), 4, axis=0)  # as they lie in the folder: four pictures of each
    vectors = (people_s + 0.2 * rng.normal(size=(24, 12))).astype(np.float16)
    np.save(folder / "small" / "teacher.npy", vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
    return folder / "small"


def config(people: Path, out: Path, **changes: object) -> EmbedderConfig:
    return replace(SMALL, data=(str(people),), out=str(out), **changes)  # type: ignore[arg-type]


def test_compact_keeps_the_facts_and_moves_the_points(people: Path) -> None:
    small, wide = load(people), load(people.parent / "wide")
    assert small.crops.shape == (24, side(112), side(112), 3)
    assert (small.years == wide.years).all()
    # The ArcFace square is 0.8 of the wide one, about the same middle column.
    assert small.meshes[0, 1, 0] - 63.5 == pytest.approx((wide.meshes[0, 1, 0] - 128) * 112 / 256 / 0.8, abs=0.6)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_runs_and_writes_what_it_measured(people: Path, tmp_path: Path, method: str) -> None:
    figures = train(config(people, tmp_path, method=method))
    assert figures is not None
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in lines] == [0, 1]
    assert all(np.isfinite(value) for value in figures.values())
    assert "place" in load_file(tmp_path / "weights.safetensors")


def test_a_resumed_run_ends_where_an_uninterrupted_one_does(people: Path, tmp_path: Path) -> None:
    """Beside the learning rate, which depends on the length of the run."""
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    flat = {"until": (1.0, 1.0)}
    train(config(people, whole, **flat))
    state = torch.load(whole / "state.pt", weights_only=True)
    train(config(people, parts, **flat, epochs=2))
    first = torch.load(parts / "state.pt", weights_only=True)
    assert all(torch.equal(state["network"][k], first["network"][k]) for k in state["network"])
    (parts / "log.jsonl").unlink()
    train(config(people, parts, **flat, epochs=3), resume=True)
    assert json.loads((parts / "log.jsonl").read_text())["epoch"] == 2


def test_another_models_checkpoint_is_refused(people: Path, tmp_path: Path) -> None:
    train(config(people, tmp_path, epochs=1))
    with pytest.raises(CheckpointError, match="dimensions"):
        train(config(people, tmp_path, dimensions=4), resume=True)


def test_a_deeper_network_starts_as_the_one_it_goes_on_from() -> None:
    torch.manual_seed(0)
    its = EmbedderNet(8, (8, 16), (1, 2), 16, 8).eval()
    pictures = torch.rand(3, 3, 56, 56)
    with torch.no_grad():
        for blocks in ((1, 2), (3, 2), (2, 4)):
            deeper = EmbedderNet(8, (8, 16), blocks, 16, 8).eval()
            deeper.load_state_dict(deepened(its.state_dict(), deeper))
            torch.testing.assert_close(deeper(pictures), its(pictures))


def test_weights_that_do_not_fit_are_no_start(people: Path, tmp_path: Path) -> None:
    save_file(EmbedderNet(8, (8, 16), (1, 3), 16, 8).state_dict(), tmp_path / "deeper.safetensors")
    (tmp_path / "text.safetensors").write_text("no weights")
    for name in ("deeper", "text", "missing"):
        with pytest.raises(DataError, match="start_from"):
            train(config(people, tmp_path / "run", start_from=str(tmp_path / f"{name}.safetensors")))


def test_learning_by_heart_what_two_faces_are(people: Path, tmp_path: Path) -> None:
    """The loss falls when there is something to be learned."""
    train(config(people, tmp_path, epochs=24, learning_rate=1e-2, sizes=(32,), until=(1.0,), hold_out=8))
    losses = [json.loads(line)["loss"] for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert np.mean(losses[-3:]) < 0.8 * np.mean(losses[:2])


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"method": "guessing"}, "no method"), ({"batch": 999}, "lower `batch`")],
    ids=["unknown method", "batch larger than the data"],
)
def test_bad_configurations_are_told(people: Path, tmp_path: Path, changes: dict[str, object], said: str) -> None:
    with pytest.raises(DataError, match=said):
        train(config(people, tmp_path, **changes))


def test_faces_without_a_teacher_are_told(people: Path, tmp_path: Path) -> None:
    compact(CompactConfig(data=str(people.parent / "wide"), out=str(tmp_path / "bare"), template="arcface"))
    with pytest.raises(DataError, match="training teach"):
        train(config(tmp_path / "bare", tmp_path))


def test_sizes_grow_along_the_run() -> None:
    sizes = [size_at(SMALL, progress) for progress in (0, 0.49, 0.5, 1)]
    assert sizes == [32, 32, 64, 64]


def test_axes_keep_dot_products_of_what_lies_in_them() -> None:
    rng = np.random.default_rng(1)
    vectors = (rng.normal(size=(50, 3)) @ rng.normal(size=(3, 9))).astype(np.float32)
    turned = vectors @ principal_axes(vectors, 3)
    assert np.allclose(turned @ turned.T, vectors @ vectors.T, atol=1e-3)


def test_the_middle_is_the_templates_square_and_as_seen_is_another_each_time() -> None:
    crop = np.random.default_rng(0).integers(0, 255, (128, 128, 3), np.uint8)
    assert (middle(crop) == crop[8:120, 8:120]).all()
    rng = np.random.default_rng(3)
    first, second = as_seen(crop, 96, rng), as_seen(crop, 96, rng)
    assert first.shape == (96, 96, 3) and (first != second).any()


def test_a_rotation_is_found_again() -> None:
    rng = np.random.default_rng(2)
    given = rng.normal(size=(40, 5)).astype(np.float32)
    turn = np.linalg.qr(rng.normal(size=(5, 5)))[0].astype(np.float32)
    assert np.allclose(rotation(given, given @ turn), turn, atol=1e-5)


def test_targets_are_turned_to_where_a_network_has_them_and_stay_as_far_apart(people: Path) -> None:
    """Axes are chance: a network that gives the teacher's points on other axes has learned everything already."""
    lessons, others = (TeachersLessons((str(people),), 8, 4, 1.0) for _ in range(2))
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(8, 8)))[0].astype(np.float32)
    places, about = lessons.epoch(1, np.random.default_rng(0))
    wanted = {
        middle(lessons.crop(place)).tobytes(): lessons.known(int(row)).numpy() @ turn
        for place, row in zip(places, about, strict=True)
    }
    others.meet(lambda crops: np.stack([wanted[crop.tobytes()] for crop in crops]))
    before = torch.stack([lessons.known(int(row)) for row in about]).numpy()
    after = torch.stack([others.known(int(row)) for row in about]).numpy()
    differs = np.abs(after - before).max() > 0.1
    assert differs
    assert np.allclose(after, before @ turn, atol=1e-4)


def test_faces_that_look_aside_come_several_times(people: Path, tmp_path: Path) -> None:
    turned = tmp_path / "turned"
    shutil.copytree(people, turned)
    with np.load(turned / "facts.npz") as facts:
        columns = dict(facts)
    columns["yaw"][:5] = TURNED
    np.savez(turned / "facts.npz", **columns)
    once, thrice = (TeachersLessons((str(turned),), 8, 1000, 1.0, turned=times) for times in (1, 3))
    assert (once.steps(1), thrice.steps(1)) == (24, 24 + 2 * 5)


def test_faces_of_a_folder_named_twice_come_twice_and_none_that_is_held_out(people: Path) -> None:
    once, twice = (TeachersLessons((str(people),) * times, 8, 4, 1.0) for times in (1, 2))
    shown = [sorted(map(tuple, lessons.epoch(1, np.random.default_rng(0))[0].tolist())) for lessons in (once, twice)]
    assert shown[1] == sorted(2 * shown[0])


def test_crops_are_harmed_less_often_if_asked_to() -> None:
    crop = np.full((128, 128, 3), 128, np.uint8)
    rates = []
    for harm in (1.0, 0.2):
        rng = np.random.default_rng(5)
        rates.append(np.mean([as_seen(crop, 96, rng, harm).std() > 0.5 for _ in range(300)]))
    assert 0.2 < rates[0] < 0.7
    assert rates[1] < 0.4 * rates[0]
