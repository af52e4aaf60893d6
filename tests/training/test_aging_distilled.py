"""The lighter generator takes over what it shares with the heavier one, and comes nearer to its answers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from engine.networks.ager import AgingUNet
from training.data.sets import DataError
from training.house import Machine, Run
from training.loops.aging import Batch
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
