"""The whole scorecard on drawn people: a generator that does nothing, one that spills, one that flickers, and ours."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.geometry.align import WIDE, crop_affine, warp_crop
from engine.landmarks.mesh import FaceMesher, five_points
from engine.paths import weights_dir
from engine.weights.card import read_card
from tests.builders import face_picture
from tests.training.evaluation.networks import constant
from tests.training.faces import write_faces
from training.cli import main
from training.data.faces import FaceSet, load
from training.data.sets import DataError
from training.evaluation.aging import ScorecardConfig, evaluate
from training.evaluation.aging_clips import FaceFinder, Moving, follow, pan, read_clip
from training.evaluation.aging_generators import Adapter, OnnxGenerator
from training.evaluation.aging_judges import Jury
from training.evaluation.aging_people import choose, held_out, stranger_thresholds
from training.evaluation.aging_report import write_figures

SMALL = ScorecardConfig(people=1, impostors=6, sheet=1, pans=0, rounds=0)
AGES = (24, 30, 40, 50, 62, 70)
NEGATIVE = 3


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Prepared faces, held out, of six ages: the demo's face in five lights and its negative, with its real mesh."""
    picture = face_picture(512)
    mesher = FaceMesher()
    found = mesher.mesh(picture, np.array([120, 120, 400, 420], np.float32), passes=2)
    mesher.close()
    assert found is not None
    matrix = crop_affine(five_points(found.points), 256, WIDE)
    crop = warp_crop(picture, matrix, 256)
    mesh = (found.points @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32)
    rng = np.random.default_rng(0)
    lights = [np.clip(crop * rng.uniform(0.7, 1.2, 3) + rng.normal(0, 9, crop.shape), 0, 255) for _ in AGES]
    lights[NEGATIVE] = 255 - lights[NEGATIVE]
    count, years = len(AGES), np.array(AGES)
    faces = FaceSet(
        crops=np.stack(lights).astype(np.uint8), meshes=np.stack([mesh] * count),
        corners=np.zeros((count, 4, 2), np.float32), years=years, low=years, high=years,
        gender=np.arange(count) % 2, group=np.arange(count) % 3, split=np.full(count, "test"),
        sharpness=np.full(count, 9, np.float32), yaw=np.zeros(count, np.float32), grey=np.zeros(count, np.bool_),
        files=np.array([f"{age}.jpg" for age in AGES]),
    )  # fmt: skip
    return write_faces(tmp_path_factory.mktemp("people") / "faces", faces)


def rival(folder: Path, values: tuple[float, float, float], masked: bool) -> str:
    network = constant(folder / "rival.xml", values)
    (folder / "rival.toml").write_text(f'size = 64\nages = "none"\nmasked = {str(masked).lower()}\n')
    return str(network)


def scored(config: ScorecardConfig, tmp_path: Path, people: Path, **values: object) -> dict[str, float]:
    return evaluate(ScorecardConfig(**{**vars(config), "data": str(people), "out": str(tmp_path / "out"), **values}))


def test_a_generator_that_does_nothing_moves_nobody(tmp_path: Path, people: Path) -> None:
    found = scored(SMALL, tmp_path, people, generator=rival(tmp_path, (0, 0, 0), True))
    assert found["young_to_65_own_years"] == found["old_to_25_own_years"] == found["slope_own"] == 0
    assert found["monotonic_own"] == 1  # which is why the slope is asked for too
    assert found["young_to_65_identity_own"] == pytest.approx(1, abs=1e-5)
    assert found["young_to_65_tar_own"] == 1
    assert found["background_max_255"] == found["background_spilled_255"] == 0
    assert found["kept_pose_degrees_to_65"] == found["kept_mouth_open_to_65"] == 0
    report = json.loads((tmp_path / "out" / "aging.json").read_text(encoding="utf-8"))
    assert report["generator"] == "rival"
    assert [person["band"] for person in report["people"]] == ["young", "middle", "old"]
    page = (tmp_path / "out" / "aging.md").read_text(encoding="utf-8")
    assert "20-35 to 65, years (own)" in page
    assert "✗" in page
    sheet = cv2.imread(str(tmp_path / "out" / "aging.png"))
    assert np.shape(sheet) == (24 + 2 * (256 + 24), 7 * 256, 3)


def test_a_generator_that_paints_everything_is_found_out(tmp_path: Path, people: Path) -> None:
    grey = rival(tmp_path, (0.1, 0.1, 0.1), masked=False)
    bare = scored(SMALL, tmp_path, people, generator=grey)
    assert bare["background_max_255"] == pytest.approx(25.5, abs=0.6)
    assert bare["background_spilled_255"] == pytest.approx(25.5, abs=0.1)
    assert bare["own_age_255"] > 10
    masked = scored(SMALL, tmp_path, people, generator=rival(tmp_path, (0.1, 0.1, 0.1), masked=True))
    assert masked["background_max_255"] == 0
    assert masked["background_spilled_255"] == pytest.approx(25.5, abs=0.1)


def test_ours_is_measured_and_written_on_its_card(
    tmp_path: Path, people: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("ager", "age", "embedder"):
        for path in weights_dir().glob(f"{name}.*"):
            shutil.copy(path, tmp_path / path.name)
    card = tmp_path / "ager.toml"
    write_figures(card, {"young_old_figure": 1.0, "kept_something": 2.0, "notes_stay": 3.0})
    keys = [f"{key}={getattr(SMALL, key)}" for key in ("people", "impostors", "sheet", "pans", "rounds")]
    command = ["evaluate", "aging", "--data", str(people), "--card", str(card)]
    command += [word for key in (*keys, f"out={tmp_path / 'out'}") for word in ("--set", key)]
    assert main(command) == 1  # a card is not filled without a second estimator
    assert "second=FILE" in capsys.readouterr().err
    assert main([*command, "--set", f"second={weights_dir() / 'age.toml'}"]) == 0
    figures = read_card(card).figures
    assert figures["young_to_65_own_years"] > 10
    assert figures["young_to_65_second_years"] == pytest.approx(figures["young_to_65_own_years"], abs=1e-3)
    assert figures["young_to_65_identity_own"] < 1
    assert figures["slope_own"] > 0.2
    assert figures["own_age_own_years"] == figures["own_age_255"] == figures["background_max_255"] == 0
    assert figures["own_age_raw_255"] > 0
    assert figures["notes_stay"] == 3
    assert not {"young_old_figure", "kept_something"} & set(figures)  # an older scorecard goes
    with pytest.raises(DataError, match="limit"):
        evaluate(ScorecardConfig(card=str(card), limit=1, second=("x",)))


class Flickering(OnnxGenerator):
    """Adds another level every time it is asked."""

    def residuals(self, *arguments: object, **more: object) -> np.ndarray:
        made = super().residuals(*arguments, **more)  # type: ignore[arg-type]
        self.asked = getattr(self, "asked", 0) + 1
        return made + (6.0 if self.asked % 2 else 0.0)


def test_a_flickering_change_is_told_from_a_steady_one(tmp_path: Path, people: Path) -> None:
    network, how = constant(tmp_path / "x.xml", (0.05, 0.05, 0.05)), Adapter(64, ages="none")
    crop = np.asarray(load(people).crops[0])
    ages = Jury.called("", [], "", []).ages
    finder = FaceFinder()
    try:
        steady = follow(pan(crop, 4), OnnxGenerator(network, how), dict(ages), 65, finder)
        flicker = follow(pan(crop, 4), Flickering(network, how), dict(ages), 65, finder)
        nobody = follow([Moving(np.zeros((240, 320, 3), np.uint8))] * 2, OnnxGenerator(network, how), {}, 65, finder)
    finally:
        finder.close()
    assert steady["frames"] == flicker["frames"] == 4
    assert steady["still_share"] == 1
    assert steady["change_255"] < 0.5
    assert flicker["change_255"] > 2.5
    assert np.isfinite(steady["age_std_own_years"])
    assert nobody["frames"] == 0


def test_a_pan_moves_as_it_says() -> None:
    frames = list(pan(face_picture(256), 3))
    assert frames[0].flow is None
    assert [np.hypot(*frame.flow[5, 5]) for frame in frames[1:]] == pytest.approx([0.3, 0.3], abs=1e-4)
    with pytest.raises(DataError, match="no video"):
        next(read_clip(Path("nowhere.mp4"), 1))


def test_who_is_measured_and_who_is_a_stranger(people: Path) -> None:
    faces = load(people)
    chosen = choose((faces, faces), ScorecardConfig(people=1))
    assert chosen.band.tolist() == ["young", "middle", "old"] * 2
    assert len({chosen.files[0], chosen.files[3]} & {"24.jpg", "30.jpg"}) == 1  # by the seed, the same in both
    assert held_out(faces, "val").tolist() == []
    with pytest.raises(DataError, match="nobody of known age"):
        choose((faces,), ScorecardConfig(split="train"))
    jury = Jury.called("", [], "", [])
    found = stranger_thresholds((faces,), jury, SMALL)["own"]
    assert (found.pairs, found.left_out) == (5, 10)  # the negative is a stranger to the five pictures of one face
    assert found.limit < 0.6
    assert found.card == jury.recognisers["own"].limit
    # Without it there are no strangers.
    alone = replace(faces, split=np.where(faces.years == AGES[NEGATIVE], "train", "test"))
    with pytest.raises(DataError, match="look like one person"):
        stranger_thresholds((alone,), jury, SMALL)
