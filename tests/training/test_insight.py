"""What the networks see: every map against a case whose answer is known."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from PIL import Image as Pillow
from torch import Tensor, nn

from engine.networks.age import AgeNet
from engine.networks.ager import AgingUNet
from engine.networks.detector import STRIDES, DetectorNet
from engine.networks.embedder import EmbedderNet
from training.checkpoints import save_checkpoint
from training.cli import main
from training.data.sets import DataError
from training.data.synthetic import write_people_prepared
from training.insight import age, gradients, latent, people
from training.insight.anchors import AnchorsConfig, answered
from training.insight.common import FRESH, activations, collection, coloured, network, weights_of
from training.insight.discriminator import DiscriminatorConfig
from training.insight.discriminator import see as see_discriminator
from training.insight.filters import pictures
from training.insight.generator import residual, silenced, skips
from training.insight.receptive import Field, field_of
from training.insight.runs import read_aging, read_gan
from training.insight.smoke import write_aging_run, write_gan_run, write_pairs
from training.insight.units import favourites, loudest, patch
from training.loops.aging_distilled import DistilledConfig
from training.provenance import write_run

SIDE = 32


def eye(images: Tensor) -> Tensor:
    """An answer that sees one place only: the mean red of rows 8..15, columns 20..27."""
    return images[:, 0, 8:16, 20:28].mean((1, 2))


# -- gradients and occlusion --------------------------------------------------------------------------------------


def test_covering_matters_most_where_the_feature_lies() -> None:
    image = torch.full((3, SIDE, SIDE), 0.2)
    image[0, 8:16, 20:28] = 1.0
    found = gradients.occlusion(eye, image, 8, 4, torch.zeros(3))
    row, column = np.unravel_index(found.argmax(), found.shape)
    assert 8 <= row < 16 and 20 <= column < 28
    assert found[8:16, 20:28].min() > 0.2 and found[20:, :12].max() == 0 and found.min() >= 0
    assert gradients.occlusion(eye, image, 8, 8, torch.zeros(3))[8:16, 20:24].max() == pytest.approx(0.5)


def test_gradient_equals_the_numeric_difference() -> None:
    torch.manual_seed(1)
    small = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Tanh(), nn.Flatten(), nn.LazyLinear(1)).double()
    image = torch.rand(3, 6, 6, dtype=torch.float64)

    def answer(x: Tensor) -> Tensor:
        return small(x)[:, 0]

    answer(image[None])
    slope = gradients.gradient(answer, image[None])[0]
    step = 1e-5
    for place in ((0, 0, 0), (1, 2, 3), (2, 5, 5)):
        moved = image.repeat(2, 1, 1, 1)
        moved[0][place] += step
        moved[1][place] -= step
        higher, lower = answer(moved).detach()
        assert float(slope[place]) == pytest.approx(float(higher - lower) / (2 * step), rel=1e-4)


def test_a_smooth_gradient_is_the_mean_over_noise_and_always_the_same() -> None:
    def kinked(x: Tensor) -> Tensor:
        return (x - 0.5).abs().sum((1, 2, 3))

    image = torch.linspace(0, 1, 3 * 8 * 8).reshape(3, 8, 8)
    smooth = gradients.smooth_gradient(kinked, image, 0.2, 400)
    assert torch.equal(smooth, gradients.smooth_gradient(kinked, image, 0.2, 400))
    assert smooth.flatten()[0] < -0.9 and smooth.flatten()[-1] > 0.9
    assert smooth.flatten()[96].abs() < 0.3, "at the kink the slopes of both sides cancel"


def test_integrated_gradients_add_up_to_the_difference() -> None:
    torch.manual_seed(2)
    module = AgeNet(4, (1, 2), 1).eval()
    image, black = torch.rand(3, SIDE, SIDE), torch.zeros(3, SIDE, SIDE)

    def answer(x: Tensor) -> Tensor:
        return age.years_of(module, x)

    parts = gradients.integrated_gradients(answer, image, black, 200)
    with torch.no_grad():
        difference = float(answer(image[None]) - answer(black[None]))
    assert float(parts.sum()) == pytest.approx(difference, rel=0.02, abs=1e-3)
    assert abs(difference) > 1e-4


def test_grad_cam_weighs_every_map_by_what_it_counts() -> None:
    features = torch.zeros(1, 2, 4, 4)
    features[0, 0, 1, 2], features[0, 1, 3, 0] = 5.0, 5.0

    def head(x: Tensor) -> Tensor:
        return 3 * x[:, 0].mean((1, 2)) - 1 * x[:, 1].mean((1, 2))

    found = gradients.grad_cam(features, head)
    assert found[1, 2] == pytest.approx(15 / 16) and found[3, 0] == pytest.approx(-5 / 16)
    assert np.count_nonzero(found) == 2


# -- units --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("module", "depth"),
    [(AgeNet(4, (1, 2), 1), 0), (AgeNet(4, (1, 2), 1), 2), (EmbedderNet(4, (4, 4), (1, 1), 8, 8), 2),
     (DetectorNet(stem=4, widths=(4, 4, 4), blocks=(1, 1, 1), pyramid=4), 1)],
)  # fmt: skip
def test_a_unit_sees_its_field_and_nothing_beside_it(module: nn.Module, depth: int) -> None:
    for layer in module.modules():  # every path open: no unit is dead, no weight cancels another
        if isinstance(layer, nn.Conv2d):
            nn.init.constant_(layer.weight, 0.1)
    module.eval()
    image = torch.full((1, 3, 160, 160), 0.6, requires_grad=True)
    maps = activations(module, image)[depth][1]
    middle = maps.shape[2] // 2
    maps[0, 0, middle, middle].backward()
    assert image.grad is not None
    rows = torch.nonzero(image.grad.abs().sum((0, 1, 3)))[:, 0]
    assert field_of(module, depth).span(middle, 160) == (int(rows[0]), int(rows[-1]) + 1)


def test_fields_of_two_layers_by_hand() -> None:
    assert Field().after(5, 2, 2) == Field(5, 2, -2)
    assert Field(5, 2, -2).after(3, 1, 1) == Field(9, 2, -4)
    assert Field(9, 2, -4).span(0, 112) == (0, 5) and Field(9, 2, -4).span(55, 112) == (106, 112)


def test_the_loudest_places_are_found_and_favourites_come_loudest_first() -> None:
    maps = np.zeros((4, 2, 3, 5), np.float32)
    for face, (value, row, column) in enumerate(((2, 0, 4), (7, 2, 1), (1, 1, 1), (5, 1, 3))):
        maps[face, 1, row, column] = value
    values, places = loudest(maps)
    assert values[:, 1].tolist() == [2, 7, 1, 5] and places[1, 1].tolist() == [2, 1]
    best = favourites(values, 1, 3)
    assert best.tolist() == [1, 3, 0] and (np.diff(values[best, 1]) <= 0).all()


def test_a_patch_is_what_lies_in_the_field() -> None:
    picture = np.arange(112 * 112, dtype=np.int64).reshape(112, 112, 1).repeat(3, 2)
    cut = patch(picture, Field(9, 2, -4), np.array([10, 20]))
    assert cut.shape == (9, 9, 3) and cut[0, 0, 0] == 16 * 112 + 36
    assert patch(picture, Field(9, 2, -4), np.array([0, 0])).shape == (5, 5, 3)


# -- filters ------------------------------------------------------------------------------------------------------


def test_filters_are_the_weights_in_the_colour_order_of_pictures() -> None:
    module = AgeNet(2, (1,), 1)
    first = module.stem.get_submodule("0").get_parameter("weight")
    with torch.no_grad():
        first.zero_()
        first[1, 0, 2, 3] = 4.0  # red, RGB
    filters = weights_of(module)
    assert filters.shape == (2, 5, 5, 3) and filters[1, 2, 3].tolist() == [0, 0, 4]
    shown = pictures(filters)
    red = shown[18, 25]  # the colourful one comes first; BGR
    assert red[2] == 255 and red[0] == red[1] == 128


def test_signed_colours_are_red_above_and_blue_below() -> None:
    blue, white, red = coloured(np.array([[-1.0, 0.0, 1.0]], np.float32))[0].astype(int)
    assert blue[0] > blue[2] + 50 and red[2] > red[0] + 50 and white.min() > 240


# -- people -------------------------------------------------------------------------------------------------------


def test_principal_components_of_a_line_by_hand() -> None:
    points = np.array([[0, 0, 1], [3, 4, 1], [6, 8, 1], [9, 12, 1]], np.float32)
    found = people.principal_components(points)
    assert found.axes[0].tolist() == pytest.approx([0.6, 0.8, 0.0], abs=1e-6)
    assert found.places[:, 0].tolist() == pytest.approx([-7.5, -2.5, 2.5, 7.5], abs=1e-5)
    assert found.explained.tolist() == pytest.approx([1.0, 0.0], abs=1e-6)


def test_components_are_those_of_the_covariance() -> None:
    points = np.random.default_rng(0).normal(size=(50, 6)).astype(np.float32) * [5, 3, 1, 1, 1, 1]
    found = people.principal_components(points.astype(np.float32))
    values, vectors = np.linalg.eigh(np.cov(points.T))
    assert found.explained[0] == pytest.approx(values[-1] / values.sum(), rel=1e-4)
    assert abs(float(found.axes[0] @ vectors[:, -1])) == pytest.approx(1, abs=1e-4)
    assert abs(float(np.corrcoef(found.places.T)[0, 1])) < 1e-5


def test_people_are_apart_as_far_as_their_cosines() -> None:
    points = np.array([[1, 0], [1, 0], [0, 1], [0, 1]], np.float32)
    assert people.separation(points, np.array(["a", "a", "b", "b"])) == 1.0
    assert people.separation(points, np.array(["a", "b", "a", "b"])) == pytest.approx(-0.5)
    assert people.separation(points, np.array(["", "", "", ""])) is None


def test_pictures_of_a_plain_folder_are_called_after_who_is_on_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ada_1.png", "ada_2.png", "bob-1.png", "nobody.png"):
        cv2.imwrite(str(tmp_path / name), np.full((8, 8, 3), 0 if name == "nobody.png" else 9, np.uint8))
    crop = np.zeros((256, 256, 3), np.uint8)
    monkeypatch.setattr(
        "training.insight.common._aligned", lambda shown: [crop if picture.any() else None for picture in shown]
    )
    assert collection(str(tmp_path)).who.tolist() == ["ada", "ada", "bob"]


def test_the_gallery_is_drawn_without_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    points = np.random.default_rng(0).normal(size=(6, 8)).astype(np.float32)
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    monkeypatch.setattr(people, "from_gallery", lambda: (points, np.array(["Ada", "Ada", "Ada", "Bob", "Bob", "Cleo"])))
    told = people.see(people.PeopleConfig(gallery=True, out=str(tmp_path)))
    assert (told["faces"], told["people"]) == (6, 3)
    names = {path.name for path in (tmp_path / "projector").rglob("*")}
    assert "tensors.tsv" in names and "sprite.png" not in names
    labels = next((tmp_path / "projector").rglob("metadata.tsv")).read_text().split()
    assert labels == ["Ada", "Ada", "Ada", "Bob", "Bob", "Cleo"]


# -- detector, generator, discriminator, latents --------------------------------------------------------------------


def test_anchors_that_answer_stand_where_their_boxes_do() -> None:
    sizes = [[16.0, 28.0], [48.0, 84.0], [150.0, 280.0]]
    anchors = sum(2 * (64 // stride) * (96 // stride) for stride in STRIDES)
    answers = np.zeros((anchors, 15), np.float32)
    number = 2 * (3 * 12 + 5) + 1  # finest grid, row 3, column 5, the larger of its two anchors
    answers[number, 0], answers[0, 0] = 0.9, 0.2
    seen = answered(answers, (96, 64), sizes, AnchorsConfig(min_score=0.5))
    assert seen.anchors.tolist() == [[44 - 14.5, 28 - 14.5, 44 + 13.5, 28 + 13.5]]
    assert seen.found.boxes.tolist() == seen.anchors.tolist() and seen.levels.tolist() == [0]
    assert [scores.shape for scores in seen.scores] == [(8, 12), (4, 6), (2, 3)]
    assert seen.scores[0][3, 5] == pytest.approx(0.9) and seen.scores[0].sum() == pytest.approx(1.1)
    assert len(answered(answers, (96, 64), sizes, AnchorsConfig(min_score=0.95, most=7)).found) == 7


def test_a_silenced_skip_carries_nothing_and_only_while_it_is_silenced() -> None:
    torch.manual_seed(0)
    module = AgingUNet(4).eval()
    image = torch.rand(1, 3, 64, 64)
    whole = residual(module, image, 30, 70)
    carried = skips(module, image, 30, 70)
    assert [tuple(maps.shape[1:]) for maps in carried] == [(32, 32), (16, 16), (8, 8), (4, 4)]
    for level in range(4):
        seen: list[Tensor] = []
        up = module.up[3 - level]
        with silenced(module, level):
            hook = up[0][0].register_forward_pre_hook(lambda _, inputs, seen=seen: seen.append(inputs[0]))
            without = residual(module, image, 30, 70)
            hook.remove()
        width = carried[level].shape[0]
        assert not seen[0][:, -width:].any() and seen[0][:, :-width].any()
        assert not np.array_equal(without, whole)
    assert np.array_equal(residual(module, image, 30, 70), whole)


def test_a_walk_visits_every_stop_and_goes_on_evenly() -> None:
    stops = torch.randn(3, 16, generator=torch.Generator().manual_seed(0))
    found = latent.walk(stops, 4)
    assert found.shape == (12, 16)
    assert torch.allclose(found[::4], stops, atol=1e-5)
    lengths = found.norm(dim=1)
    assert lengths.min() >= stops.norm(dim=1).min() - 1e-4, "no way through the middle"


@pytest.mark.parametrize("rung", ["dcgan", "progressive"])
def test_runs_of_the_ladder_are_read_back_and_walked(rung: str, tmp_path: Path) -> None:
    run = write_gan_run(tmp_path / "run", rung)
    config, generator, _ = read_gan(str(run))
    assert (config.rung, config.size, generator.training) == (rung, 16, False)
    told = latent.see(latent.LatentConfig(run=str(run), out=str(tmp_path / "out"), stops=2, steps=3))
    with Pillow.open(tmp_path / "out" / "walk.gif") as walk:
        assert walk.size == (128, 128) and walk.info["loop"] == 0
    with Pillow.open(tmp_path / "out" / "walk.png") as strips:
        assert told["pictures"] == 6 and strips.size == (3 * 18 - 2, 2 * 18 - 2), "a row from stop to stop"


def test_discriminators_of_both_kinds_are_drawn(tmp_path: Path) -> None:
    write_people_prepared(tmp_path / "people", people=2, pictures=2)
    data = str(tmp_path / "people")
    gan = write_gan_run(tmp_path / "gan")
    told = see_discriminator(DiscriminatorConfig(run=str(gan), data=data, out=str(tmp_path / "a"), count=2))
    assert set(told) == {"real", "made", "right"} and (tmp_path / "a" / "discriminator.png").is_file()
    pairs = write_pairs(tmp_path / "people", tmp_path / "pairs")
    run = write_aging_run(tmp_path / "aging")
    see_discriminator(DiscriminatorConfig(run=str(run), data=data, pairs=str(pairs), out=str(tmp_path / "b"), count=2))
    assert (tmp_path / "b" / "discriminator.png").is_file()
    with pytest.raises(DataError, match="is a run of 'aging'"):
        read_gan(str(run))
    with pytest.raises(DataError, match="is a run of 'gan-dcgan'"):
        read_aging(str(gan))


# -- networks and wrong usage ---------------------------------------------------------------------------------------


def test_a_network_comes_from_a_run_a_file_or_nowhere(tmp_path: Path) -> None:
    run = write_aging_run(tmp_path / "run")
    with pytest.raises(DataError, match="holds no ager network"):
        network("ager", str(run))
    (run / "run.json").write_text('{"config": {"width": 4, "multiples": [1, 2, 4, 5, 6]}}')
    seer = network("ager", str(run))
    assert seer.arguments["width"] == 4 and not seer.module.training
    lighter = AgingUNet(4, (2, 3), fold=4)
    save_checkpoint(tmp_path / "lighter", DistilledConfig(width=4, multiples=(2, 3)), {}, lighter)
    write_run(tmp_path / "lighter", DistilledConfig(width=4, multiples=(2, 3)))
    assert network("ager", str(tmp_path / "lighter")).arguments["fold"] == 4
    assert torch.equal(network("age", FRESH).module.stem[0].weight, network("age", FRESH).module.stem[0].weight), (
        "fresh is always the same"
    )
    with pytest.raises(DataError, match="does not exist: train first"):
        network("age", str(tmp_path / "gone"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["see-age", "--set", "picture=gone.jpg"], "no such file: gone.jpg"),
        (["see-age", "--set", "picture=notes.txt"], "not a picture: notes.txt"),
        (["see-age", "--set", "patch=0"], "numbers above 0"),
        (["see-age", "--set", "picture=grey.png", "--set", "weights=fresh"], "no face is found in grey.png"),
        (["see-generator", "--set", "ages=[120]"], "years from 0 to 100"),
        (["see-filters", "--set", "networks=cat", "--set", "weights=fresh"], "'cat' is no network"),
        (["see-latent", "--set", "stops=1"], "at least 2"),
        (["see-latent", "--set", "run=broken"], "no checkpoint of ours"),
        (["see-units", "--set", "data=gone"], "no prepared faces"),
        (["see-discriminator", "--set", "run=gone"], "train first"),
    ],
)
def test_wrong_usage_gets_one_clear_line(
    arguments: list[str],
    words: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.txt").write_text("no picture")
    cv2.imwrite("grey.png", np.full((200, 200, 3), 128, np.uint8))
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "state.pt").write_bytes(b"nothing of ours")
    assert main(arguments) == 1
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert words in line
