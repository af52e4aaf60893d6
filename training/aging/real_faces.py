"""Real faces of the wished age as judges of an aging generator: their discriminator, and one step of it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from training.house import Run
from training.ladder.losses import zero_centred_penalty
from training.losses.real_faces import RealFaceDiscriminator, hinged, within

_APART = 10.0  # years between two ages that the discriminator is to tell apart
_PENALISED = 8  # its slopes are penalised in every so manieth step


class RealFaces:
    """The discriminator and its optimiser; r1: weight of the penalty on its slopes at real faces (0: none)."""

    def __init__(self, run: Run, rate: float, r1: float) -> None:
        self.run, self.r1 = run, r1
        network = RealFaceDiscriminator().to(memory_format=torch.channels_last)
        self.critic = run.prepare(network, torch.optim.Adam(network.parameters(), rate, (0.0, 0.99)))

    def state(self) -> dict[str, Any]:
        return {"critic": self.critic.network.state_dict(), "critic_steps": self.critic.optimiser.state_dict()}

    def load(self, state: dict[str, Any]) -> None:
        self.critic.network.load_state_dict(state["critic"])
        self.critic.optimiser.load_state_dict(state["critic_steps"])

    def learn(self, real: Tensor, made: Tensor, ages: tuple[Tensor, Tensor], mask: Tensor, number: int) -> float:
        """One step, the ``number``-th, with real and made faces (N, 3, H, W) RGB 0..1, maps of the ages of both
        (N, 1, H, W) years / 100, and the mask (N, 1, H, W) of the face; returns the loss.
        """
        own, wish = ages
        scores = self.critic(torch.cat([real, made, real]), torch.cat([own, wish, wish])).float()
        right, fake, wrong = scores.chunk(3)
        # The wish is as good as any other age to tell wrongly, unless it is about the face's own.
        apart = (own - wish)[:, :, :1, :1].abs() > _APART / 100
        loss = hinged(right, fake, torch.where(apart, wrong, -torch.ones_like(wrong)), mask)
        if self.r1 > 0 and number % _PENALISED == 0:

            def judged(faces: Tensor) -> Tensor:
                return within(self.critic.network(faces, own).float(), mask)

            loss = loss + _PENALISED * self.r1 * zero_centred_penalty(judged, real)
        self.critic.learn(loss)
        return float(loss.detach())

    def fooling(self, face: Tensor, wish: Tensor, mask: Tensor) -> Tensor:
        """The generator's adversarial loss; leaves no gradient in the discriminator."""
        network = self.critic.network.requires_grad_(False)
        with self.run.autocast():
            scores = network(face, wish).float()
        network.requires_grad_(True)
        return -within(scores, mask).mean()
