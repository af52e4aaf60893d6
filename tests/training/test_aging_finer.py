"""Large crops are cut from the pictures, and the finer network comes nearer to what they are to get."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch.nn import functional

from engine.networks.ager import AgingUNet
from tests.training.faces import face_set, write_faces
from training.aging.large import SIDE, LargeBatch, LargeFaces
from training.data.faces import load
from training.data.large import LargeConfig, enlarge
from training.data.prepare import PrepareConfig, prepare
from training.data.sets import DataError
from training.data.synthetic import write_utkface_like
from training.house import Machine, Run
from training.loops.aging_finer import FinerConfig, FinerTrainer

CONFIG = FinerConfig(width=4, multiples=(1, 2), fold=4, finer_width=8, finer_depth=1, steps=60, learning_rate=5e-3)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Drawn pictures, the faces prepared from them, and their large crops."""
    folder = tmp_path_factory.mktemp("faces")
    write_utkface_like(folder / "pictures")
    prepare(PrepareConfig(source=str(folder / "pictures"), out=str(folder / "faces"), processes=1))
    enlarge(
        LargeConfig(data=str(folder / "faces"), source=str(folder / "pictures"), out=str(folder / "large"), least=1)
    )
    return folder


def test_large_crops_show_the_same_face_at_twice_the_size(prepared: Path) -> None:
    small, large = load(prepared / "faces"), load(prepared / "large")
    assert len(large) == len(small)
    assert large.crops.shape[1:] == (512, 512, 3)
    np.testing.assert_allclose(large.meshes, 2 * small.meshes, rtol=1e-6)
    np.testing.assert_array_equal(large.years, small.years)
    for one, other in zip(small.crops, large.crops, strict=True):
        # In a crop of twice the side each point lies at twice the place: the first pixels lie on one another.
        again = cv2.warpAffine(other, np.array([[0.5, 0, 0], [0, 0.5, 0]]), (256, 256), flags=cv2.INTER_AREA)
        assert np.abs(again[8:-8, 8:-8].astype(float) - one[8:-8, 8:-8]).mean() < 4


def test_faces_that_are_small_in_their_pictures_are_left_out(prepared: Path, tmp_path: Path) -> None:
    config = LargeConfig(data=str(prepared / "faces"), source=str(prepared / "pictures"), out=str(tmp_path / "large"))
    with pytest.raises(DataError, match=r"no face of .* is 5000 pixels large"):
        enlarge(replace(config, least=5000))
    with pytest.raises(DataError, match="no face of"):
        enlarge(replace(config, source=str(tmp_path), least=1))


def test_the_same_number_gives_the_same_sample_and_small_crops_are_told(prepared: Path, tmp_path: Path) -> None:
    faces = LargeFaces([str(prepared / "large")], 3)
    first, again, other = (faces.sample(number) for number in (5, 5, 6))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0], other[0])
    assert first[0].shape == (SIDE, SIDE, 3) and all(mask.shape == (SIDE, SIDE, 1) for mask in first[1:4])
    write_faces(tmp_path / "small", face_set(20))
    with pytest.raises(DataError, match="training large"):
        LargeFaces([str(tmp_path / "small")], 3)


def test_the_finer_network_comes_nearer_than_enlarging(prepared: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    generator = AgingUNet(4, (1, 2), fold=4)
    with torch.no_grad():
        generator.head.weight.mul_(20)
    save_file(generator.state_dict(), tmp_path / "generator.safetensors")
    weights = str(tmp_path / "generator.safetensors")
    config = replace(CONFIG, generator=weights, teacher=weights, out=str(tmp_path / "run"))
    trainer = FinerTrainer(config, Run(config, Machine(accelerator="cpu", devices="1")))
    faces = LargeFaces([str(prepared / "large")], 3)
    samples = [faces.sample(number) for number in range(2)]
    whole = LargeBatch.of([torch.from_numpy(np.stack(column)) for column in zip(*samples, strict=True)])
    planes = (functional.avg_pool2d(each, 4) for each in (whole.faces, whole.mask, whole.skin, whole.frown))
    batch = LargeBatch(*planes, whole.ages)  # type: ignore[call-arg]
    missed = [trainer.step(batch, number)["missed"] for number in range(60)]
    assert np.mean(missed[-10:]) < 0.8 * np.mean(missed[:5])
    assert all(p.grad is None for network in (trainer.generator, trainer.teacher) for p in network.parameters())
