"""Mesh space and transfer, on the demo's face."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from training.aging import meshspace, prototypes
from training.aging.exemplars import Cast, composed
from training.aging.transfer import (
    Regions,
    Strengths,
    _shaven,
    change_age,
    compose,
    exemplar_of,
    prepare_face,
    wrinkle_curve,
)
from training.data.faces import FaceSet, load
from training.data.prepare import PrepareConfig, prepare
from training.data.synthetic import write_utkface_like


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> FaceSet:
    folder = tmp_path_factory.mktemp("faces")
    write_utkface_like(folder / "utkface")
    out: Path = folder / "faces"
    prepare(PrepareConfig(source=str(folder / "utkface"), out=str(out), processes=1))
    return load(out)


@pytest.fixture(scope="module")
def average(faces: FaceSet) -> prototypes.Prototypes:
    return prototypes.build(faces, np.arange(len(faces)))


def test_a_face_survives_the_way_to_the_mean_mesh_and_back(faces: FaceSet, average: prototypes.Prototypes) -> None:
    points = meshspace.with_ring(faces.meshes[0])
    picture = faces.crops[0].astype(np.float32)
    there = average.space.onto_mean(picture, points)
    back = average.space.from_mean(there, points)
    inside = average.space.lookup(points)[2]
    middle = inside & (np.hypot(*(np.mgrid[0:256, 0:256] - 128)) < 60)
    assert middle.sum() > 5000
    assert np.abs(back - picture)[middle].mean() < 3


def test_prepared_crops_put_the_eyes_where_the_template_says(faces: FaceSet) -> None:
    from engine.geometry.align import WIDE
    from engine.landmarks.mesh import five_points

    assert np.abs(five_points(faces.meshes[0]) - WIDE * 256).max() < 8


def test_the_same_age_changes_nothing_and_old_age_changes_the_skin(
    faces: FaceSet, average: prototypes.Prototypes
) -> None:
    exemplar = composed([faces], average, "oldest").for_face(0, 60.0)
    regions = Regions.of(average.space.mean)
    face = prepare_face(faces.crops[0], faces.meshes[0], 0, average)
    same = change_age(face, 30.0, 30.0, exemplar, average, regions, Strengths())
    older = change_age(face, 30.0, 80.0, exemplar, average, regions, Strengths())
    before = faces.crops[0].astype(np.float32)
    assert np.abs(same - before).mean() < 0.5
    assert np.abs(older - before)[96:192, 80:176].mean() > 2


def test_wrinkles_only_grow() -> None:
    curve = [wrinkle_curve(y) for y in range(101)]
    assert curve[20] == 0
    assert all(b >= a for a, b in pairwise(curve))


def test_everybody_s_wrinkles_are_mixed_by_the_skin(faces: FaceSet, average: prototypes.Prototypes) -> None:
    tones = [compose([(weight, exemplar_of(faces, 0, average))]) for weight in (1.0, 2.0, 4.0)]
    cast = Cast({0: tones})
    strength = [float(np.abs(cast.for_face(0, lightness).detail[0]).mean()) for lightness in (90, 72, 66, 60, 46, 20)]
    light, medium, dark = strength[1], strength[3], strength[4]
    assert strength[0] == light and strength[-1] == dark
    assert medium == pytest.approx(2 * light, rel=1e-3) and dark == pytest.approx(4 * light, rel=1e-3)
    assert strength[2] == pytest.approx((light + medium) / 2, rel=1e-3)


def test_children_s_shape_counts_more_than_adults() -> None:
    steady = np.broadcast_to(prototypes.AGES[None, :, None, None], (2, len(prototypes.AGES), 478, 2)).astype(np.float32)
    steps = np.diff(prototypes.weighted(steady)[0, :, 0, 0]) / np.diff(prototypes.AGES)
    assert steps[0] == pytest.approx(2.2, rel=1e-4) and steps[-1] == pytest.approx(0.55, rel=1e-4)
    assert all(b <= a + 1e-4 for a, b in pairwise(steps))


def test_mean_colours_keep_what_is_small_and_lose_wide_light_and_fringes(average: prototypes.Prototypes) -> None:
    mean = average.space.mean
    colour = np.zeros((2, 1, 256, 256, 3), np.float32)
    colour[..., 0] = 20.0  # brighter everywhere
    forehead = int(mean[10, 1]) + 4
    colour[0, :, :forehead, :, 0] -= 30.0  # a fringe
    nose = (int(mean[4, 1]), int(mean[4, 0]))
    colour[1, :, nose[0] - 2 : nose[0] + 3, nose[1] - 2 : nose[1] + 3, 0] += 10.0  # something small
    kept = prototypes.localised(colour, mean)
    assert np.abs(kept[0, 0, nose[0], nose[1], 0]) < 1.5
    assert np.abs(kept[0, 0, : forehead + 2]).max() < 0.5
    assert kept[1, 0, nose[0], nose[1], 0] > 7


def test_a_shaven_man_gets_no_white_beard_and_a_bearded_one_does(
    faces: FaceSet, average: prototypes.Prototypes
) -> None:
    regions = Regions.of(average.space.mean)
    face = prepare_face(faces.crops[0], faces.meshes[0], prototypes.MALE, average)
    chin = (int(average.space.mean[199, 1]), int(average.space.mean[199, 0]))
    assert regions.beard[chin] > 0.5
    paler = np.zeros((256, 256, 3), np.float32)
    paler[..., 0] = 10.0
    skin, beard = np.full_like(face.flat, face.skin), np.full_like(face.flat, face.skin)
    beard[..., 0] -= 30.0
    shaven = _shaven(paler, replace(face, flat=skin), regions)
    bearded = _shaven(paler, replace(face, flat=beard), regions)
    assert shaven[chin][0] < 6 and bearded[chin][0] == pytest.approx(10)
    darker = _shaven(-paler, replace(face, flat=skin), regions)
    assert darker[chin][0] == pytest.approx(-10)
