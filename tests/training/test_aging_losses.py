"""What drives the aging generator on: the years that it falls short, and real faces of the wished age."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from engine.networks.age import YEARS, AgeNet
from tests.training.test_aging_distilled import CONFIG, drawn_batch, heavy
from training.data.sets import DataError
from training.house import Machine, Run
from training.loops.aging_distilled import Distiller
from training.losses.real_faces import RealFaceDiscriminator, hinged, within
from training.losses.years import YearsShort


class Brightness(nn.Module):
    """Takes a face for as old as it is bright: 100 years where all is white."""

    def forward(self, faces: Tensor) -> Tensor:
        years = 100 * faces.mean((1, 2, 3))
        near = -(years[:, None] - torch.arange(YEARS)).abs()
        return torch.softmax(8 * near, 1)


def short(asked: float = 0.5) -> YearsShort:
    return YearsShort([cast(AgeNet, Brightness()), cast(AgeNet, Brightness())], asked)


def grey(value: float) -> Tensor:
    return torch.full((4, 3, 64, 64), value)


SOURCE, OLDER = torch.full((4,), 30.0), torch.full((4,), 70.0)


def test_an_unchanged_face_misses_all_that_was_asked() -> None:
    torch.manual_seed(0)
    assert float(short()(grey(0.3), grey(0.3), SOURCE, OLDER)) == pytest.approx(20, abs=1e-3)


def test_who_has_come_far_enough_misses_nothing() -> None:
    torch.manual_seed(0)
    assert float(short()(grey(0.3), grey(0.7), SOURCE, OLDER)) == 0
    assert float(short()(grey(0.7), grey(0.3), OLDER, SOURCE)) == 0, "and on the way back"


def test_the_wrong_way_is_worse_than_none() -> None:
    torch.manual_seed(0)
    assert float(short()(grey(0.3), grey(0.2), SOURCE, OLDER)) > 25


def test_its_slope_leads_towards_the_wish() -> None:
    torch.manual_seed(0)
    face = grey(0.35).requires_grad_(True)
    (slope,) = torch.autograd.grad(short()(grey(0.3), face, SOURCE, OLDER), face)
    assert float(slope.mean()) < 0, "brighter is older"
    assert torch.isfinite(slope).all()


def test_scores_count_only_within_the_face() -> None:
    scores, mask = torch.zeros(1, 1, 4, 4), torch.zeros(1, 1, 64, 64)
    scores[..., :2], scores[..., 2:] = 3, -100
    mask[..., :32] = 1
    assert float(within(scores, mask)) == pytest.approx(3)
    assert torch.isfinite(within(scores, 0 * mask)).all()


def test_the_discriminator_wants_real_above_made_and_wrongly_told() -> None:
    mask, ones = torch.ones(2, 1, 32, 32), torch.ones(2, 1, 2, 2)
    assert float(hinged(ones, -ones, -ones, mask)) == 0
    assert float(hinged(-ones, ones, ones, mask)) == 4
    assert float(hinged(ones, ones, -ones, mask)) == float(hinged(ones, -ones, ones, mask)) == 1


def test_the_discriminator_learns_to_see_the_age() -> None:
    torch.manual_seed(0)
    critic = RealFaceDiscriminator(8)
    steps = torch.optim.Adam(critic.parameters(), 2e-3, (0.0, 0.99))
    faces = torch.rand(8, 3, 64, 64) * 0.1 + torch.linspace(0.2, 0.8, 8).view(-1, 1, 1, 1)
    ages = torch.linspace(0.2, 0.8, 8).view(-1, 1, 1, 1).expand(-1, 1, 64, 64)
    mask = torch.ones(8, 1, 64, 64)
    for _ in range(120):
        loss = hinged(critic(faces, ages), critic(faces.flip(0), ages), critic(faces, ages.flip(0)), mask)
        steps.zero_grad()
        loss.backward()
        steps.step()
    right, wrong = (within(critic(faces, told), mask) for told in (ages, ages.flip(0)))
    assert float((right > wrong).float().mean()) == 1


def test_the_pupil_listens_to_both(tmp_path: Path) -> None:
    torch.manual_seed(0)
    save_file(heavy().state_dict(), tmp_path / "teacher.safetensors")
    save_file(AgeNet().state_dict(), tmp_path / "age.safetensors")
    config = replace(
        CONFIG, teacher=str(tmp_path / "teacher.safetensors"), out=str(tmp_path / "run"), years=0.01, adversarial=0.5,
        estimators=(str(tmp_path / "age.safetensors"),), discriminator_lead=1,
    )  # fmt: skip
    distiller = Distiller(config, Run(config, Machine(accelerator="cpu", devices="1")))
    batch = drawn_batch(4)
    assert distiller.real is not None
    before = [p.clone() for p in distiller.real.critic.network.parameters()]
    notes = [distiller.step(batch, number) for number in range(2)]
    assert "adversarial" not in notes[0] and "adversarial" in notes[1]
    assert all(note["critic"] > 0 and note["years"] >= 0 for note in notes)
    after = list(distiller.real.critic.network.parameters())
    assert any(not torch.equal(a, b) for a, b in zip(before, after, strict=True))
    assert all(p.grad is None and p.requires_grad for p in after)

    again = Distiller(
        config, Run(replace(config, out=str(tmp_path / "other")), Machine(accelerator="cpu", devices="1"))
    )
    assert again.load(distiller.state(1)) == 2
    assert again.real is not None
    assert all(torch.equal(a, b) for a, b in zip(after, again.real.critic.network.parameters(), strict=True))


def test_an_estimator_that_is_not_there_is_named(tmp_path: Path) -> None:
    save_file(heavy().state_dict(), tmp_path / "teacher.safetensors")
    config = replace(
        CONFIG, teacher=str(tmp_path / "teacher.safetensors"), out=str(tmp_path / "run"), years=0.01,
        estimators=("nowhere.safetensors",),
    )  # fmt: skip
    with pytest.raises(DataError, match=r"estimators = 'nowhere\.safetensors' does not fit"):
        Distiller(config, Run(config, Machine(accelerator="cpu", devices="1")))
