"""The loop of the ladder: what it must never do, that it resumes, and what it leaves behind."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from engine.networks.faces import BANDS
from tests.training.faces import face_set, write_faces
from training.checkpoints import CheckpointError
from training.cli import CONFIGS, TASKS
from training.data.faces import load
from training.data.sets import DataError
from training.house import Machine, Run
from training.ladder import pictures
from training.ladder.config import GanConfig
from training.ladder.data import Faces, as_images, as_tensor, face_part, labels_of
from training.ladder.diary import wishes
from training.ladder.loop import GanTrainer, train
from training.ladder.translate import CycleConfig
from training.ladder.translate import train as train_cycle

TINY = GanConfig(
    size=16, latent=4, width=4, batch=4, steps=3, save_every=1, measure_every=3, measure_faces=8, yaw_limit=9.0
)
STEADY = {"rung": "stylegan2", "r1": 1.0, "r2": 1.0, "gradient_penalty": 1.0, "path_length": 1.0, "penalty_every": 2}
HERE = Machine(accelerator="cpu", precision="32-true")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_faces(tmp_path_factory.mktemp("ladder") / "faces", face_set(60, side=64))


def config(data: Path, out: Path, **changes: object) -> GanConfig:
    return replace(TINY, data=str(data), out=str(out), **changes)  # type: ignore[arg-type]


def trainer(settings: GanConfig) -> GanTrainer:
    return GanTrainer(settings, Faces(settings, "train", settings.size), Run(settings, HERE))


# -- data -------------------------------------------------------------------------------------------------------------


def test_every_face_comes_once_before_any_comes_twice(data: Path, tmp_path: Path) -> None:
    faces = Faces(config(data, tmp_path), "train", 16)
    faces.labels = np.stack([np.arange(len(faces))] * 2, 1)

    def order(seed: int) -> list[int]:
        """Of one epoch, in batches of one."""
        return [int(faces.batch(number, 1, seed)[1][0, 0]) for number in range(len(faces))]

    assert sorted(order(1)) == list(range(len(faces)))
    assert order(1) == order(1) != order(2)
    across = faces.batch(len(faces) // 4, 4, 1)[1][:, 0].tolist()  # the last of this epoch, the first of the next
    left = len(faces) % 4
    assert across[:left] == order(1)[len(faces) - left :]


def test_only_the_wanted_faces_are_shown(data: Path, tmp_path: Path) -> None:
    all_faces = load(data)
    wanted = all_faces.rows("train")
    wanted = wanted[~all_faces.grey[wanted] & (all_faces.yaw[wanted] <= 0.5) & (all_faces.years[wanted] >= 30)]
    faces = Faces(config(data, tmp_path, yaw_limit=0.5, youngest=30), "train", 16)
    assert len(faces) == len(wanted)
    assert (faces.labels == labels_of(all_faces, wanted)).all()
    with pytest.raises(DataError, match="at least two"):
        Faces(config(data, tmp_path, youngest=100), "train", 16)


def test_pictures_survive_the_way_to_a_tensor_and_back() -> None:
    images = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 3), np.uint8)
    tensor = as_tensor(images)
    assert float(tensor.min()) >= -1 and float(tensor.max()) <= 1
    assert tensor[0, 0, 0, 0] == pytest.approx(images[0, 0, 0, 2] / 127.5 - 1)  # red first
    assert (as_images(tensor) == images).all()


def test_the_face_part_of_a_crop_is_around_the_face() -> None:
    crop = np.zeros((100, 100, 3), np.uint8)
    crop[30:80, 25:75] = 255  # half of the side, centred at (0.5, 0.55)
    assert (face_part(crop, 0.5, 25) == 255).all()
    assert (face_part(crop, 1.0, 100) == crop).all()


def test_ages_fall_into_the_right_bands() -> None:
    faces = replace(face_set(6), years=np.array([0, 2, 3, 69, 70, 99]), gender=np.array([0, 1, -1, 0, 1, 0]))
    assert labels_of(faces, np.arange(6)).tolist() == [[0, 0], [0, 1], [1, 2], [7, 0], [8, 1], [8, 0]]


# -- steps ------------------------------------------------------------------------------------------------------------


def test_a_generator_step_leaves_no_gradient_in_the_discriminator(data: Path, tmp_path: Path) -> None:
    one = trainer(config(data, tmp_path, **STEADY))
    real, labels = one.real(0)
    before = [p.clone() for p in one.critic.network.parameters()]
    one.generator_step(real, labels, penalise=True)
    assert all(p.grad is None for p in one.critic.network.parameters())
    assert all(torch.equal(a, b) for a, b in zip(before, one.critic.network.parameters(), strict=True))
    assert all(p.requires_grad for p in one.critic.network.parameters())


def test_a_discriminator_step_leaves_the_generator_alone(data: Path, tmp_path: Path) -> None:
    one = trainer(config(data, tmp_path, **STEADY))
    real, labels = one.real(0)
    before = [p.clone() for p in one.generator.network.parameters()]
    losses = one.critic_step(real, labels, penalise=True)
    assert {"critic", "r1", "r2", "gradient_penalty"} <= losses.keys()
    assert all(p.grad is None for p in one.generator.network.parameters())
    assert all(torch.equal(a, b) for a, b in zip(before, one.generator.network.parameters(), strict=True))


def test_penalties_come_in_every_so_many_th_step_and_so_much_heavier(data: Path, tmp_path: Path) -> None:
    often = trainer(config(data, tmp_path / "1", rung="dcgan", r1=1.0))
    rarely = trainer(config(data, tmp_path / "2", rung="dcgan", r1=1.0, penalty_every=5))
    assert float(rarely.step(0)["r1"]) == pytest.approx(5 * float(often.step(0)["r1"]), rel=1e-4)
    assert "r1" not in rarely.step(1)


def test_path_length_needs_styles(data: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="path_length is for stylegan2"):
        trainer(config(data, tmp_path, rung="dcgan", path_length=1.0)).step(0)


@pytest.mark.parametrize(
    "changes",
    [{"rung": "dcgan"}, {"rung": "spectral", "critic_steps": 2, "game": "hinge"}, {"rung": "progressive"}, STEADY],
    ids=["dcgan", "spectral", "progressive", "stylegan2"],
)
def test_a_resumed_run_ends_where_a_whole_one_does(data: Path, tmp_path: Path, changes: dict[str, object]) -> None:
    whole = config(data, tmp_path / "whole", **changes)
    train(whole, machine=HERE)
    parts = replace(whole, out=str(tmp_path / "parts"))
    _stop_before(parts, 2)
    train(parts, resume=True, machine=HERE)
    states = [torch.load(tmp_path / name / "state.pt", weights_only=True) for name in ("whole", "parts")]
    assert states[0]["step"] == states[1]["step"] == 3
    for key in ("generator", "critic", "average"):
        for name, value in states[0][key].items():
            torch.testing.assert_close(value, states[1][key][name], msg=f"{key} {name}", rtol=0, atol=0)
    assert states[0]["mean_path"] == states[1]["mean_path"]
    sheets = [[path.read_bytes() for path in pictures.sheets(tmp_path / name)] for name in ("whole", "parts")]
    assert sheets[0] == sheets[1]


def test_a_grown_run_goes_on_with_more_steps_as_one_that_was_planned_longer(data: Path, tmp_path: Path) -> None:
    longer = config(data, tmp_path / "longer", rung="progressive", grow_steps=1, steps=3)
    train(longer, machine=HERE)
    shorter = replace(longer, out=str(tmp_path / "shorter"), steps=2)
    train(shorter, machine=HERE)
    train(replace(shorter, steps=3), resume=True, machine=HERE)
    states = [torch.load(tmp_path / name / "state.pt", weights_only=True) for name in ("longer", "shorter")]
    for name, value in states[0]["generator"].items():
        torch.testing.assert_close(value, states[1]["generator"][name], msg=name, rtol=0, atol=0)


def test_a_rung_grows_for_its_grow_steps_and_then_stays(data: Path, tmp_path: Path) -> None:
    one = trainer(config(data, tmp_path, rung="progressive", grow_steps=10, steps=100))
    seen = []
    for number in (0, 5, 10, 50):
        one.grow(number)
        assert one.generator.network.progress == one.critic.network.progress == one.average.network.progress
        seen.append(one.critic.network.progress)
    assert seen[0] == 0 < seen[1] < seen[2] == seen[3] == one.critic.network.levels


def test_a_run_shorter_than_its_grow_steps_ends_grown(data: Path, tmp_path: Path) -> None:
    assert train(config(data, tmp_path, rung="progressive", grow_steps=1000, steps=2), machine=HERE) is not None


def test_rates_fall_evenly_at_the_end(data: Path, tmp_path: Path) -> None:
    one = trainer(config(data, tmp_path, steps=100, fall_steps=20, generator_rate=1e-3, discriminator_rate=2e-3))
    for number, share in ((0, 1.0), (79, 1.0), (80, 1.0), (90, 0.5), (99, 0.05)):
        one.pace(number)
        rates = [learner.optimiser.param_groups[0]["lr"] for learner in (one.generator, one.critic)]
        assert rates == pytest.approx([share * 1e-3, share * 2e-3])


def test_how_a_run_ends_may_be_decided_on_the_way(data: Path, tmp_path: Path) -> None:
    planned = config(data, tmp_path / "planned", rung="dcgan", steps=3, fall_steps=1, average_decay=0.1)
    train(planned, machine=HERE)
    later = replace(planned, out=str(tmp_path / "later"), steps=2, fall_steps=0)
    train(later, machine=HERE)
    train(replace(later, steps=3, fall_steps=1), resume=True, machine=HERE)
    states = [torch.load(tmp_path / name / "state.pt", weights_only=True) for name in ("planned", "later")]
    for name, value in states[0]["average"].items():
        torch.testing.assert_close(value, states[1]["average"][name], msg=name, rtol=0, atol=0)


def _stop_before(settings: GanConfig, step: int) -> None:
    """Breaks the run off there, as Ctrl-C would."""
    done = GanTrainer.step

    def until(self: GanTrainer, number: int) -> dict[str, torch.Tensor]:
        if number == step:
            raise KeyboardInterrupt
        return done(self, number)

    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(GanTrainer, "step", until)
        train(settings, machine=HERE)


def test_the_generator_learns_what_colour_faces_have(tmp_path: Path) -> None:
    faces = face_set(40, side=64)
    faces.crops[:] = (40, 90, 200)
    data = write_faces(tmp_path / "faces", faces)
    settings = config(
        data, tmp_path, rung="basic", width=16, steps=150, batch=16, generator_rate=2e-3, discriminator_rate=2e-3,
        save_every=150, measure_every=150, average_decay=0.9,
    )  # fmt: skip
    train(settings, machine=HERE)
    with Image.open(pictures.sheets(tmp_path)[-1]) as sheet:
        colour = np.median(np.asarray(sheet.convert("RGB")).reshape(-1, 3), 0)
    assert np.abs(colour - (200, 90, 40)).max() < 45


# -- what is wrong gets one line --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"game": "chess"}, "no game"),
        ({"rung": "ladder"}, "no rung"),
        ({"size": 28, "rung": "dcgan"}, "expected 8, 16"),
        ({"data": "nowhere"}, "no prepared faces"),
        ({"generator_rate": 1e30}, "no longer finite"),
        ({"generator_rate": float("nan")}, "generator_rate = nan: a number above 0"),
        ({"critic_steps": 0}, "critic_steps = 0"),
        ({"momentum": (0.5,)}, "two betas"),
        ({"measure_faces": 1}, "at least 2"),
    ],
    ids=["game", "rung", "size", "data", "runaway", "rate", "no turns", "momentum", "one face"],
)
def test_what_does_not_fit_is_told(data: Path, tmp_path: Path, changes: dict[str, object], said: str) -> None:
    with pytest.raises(DataError, match=said):
        train(replace(config(data, tmp_path), **changes), machine=HERE)  # type: ignore[arg-type]


def test_several_devices_are_refused(data: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="one device"):
        train(config(data, tmp_path), machine=Machine(devices="2"))


@pytest.mark.parametrize("key", ["grow_steps", "fall_steps"])
def test_fewer_steps_than_none_are_refused(data: Path, tmp_path: Path, key: str) -> None:
    with pytest.raises(DataError, match=f"{key} = -1"):
        train(config(data, tmp_path, **{key: -1}), machine=HERE)


def test_another_rungs_checkpoint_is_refused(data: Path, tmp_path: Path) -> None:
    train(config(data, tmp_path, steps=1), machine=HERE)
    with pytest.raises(CheckpointError, match="rung"):
        train(config(data, tmp_path, rung="dcgan"), resume=True, machine=HERE)


# -- what a run leaves behind -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def finished(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("finished")
    train(config(data, out, rung="conditional"), machine=HERE)
    return out


def test_a_run_leaves_all_its_pictures(finished: Path) -> None:
    names = {"curves.png", "interpolation.png", "real-and-fake.png", "feature-maps.png", "progress.gif"}
    assert names <= {path.name for path in finished.iterdir()}
    for name in names:
        with Image.open(finished / name) as picture:
            picture.load()
    assert [path.name for path in pictures.sheets(finished)] == ["0000001.png", "0000002.png", "0000003.png"]


def test_metrics_say_what_they_are_measured_with_and_against(finished: Path) -> None:
    facts = json.loads((finished / "metrics.json").read_text())
    assert "not comparable" in facts["note"]
    assert len(facts["features"]["sha256"]) == 64
    assert facts["reference"]["part"] == "val" and facts["reference"]["faces"] > 1
    assert facts["parameters"]["generator"] > 0
    assert [line["step"] for line in facts["by_step"]] == [3]
    for name in ("own_fid", "own_kid", "own_fid_at_size", "diversity", "nearest_in_train", "age_correlation"):
        assert np.isfinite(facts["by_step"][0][name])
    assert facts["floor"]["diversity"] > 0


def test_all_ages_are_wished_of_the_same_latents() -> None:
    latents, labels = wishes(torch.randn(64, 5))
    assert latents.shape == (8 * len(BANDS), 5)
    assert labels[:, 0].tolist() == [band for band in range(len(BANDS)) for _ in range(8)]
    assert torch.equal(latents[0], latents[8])


def test_cyclegan_leaves_its_figures_and_resumes(data: Path, tmp_path: Path) -> None:
    settings = CycleConfig(
        data=str(data), out=str(tmp_path), size=32, width=4, batch=2, steps=1, save_every=1, measure_every=2,
        measure_faces=4, yaw_limit=9.0, young=(0, 45), old=(46, 100),
    )  # fmt: skip
    train_cycle(settings, machine=HERE)
    figures = train_cycle(replace(settings, steps=2), resume=True, machine=HERE)
    assert figures is not None and np.isfinite(list(figures.values())).all()
    facts = json.loads((tmp_path / "metrics.json").read_text())
    assert facts["by_step"][-1]["step"] == 2 and "years_added" in facts["by_step"][-1]
    with Image.open(tmp_path / "progress.gif") as film:
        assert film.n_frames == 2


# -- pictures ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("sheets", "frames"), [(1, 1), (5, 5), (200, pictures.MOST_FRAMES)])
def test_animation_has_the_right_number_of_frames(tmp_path: Path, sheets: int, frames: int) -> None:
    for number in range(sheets):
        pictures.keep_sheet(tmp_path, number, np.full((12, 12, 3), number, np.uint8))
    assert pictures.animate(tmp_path / "film.gif", pictures.sheets(tmp_path)) == frames
    with Image.open(tmp_path / "film.gif") as film:
        assert film.n_frames == frames
        film.seek(frames - 1)
        assert np.abs(np.asarray(film.convert("RGB")).astype(int) - (sheets - 1)).max() <= 3


def test_no_sheets_no_animation(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no sheets"):
        pictures.animate(tmp_path / "film.gif", [])


def test_a_sheet_that_is_made_anew_takes_the_later_ones_away(tmp_path: Path) -> None:
    for step in (100, 200, 300, 200):
        pictures.keep_sheet(tmp_path, step, np.zeros((4, 4, 3), np.uint8))
    assert [path.stem for path in pictures.sheets(tmp_path)] == ["0000100", "0000200"]


def test_grid_puts_pictures_in_rows() -> None:
    images = np.stack([np.full((4, 4, 3), value, np.uint8) for value in (10, 20, 30)])
    sheet = pictures.grid(images, 2)
    assert sheet.shape == (10, 10, 3)
    assert (sheet[0, 0, 0], sheet[0, 6, 0], sheet[6, 0, 0], sheet[6, 6, 0], sheet[4, 0, 0]) == (10, 20, 30, 255, 255)


def test_a_walk_between_latents_keeps_their_length() -> None:
    one, other = torch.randn(50), torch.randn(50)
    one, other = one / one.norm() * 3, other / other.norm() * 3
    for share in (0.0, 0.3, 1.0):
        assert float(pictures.between(one, other, share).norm()) == pytest.approx(3, rel=1e-4)
    torch.testing.assert_close(pictures.between(one, other, 0.0), one)
    torch.testing.assert_close(pictures.between(one, other, 1.0), other)
    torch.testing.assert_close(pictures.between(one, one, 0.5), one)


# -- configurations ---------------------------------------------------------------------------------------------------


def test_every_configuration_of_the_ladder_is_a_task_and_every_task_has_one() -> None:
    assert {path.stem for path in CONFIGS.glob("gan-*.toml")} == {name for name in TASKS if name.startswith("gan-")}
