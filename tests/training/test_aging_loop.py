"""What the generator's training must never do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from training.aging.windows import HEIGHT, WIDTH, Batch
from training.checkpoints import CheckpointError
from training.house import Machine, Run
from training.loops.aging import AgingConfig, AgingTrainer, edge_loss

CONFIG = AgingConfig(width=4, batch=2, steps=10, adversarial_from=0, discriminator_lead=0, features="", patch=64)


def batch(seed: int = 0) -> Batch:
    generator = torch.Generator().manual_seed(seed)
    before = torch.rand(2, 3, HEIGHT, WIDTH, generator=generator)
    after = (before + 0.1).clamp(0, 1)
    ones = torch.ones(2, 1, HEIGHT, WIDTH)
    return Batch(before, after, ones, ones, torch.tensor([30.0, 40.0]), torch.tensor([70.0, 20.0]))


def run_in(folder: Path, resume: bool = False) -> Run:
    return Run(replace(CONFIG, out=str(folder)), Machine(accelerator="cpu", devices="1"), resume)


def test_generator_step_leaves_no_gradient_in_the_discriminator(tmp_path: Path) -> None:
    trainer = AgingTrainer(CONFIG, run_in(tmp_path))
    weights = [p.clone() for p in trainer.generator.network.parameters()]
    trainer.step(batch(), 0)
    assert all(p.grad is None for p in trainer.critic.network.parameters())
    assert any(not torch.equal(a, b) for a, b in zip(weights, trainer.generator.network.parameters(), strict=True))


def test_discriminator_step_leaves_the_generator_alone(tmp_path: Path) -> None:
    trainer = AgingTrainer(CONFIG, run_in(tmp_path))
    faces = batch()
    made = trainer.generator(faces.before, *(torch.zeros(2, 1, HEIGHT, WIDTH),) * 2)
    ages = (torch.zeros(2, 1, HEIGHT, WIDTH), torch.ones(2, 1, HEIGHT, WIDTH))
    weights = [p.clone() for p in trainer.critic.network.parameters()]
    trainer.critic_step(faces.before, faces.after, made, ages)
    assert all(p.grad is None for p in trainer.generator.network.parameters())
    assert any(not torch.equal(a, b) for a, b in zip(weights, trainer.critic.network.parameters(), strict=True))


def test_generator_listens_to_a_frozen_discriminator(tmp_path: Path) -> None:
    trainer = AgingTrainer(CONFIG, run_in(tmp_path))
    fake = torch.rand(2, 3, 64, 64, requires_grad=True)
    ages = (torch.zeros(2, 1, 64, 64), torch.ones(2, 1, 64, 64))
    trainer.fooling(fake.detach(), fake, ages).backward()
    assert fake.grad is not None and fake.grad.abs().sum() > 0
    assert all(p.grad is None and p.requires_grad for p in trainer.critic.network.parameters())


def test_a_resumed_run_continues_with_the_same_losses(tmp_path: Path) -> None:
    run = run_in(tmp_path)
    whole = AgingTrainer(CONFIG, run)
    whole.step(batch(0), 0)
    run.save(whole.state(0), whole.average.network)
    expected = whole.step(batch(1), 1)
    resumed = run_in(tmp_path, resume=True)
    again = AgingTrainer(CONFIG, resumed)
    assert resumed.saved is not None
    assert again.load(resumed.saved) == 1
    got = again.step(batch(1), 1)
    # The perceptual network is untrained and fresh in each run here, so its own loss is not compared.
    for name in ("l1", "edges", "critic", "adversarial"):
        assert got[name] == pytest.approx(expected[name], rel=1e-4)


def test_a_checkpoint_of_another_configuration_is_refused(tmp_path: Path) -> None:
    run = run_in(tmp_path)
    trainer = AgingTrainer(CONFIG, run)
    run.save(trainer.state(0), trainer.average.network)
    with pytest.raises(CheckpointError, match="width"):
        Run(replace(CONFIG, out=str(tmp_path), width=8), resume=True)


def test_edge_loss_sees_edges_and_not_brightness() -> None:
    flat, weight = torch.zeros(1, 3, 8, 8), torch.ones(1, 1, 8, 8)
    stripes = torch.zeros(1, 3, 8, 8)
    stripes[..., ::2] = 1
    assert float(edge_loss(flat + 0.5, flat, weight)) == 0
    assert float(edge_loss(stripes, flat, weight)) == pytest.approx(1.0)
