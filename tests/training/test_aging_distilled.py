"""The lighter generator takes over what it shares with the heavier one, and comes nearer to its answers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from engine.networks.ager import AgingUNet
from tests.training.faces import face_set
from training.aging.moving import inverse, moved
from training.aging.pairs import Pairs
from training.aging.windows import ENLARGED, SIZE, Batch, PairSampler, Whole
from training.data.sets import DataError
from training.house import Machine, Run
from training.loops.aging import AgingConfig
from training.loops.aging_distilled import DistilledConfig, Distiller, take_over, wished

CONFIG = DistilledConfig(
    width=4, teacher_multiples=(1, 2, 3), multiples=(2, 3), steps=40, batch=2, texture_from=30, learning_rate=5e-3
)


def heavy() -> AgingUNet:
    """A teacher that changes something at every level."""
    torch.manual_seed(0)
    network = AgingUNet(4, (1, 2, 3))
    with torch.no_grad():
        network.head.weight.mul_(10)
    return network


def test_the_deepest_levels_are_taken_over() -> None:
    teacher, pupil = heavy(), AgingUNet(4, (2, 3), fold=4)
    copied = take_over(pupil, teacher)
    assert 0 < copied < sum(value.numel() for value in pupil.state_dict().values())
    for name in ("1.0.weight", "2.0.weight"):
        assert torch.equal(pupil.down[0].state_dict()[name], teacher.down[1].state_dict()[name])
        same = pupil.up[0].state_dict()[name.replace("1.", "0.").replace("2.", "1.")]
        assert torch.equal(same, teacher.up[0].state_dict()[name.replace("1.", "0.").replace("2.", "1.")])
    own, its = pupil.state_dict(), teacher.state_dict()
    assert torch.equal(own["down_ages.0.layers.0.weight"], its["down_ages.1.layers.0.weight"])


def test_the_pupil_comes_nearer_to_its_teacher(tmp_path: Path) -> None:
    save_file(heavy().state_dict(), tmp_path / "teacher.safetensors")
    config = replace(CONFIG, teacher=str(tmp_path / "teacher.safetensors"), out=str(tmp_path / "run"))
    distiller = Distiller(config, Run(config, Machine(accelerator="cpu", devices="1")))
    faces = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    ones = torch.ones(2, 1, 64, 64)
    years = torch.tensor([25.0, 50.0])
    notes = [distiller.step(Batch(faces, faces, ones, ones, years, years), number) for number in range(40)]
    first, last = (np.mean([note["unexplained"] for note in part]) for part in (notes[:8], notes[-8:]))
    assert last < 0.7 * first
    assert "texture" in notes[-1] and "texture" not in notes[0]
    assert all(p.grad is None for p in distiller.teacher.parameters())


class Gridded(torch.nn.Module):
    """Answers with the picture and, whatever that is, a grid of four pixels over it."""

    def forward(self, picture: torch.Tensor, source: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        grid = torch.zeros_like(picture)
        grid[..., ::4, :] = grid[..., ::4] = 0.1
        return picture + grid


def test_the_teacher_sees_pictures_aside_so_that_no_grid_stays(tmp_path: Path) -> None:
    save_file(heavy().state_dict(), tmp_path / "teacher.safetensors")
    config = replace(CONFIG, teacher=str(tmp_path / "teacher.safetensors"), out=str(tmp_path / "run"))
    distiller = Distiller(config, Run(config, Machine(accelerator="cpu", devices="1")))
    distiller.teacher = Gridded()  # type: ignore[assignment]
    picture = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    maps = torch.zeros(1, 1, 32, 32), torch.ones(1, 1, 32, 32)
    rng = np.random.default_rng(0)
    mean = torch.stack([distiller._asked(picture, maps, rng) for _ in range(400)]).mean(0) - picture
    assert mean.std() < 0.2 * (Gridded()(picture, *maps) - picture).std()
    assert float(mean.mean()) == pytest.approx(0.1 * 7 / 16, abs=0.005)


@pytest.mark.parametrize("matrix", [
    [[1, 0, 0], [0, 1, 0]], [[1, 0, 3], [0, 1, -5]], [[1.6, 0.2, -20], [-0.2, 1.6, 4]], [[-1.3, 0, 60], [0, 1.3, 2]],
])  # fmt: skip
def test_planes_move_as_pictures_do(matrix: list[list[float]]) -> None:
    affine = np.array(matrix, np.float32)
    plane = cv2.GaussianBlur(np.random.default_rng(0).random((40, 56)).astype(np.float32), (0, 0), 2)
    made = moved(torch.from_numpy(plane)[None, None], torch.from_numpy(affine)[None], (48, 52))[0, 0].numpy()
    wanted = cv2.warpAffine(plane, affine, (52, 48))
    inside = cv2.erode(cv2.warpAffine(np.ones_like(plane), affine, (52, 48)), np.ones((3, 3))) > 0.99
    assert inside.sum() > 400
    assert np.abs(made - wanted)[inside].max() < 0.01


def test_the_way_back_leads_back() -> None:
    matrix = torch.tensor([[[1.6, 0.2, -20], [-0.2, 1.6, 4]], [[-1.3, 0, 60], [0, 1.3, 2]]])
    torch.testing.assert_close(inverse(inverse(matrix)), matrix)
    there = torch.tensor([[[0.5, 0, 0.0], [0, 0.5, 0]]])
    torch.testing.assert_close(inverse(there), torch.tensor([[[2.0, 0, 0], [0, 2, 0]]]))


def drawn_batch(count: int) -> Batch:
    """Windows of smooth noise with the whole faces they come from."""
    faces = face_set(20)
    rows = faces.rows("train")
    years = faces.years[rows].astype(np.float32)
    themselves = Pairs(np.zeros((0, 1, 1, 3), np.uint8), rows, years, years)
    sampler = PairSampler([(faces, themselves)], AgingConfig(seed=3, zero_gap=1.0), whole=True)
    samples = [sampler.sample(number) for number in range(count)]
    return Batch.of([torch.from_numpy(np.stack(column)) for column in zip(*samples, strict=True)])


def test_a_window_shows_its_whole_face_under_the_matrix() -> None:
    batch = drawn_batch(16)
    assert batch.whole is not None and batch.skin is not None
    assert batch.whole.face.shape == (16, 3, SIZE, SIZE)
    assert (batch.whole.scale > ENLARGED).any() and (batch.whole.scale <= ENLARGED).any()
    seen = moved(batch.whole.face, batch.whole.matrix, (224, 224))
    inside = moved(torch.ones_like(batch.whole.skin), batch.whole.matrix, (224, 224)) > 0.999
    error = (seen - batch.before).abs().mean(1, keepdim=True)
    for each, where in zip(error, inside, strict=True):
        assert float(each[where].mean()) < 0.06, "but for the noise and the blur of a webcam"


def test_only_men_can_have_a_beard() -> None:
    faces = replace(face_set(20), gender=np.arange(20) // 10)
    rows = np.arange(20)
    years = faces.years.astype(np.float32)
    themselves = Pairs(np.zeros((0, 1, 1, 3), np.uint8), rows, years, years)
    sampler = PairSampler([(faces, themselves)], AgingConfig(seed=3, zero_gap=1.0), whole=True)
    found = set()
    for number in range(30):
        row = int(np.random.default_rng((3, number)).integers(0, 20))
        beard = sampler.sample(number)[6]
        assert beard.any() == (faces.gender[row] == 0)
        found.add(int(faces.gender[row]))
    assert found == {0, 1}


def test_answers_are_retouched_where_a_face_becomes_older_and_left_alone_where_younger(tmp_path: Path) -> None:
    save_file(heavy().state_dict(), tmp_path / "teacher.safetensors")
    config = replace(CONFIG, teacher=str(tmp_path / "teacher.safetensors"), out=str(tmp_path / "run"))
    more = replace(config, fine_lines=1.2, folds=1.4, frowns=0.5, strands=1.0, beards=0.8, white=0.5)
    batch = drawn_batch(4)
    wanted = 0.1 * (batch.before - 0.5)
    for settings, changes in ((config, False), (more, True)):
        distiller = Distiller(settings, Run(settings, Machine(accelerator="cpu", devices="1")))
        older, younger = (torch.full((4, 1, 1, 1), share) for share in (1.0, 0.0))
        made = distiller._retouched(wanted, batch, torch.full((4,), 80.0), older)
        assert torch.isfinite(made).all()
        assert torch.equal(made, wanted) != changes
        assert torch.equal(distiller._retouched(wanted, batch, torch.full((4,), 20.0), younger), wanted)


class Brighter(torch.nn.Module):
    """Adds as much as the picture it sees is wide."""

    def forward(self, picture: torch.Tensor, source: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return torch.full_like(picture, picture.shape[-1] / 1000)


def test_around_a_large_face_the_whole_ones_answer_counts(tmp_path: Path) -> None:
    save_file(heavy().state_dict(), tmp_path / "teacher.safetensors")
    config = replace(CONFIG, teacher=str(tmp_path / "teacher.safetensors"), out=str(tmp_path / "run"))
    distiller = Distiller(config, Run(config, Machine(accelerator="cpu", devices="1")))
    distiller.teacher = Brighter()  # type: ignore[assignment]
    window, skin = torch.full((2, 3, 64, 64), 0.5), torch.zeros(2, 1, 64, 64)
    skin[..., :24] = 1
    matrix = torch.tensor([[[1.0, 0, 0], [0, 1, 0]], [[2, 0, -20], [0, 2, -20]]])
    whole = Whole(torch.full((2, 3, 128, 128), 0.5), torch.zeros(2, 1, 128, 128), matrix)
    years = torch.tensor([30.0, 30.0])
    batch = Batch(window, window, skin, skin, years, years, skin, whole=whole)
    wanted = torch.full((2, 3, 64, 64), 0.064)
    made = distiller._with_whole(wanted, batch, years + 40, torch.ones(2, 1, 1, 1), np.random.default_rng(0))
    assert torch.equal(made[0], wanted[0]), "a small face is as it was"
    assert torch.allclose(made[1, :, 32, 60], torch.tensor(0.128), atol=2e-3), "hair"
    assert torch.allclose(made[1, :, 32, 8], torch.tensor(0.064), atol=2e-3), "skin"


def test_wished_ages_are_anywhere_or_about_the_own() -> None:
    source = torch.full((4000,), 40.0)
    ages = wished(source, np.random.default_rng(0))
    assert ages.min() >= 0 and ages.max() <= 92
    near = float(((ages - 40).abs() < 3).float().mean())
    assert 0.12 < near < 0.25
    assert torch.equal(ages, wished(source, np.random.default_rng(0)))


def test_a_teacher_of_another_shape_is_told(tmp_path: Path) -> None:
    save_file(AgingUNet(4, (1, 2)).state_dict(), tmp_path / "other.safetensors")
    config = replace(CONFIG, teacher=str(tmp_path / "other.safetensors"), out=str(tmp_path / "run"))
    with pytest.raises(DataError, match="teacher"):
        Distiller(config, Run(config, Machine(accelerator="cpu", devices="1")))
