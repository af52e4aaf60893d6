"""What a changed face loses of its likeness, with networks whose answer is known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import cast

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional

from engine.geometry.align import ARCFACE, WIDE, similarity
from engine.networks.embedder import EmbedderNet
from tests.training.test_aging_distilled import CONFIG, drawn_batch, heavy
from training.data.sets import DataError
from training.house import Machine, Run
from training.loops.aging_distilled import Distiller
from training.losses.likeness import LikenessLost, _ChanceLook

THIRTY, SEVENTY = torch.full((4,), 30.0), torch.full((4,), 70.0)


class Colours(nn.Module):
    """Knows a face by its mean colour."""

    def forward(self, faces: Tensor) -> Tensor:
        return functional.normalize(faces.mean((2, 3)), dim=1)


def lost(kept: float = 0.6) -> LikenessLost:
    return LikenessLost([cast(EmbedderNet, Colours()), cast(EmbedderNet, Colours())], kept)


def face(red: float, green: float) -> Tensor:
    return torch.tensor([red, green, 0.0]).view(1, 3, 1, 1).expand(4, 3, 64, 64).clone()


def test_a_face_that_is_still_itself_loses_nothing() -> None:
    assert float(lost()(face(0.5, 0.1), face(0.5, 0.1), THIRTY, THIRTY + 1e-3)) == pytest.approx(0, abs=1e-3)


def test_another_face_misses_all_that_had_to_be_kept() -> None:
    assert float(lost()(face(0.5, 0.0), face(0.0, 0.5), THIRTY, SEVENTY)) == pytest.approx(0.6, abs=1e-4)


def test_the_smaller_the_gap_the_more_has_to_be_kept() -> None:
    floors = [float(lost().floor(THIRTY, THIRTY + gap)[0]) for gap in (0, 10, 20, 40, 60)]
    assert floors == pytest.approx([1, 0.9, 0.8, 0.6, 0.6])
    assert torch.equal(lost().floor(SEVENTY, THIRTY), lost().floor(THIRTY, SEVENTY))


def test_above_that_nothing_is_gained() -> None:
    after = face(0.5, 0.2).requires_grad_(True)  # cosine 0.93
    value = lost()(face(0.5, 0.0), after, THIRTY, SEVENTY)
    assert float(value.detach()) == 0
    (slope,) = torch.autograd.grad(value, after)
    assert not slope.any()


def test_its_slope_leads_back_to_the_face() -> None:
    after = face(0.2, 0.5).requires_grad_(True)
    (slope,) = torch.autograd.grad(lost()(face(0.5, 0.0), after, THIRTY, SEVENTY), after)
    assert float(slope[:, 0].mean()) < 0 < float(slope[:, 1].mean()), "more red and less green is more alike"


def test_embedders_see_the_crop_they_know(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_SHIFT", "_ZOOM", "_LIGHT"):
        monkeypatch.setattr(f"training.losses.likeness.{name}", 0.0)
    monkeypatch.setattr(torch, "rand", lambda *size, **_: torch.ones(*size))
    picture = cv2.GaussianBlur(np.random.default_rng(0).random((256, 256, 3)).astype(np.float32), (0, 0), 6)
    wide = torch.from_numpy(picture).permute(2, 0, 1)[None]
    (seen,) = _ChanceLook(wide)(wide)
    # Pixel centres: a place u of the unit square lies at 112 u - 0.5 of the crop.
    matrix = similarity(256 * WIDE - 0.5, 112 * ARCFACE - 0.5)
    expected = cv2.warpAffine(picture, matrix, (112, 112), flags=cv2.INTER_LINEAR)
    assert np.abs(seen.permute(1, 2, 0).numpy() - expected)[4:-4, 4:-4].max() < 0.01


def test_the_pupil_listens_and_the_embedder_stays(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = EmbedderNet()
    save_file(heavy().state_dict(), tmp_path / "teacher.safetensors")
    save_file(network.state_dict(), tmp_path / "embedder.safetensors")
    config = replace(
        CONFIG, teacher=str(tmp_path / "teacher.safetensors"), out=str(tmp_path / "run"), likeness=1.0, kept=0.99,
        recognisers=(str(tmp_path / "embedder.safetensors"),),
    )  # fmt: skip
    distiller = Distiller(config, Run(config, Machine(accelerator="cpu", devices="1")))
    notes = [distiller.step(drawn_batch(4), number) for number in range(2)]
    assert all(note["likeness"] >= 0 and "years" not in note for note in notes)
    assert distiller.lost is not None
    kept = distiller.lost.networks[0].state_dict()
    assert all(torch.equal(value, kept[name]) for name, value in network.state_dict().items())

    with pytest.raises(DataError, match=r"recognisers = 'nowhere\.safetensors' does not fit"):
        nowhere = replace(config, recognisers=("nowhere.safetensors",), out=str(tmp_path / "other"))
        Distiller(nowhere, Run(nowhere, Machine(accelerator="cpu", devices="1")))
