"""Judges of aged faces: whatever its origin, a network sees the face as it wants it and its answer is read as years."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import save_file

from engine.geometry.align import WIDE
from engine.networks.age import AgeNet
from tests.builders import face_picture
from tests.training.evaluation.networks import brightness_judge, constant
from training.data.sets import DataError
from training.evaluation.aging_judges import JudgeAdapter, Jury, OnnxJudge, OwnRecogniser, load_judge, run_size

CROPS = np.stack([np.full((64, 64, 3), level, np.uint8) for level in (30, 90)])
MESHES = np.random.default_rng(0).uniform(20, 44, (2, 478, 2)).astype(np.float32)


def test_another_network_sees_what_its_adapter_says(tmp_path: Path) -> None:
    judge = OnnxJudge(brightness_judge(tmp_path / "judge.xml"), JudgeAdapter(32, scale=1.0))
    assert judge.years(CROPS, MESHES).tolist() == pytest.approx([30, 90], abs=1e-3)
    shifted = OnnxJudge(tmp_path / "judge.xml", JudgeAdapter(32, mean=(10.0, 10, 10), scale=2.0))
    assert shifted.years(CROPS, MESHES).tolist() == pytest.approx([10, 40], abs=1e-3)


def test_points_of_the_mesh_land_where_the_adapter_wants_them(tmp_path: Path) -> None:
    # A light square around the left eye of a dark crop; the adapter makes that square the whole picture.
    crop = np.zeros((1, 64, 64, 3), np.uint8)
    crop[:, 16:32, 8:24] = 200
    mesh = np.zeros((1, 478, 2), np.float32)
    mesh[0, [1, 2]] = [[7.5, 15.5], [23.5, 31.5]]
    whole = OnnxJudge(brightness_judge(tmp_path / "judge.xml"), JudgeAdapter(16, scale=1.0))
    near = OnnxJudge(tmp_path / "judge.xml",
                     JudgeAdapter(16, scale=1.0, points=(1, 2), template=((0.0, 0.0), (1.0, 1.0))))  # fmt: skip
    assert whole.years(crop, mesh)[0] == pytest.approx(200 / 16, rel=0.2)
    assert near.years(crop, mesh)[0] > 180


def test_chances_are_read_as_years_and_the_numbers_must_fit(tmp_path: Path) -> None:
    network = constant(tmp_path / "x.xml", (0.2, 0.2, 0.6))
    with pytest.raises(DataError, match="its adapter names 2 years"):
        OnnxJudge(network, JudgeAdapter(1, years=(1.0, 2.0))).years(CROPS, MESHES)
    found = OnnxJudge(network, JudgeAdapter(1, years=(10.0, 20.0, 30.0))).years(CROPS, MESHES)
    assert found.tolist() == pytest.approx([24, 24], rel=1e-3)
    with pytest.raises(DataError, match="every point has its place"):
        JudgeAdapter(points=(1,))


def test_our_own_sees_a_face_and_its_mirror_image_alike() -> None:
    judge = load_judge("")
    crop = face_picture(256)
    years = judge.years(np.stack([crop, crop[:, ::-1]]), MESHES)
    assert years[0] == pytest.approx(years[1], abs=0.05)
    assert 5 < years[0] < 80


def test_a_run_knows_its_crop(tmp_path: Path) -> None:
    network = AgeNet(8, (1, 2), 1)
    save_file(
        {key: value.contiguous() for key, value in network.state_dict().items()}, tmp_path / "weights.safetensors"
    )
    facts = {"config": {"size": 48, "width": 8, "multiples": [1, 2], "blocks": 1}}
    (tmp_path / "run.json").write_text(json.dumps(facts))
    assert (run_size(str(tmp_path)), run_size(str(tmp_path / "weights.safetensors")), run_size("")) == (48, 48, 0)
    assert load_judge(str(tmp_path)).years(CROPS, MESHES).shape == (2,)


def test_our_recogniser_knows_a_face_and_the_jury_has_names() -> None:
    crop = np.stack([face_picture(256), np.random.default_rng(0).integers(0, 256, (256, 256, 3), np.uint8)])
    mesh = np.zeros((2, 478, 2), np.float32)
    mesh[:, [33, 133]], mesh[:, [362, 263]] = WIDE[0] * 256, WIDE[1] * 256
    mesh[:, 4], mesh[:, 61], mesh[:, 291] = WIDE[2] * 256, WIDE[3] * 256, WIDE[4] * 256
    recogniser = OwnRecogniser()
    vectors = recogniser.vectors(crop, mesh)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert vectors[0] @ vectors[1] < 0.6
    assert recogniser.limit is not None
    jury = Jury.called("", [], "", [])
    assert jury.names == ("own",)
    assert list(jury.recognisers) == ["own"]
