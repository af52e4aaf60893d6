"""Any generator behind one interface: ours as the mirror runs it, others' as their adapters say."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import save_file

from engine.aging.ager import Ager, change_gain
from engine.networks.ager import AgingUNet
from engine.types import AlignedFace
from tests.builders import face_picture
from tests.training.evaluation.networks import age_shower, class_shower, constant, copier
from training.data.sets import DataError
from training.evaluation.aging_generators import (
    Adapter,
    OnnxGenerator,
    load_generator,
    mirror_gain,
    own_network,
    read_adapter,
    shown,
)

CROPS = np.stack([face_picture(64), 255 - face_picture(64)])
AGES = np.array([30.0, 40.0]), np.array([70.0, 20.0])


def test_the_gain_is_that_of_the_mirror() -> None:
    targets = np.linspace(20, 40, 81)
    wanted = [change_gain(30, float(target)) for target in targets]
    np.testing.assert_allclose(mirror_gain(np.full(81, 30.0), targets), wanted, atol=1e-12)


def test_ours_does_what_the_mirror_does() -> None:
    crop = face_picture(256)
    generator = load_generator("")
    ager = Ager.load("cpu", precision="f32", threads=1, size=256)
    face = AlignedFace(crop=crop, to_frame=np.eye(2, 3), track_id=0, frame_index=0)
    for source, target in ((30.0, 75.0), (30.0, 31.5), (60.0, 60.2)):
        wanted = ager.residuals([face], [source], [target])
        found = generator.residuals(crop[None], np.array([source]), np.array([target]))
        np.testing.assert_allclose(found, wanted, atol=0.1)
    asked = generator.residuals(crop[None], np.array([60.0]), np.array([60.0]), raw=True)
    assert np.abs(asked).max() > 0  # the network itself does change something, which the mirror does not show
    ager.close()


@pytest.mark.parametrize(
    ("adapter", "values", "wanted"),
    [
        (Adapter(size=64, ages="none"), (0.1, 0.2, 0.3), (76.5, 51.0, 25.5)),  # RGB becomes BGR
        (Adapter(size=64, ages="none", order="bgr"), (0.1, 0.2, 0.3), (25.5, 51.0, 76.5)),
        (Adapter(size=64, ages="none", low=-1.0), (0.1, 0.1, 0.1), (12.75, 12.75, 12.75)),
        (Adapter(size=32, ages="none"), (0.1, 0.1, 0.1), (25.5, 25.5, 25.5)),
    ],
)
def test_a_residual_comes_back_in_grey_levels(
    tmp_path: Path, adapter: Adapter, values: tuple[float, float, float], wanted: tuple[float, float, float]
) -> None:
    generator = OnnxGenerator(constant(tmp_path / "x.xml", values), adapter)
    found = generator.residuals(CROPS, *AGES)
    np.testing.assert_allclose(found, np.broadcast_to(wanted, CROPS.shape), atol=1e-3)


@pytest.mark.parametrize("adapter", [Adapter(64, ages="none", output="picture"),
                                     Adapter(40, -1, 1, "bgr", "none", output="picture")])  # fmt: skip
def test_a_generator_that_gives_back_the_picture_changes_nothing_at_any_size(tmp_path: Path, adapter: Adapter) -> None:
    generator = OnnxGenerator(copier(tmp_path / "x.xml"), adapter)
    assert np.abs(generator.residuals(CROPS, *AGES)).max() < 1e-2


def test_ages_reach_the_network_in_years(tmp_path: Path) -> None:
    planes = OnnxGenerator(age_shower(tmp_path / "planes.xml"), Adapter(64))
    assert planes.residuals(CROPS, *AGES)[:, 0, 0, 0].tolist() == pytest.approx([0.4 * 255, -0.2 * 255], rel=1e-5)
    classes = class_shower(tmp_path / "classes.xml", (0.0, 0.1, 0.2))
    generator = OnnxGenerator(classes, Adapter(64, ages="class", bins=(30.0, 50.0)))
    for target, wanted in ((29.0, 0.0), (30.0, 0.0), (31.0, 25.5), (70.0, 51.0)):
        found = generator.residuals(CROPS[:1], AGES[0][:1], np.array([target]))
        assert found[0, 0, 0, 0] == pytest.approx(wanted, abs=1e-3)


def test_the_adapter_lies_beside_the_network(tmp_path: Path) -> None:
    network = constant(tmp_path / "rival.xml", (0.0, 0.0, 0.0))
    with pytest.raises(DataError, match=r"rival\.toml is missing"):
        load_generator(str(network))
    (tmp_path / "rival.toml").write_text('size = 64\nages = "none"\noutput = "residual"\n')
    assert load_generator(str(network)).size == 64
    (tmp_path / "other.toml").write_text("sise = 64\n")
    with pytest.raises(DataError, match="unknown key 'sise'"):
        load_generator(str(network), str(tmp_path / "other.toml"))
    (tmp_path / "other.toml").write_text('ages = "planets"\n')
    with pytest.raises(DataError, match="'planets' is unknown"):
        read_adapter(tmp_path / "other.toml", Adapter)
    wrong = OnnxGenerator(network, Adapter(64, ages="planes"))
    with pytest.raises(DataError, match="does not take inputs"):
        wrong.residuals(CROPS, *AGES)


@pytest.mark.parametrize("fold", [2, 4])
def test_a_run_is_built_as_it_says_or_as_its_tensors_say(tmp_path: Path, fold: int) -> None:
    run = tmp_path / "run"
    run.mkdir()
    network = AgingUNet(8, (1, 2, 3), fold=fold).eval()
    save_file({key: value.contiguous() for key, value in network.state_dict().items()}, run / "weights.safetensors")
    for facts in (None, {"width": 8, "multiples": [1, 2, 3], "fold": fold, "steps": 7}):
        if facts is not None:
            (run / "run.json").write_text(json.dumps({"config": facts}))
        module, name = own_network(str(run), "ager")
        assert name == "run"
        assert isinstance(module, AgingUNet)
        assert [tuple(p.shape) for p in module.parameters()] == [tuple(p.shape) for p in network.parameters()]
    generator = load_generator(str(run / "weights.safetensors"))
    assert generator.residuals(CROPS, *AGES).shape == CROPS.shape
    assert len(generator.ms(64, "f32", 1)) == 2
    with pytest.raises(DataError, match="is no weights"):
        load_generator(str(tmp_path / "nothing"))


def test_outside_the_mask_nothing_is_shown_unless_the_generator_has_no_mask() -> None:
    mesh = np.random.default_rng(0).uniform(24, 40, (2, 478, 2)).astype(np.float32)
    added = np.full(CROPS.shape, 20, np.float32)
    masked, bare = shown(CROPS, added, mesh), shown(CROPS, added, mesh, masked=False)
    assert (masked[:, :8] == CROPS[:, :8]).all()
    assert (masked != CROPS).any()
    np.testing.assert_array_equal(bare, np.clip(CROPS.astype(int) + 20, 0, 255))
