"""Style is learned: costs fall, a stopped run goes on as if nothing had been, and what does not fit is told."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from engine.networks.style import StyleNet
from tests.training.faces import face_set, write_faces
from training.checkpoints import WEIGHTS_FILE
from training.cli import main
from training.data.sets import DataError
from training.data.synthetic_scenes import write_smoke_scenes
from training.publish import PublishConfig, publish_run
from training.style.costs import StyleCosts
from training.style.eye import EyeConfig, EyeNet, Windows
from training.style.eye import train as train_eye
from training.style.gatys import StyleImageConfig, curves, style_image, stylise
from training.style.loop import REACH, Pieces, StyleConfig, cut, one_hot, real_part, shared, train

TINY = StyleConfig(
    extra=(), scenes="", looker="", styles=("ink", "glass"), style_weights=(6.0, 6.0), width=4, blocks=1, side=32,
    batch=2, steps=4, save_every=2, painting_side=64,
)  # fmt: skip
EYE = EyeConfig(channels=(4, 4), window=16, photographs=4, paintings=1, batch=4, steps=4, save_every=2)


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(write_faces(tmp_path_factory.mktemp("style") / "faces", face_set(20)))


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_smoke_scenes(tmp_path_factory.mktemp("eye"), "EyeConfig")["data"]


def logged(out: Path) -> list[dict[str, float]]:
    lines = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    return [{key: value for key, value in line.items() if not key.endswith("_per_s")} for line in lines]


def picture(side: int = 48) -> torch.Tensor:
    rng = np.random.default_rng(0)
    soft = cv2.resize(rng.random((6, 6, 3), np.float32), (side, side), interpolation=cv2.INTER_CUBIC)
    return torch.from_numpy(np.clip(soft, 0, 1)).permute(2, 0, 1)[None].contiguous()


def test_optimising_a_picture_brings_its_style_nearer_and_keeps_what_it_shows() -> None:
    torch.manual_seed(1)
    config = StyleImageConfig(looker="", steps=25, stages=3, side=48)
    content = picture()
    # By a hand's breadth: the same picture in other colours.
    done = stylise(content, content.flip(1) * 0.6, config)
    style = done.costs[:, 1]
    assert style[-5:].mean() < 0.5 * style[0]
    assert done.picture.shape == (48, 48, 3)
    assert len(done.stages) == 3
    moved = np.abs(done.stages[0].astype(int) - done.picture.astype(int)).mean()
    assert 2 < moved < 120
    first = stylise(content, content.flip(1) * 0.6, replace(config, steps=1))
    assert first.costs[0, 0] < 0.05, "it begins with the picture itself"


def test_curves_are_drawn_for_any_length() -> None:
    assert curves(np.random.default_rng(0).random((7, 3), np.float32)).std() > 1
    assert curves(np.ones((1, 3), np.float32)).shape == (320, 640, 3)


def test_a_task_writes_the_picture_its_way_and_its_costs(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "me.png"), np.full((80, 60, 3), 120, np.uint8))
    config = StyleImageConfig(
        content=str(tmp_path / "me.png"), looker="", out=str(tmp_path / "out"), steps=2, side=32, stages=2,
        painting_side=32,
    )  # fmt: skip
    figures = style_image(config)
    assert figures is not None and set(figures) == {"content", "style", "variation", "seconds"}
    result = cv2.imread(str(tmp_path / "out" / "picture.png"))
    assert result is not None and result.shape == (48, 32, 3)
    told = json.loads((tmp_path / "out" / "costs.json").read_text())
    assert told["last"]["style"] == pytest.approx(figures["style"])
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "picture.png", "stages.png", "curves.png", "costs.json"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ([], "no content: name a picture"),
        (["content=x.png", "style=cubism"], "x.png"),
        (["content=.", "style=oil"], "."),
    ],
)
def test_wrong_pictures_get_one_clear_line(
    settings: list[str], words: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    pairs = [part for each in [*settings, f"out={tmp_path}"] for part in ("--set", each)]
    assert main(["style-image", *pairs]) == 1
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert words in line


def test_a_style_run_that_was_stopped_goes_on_with_the_same_losses(
    faces: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = replace(TINY, data=faces)
    train(replace(config, out=str(tmp_path / "whole")))
    from training.house import Run

    save = Run.save

    def stop(self: Run, *rest: object) -> None:
        save(self, *rest)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(Run, "save", stop)
        train(replace(config, out=str(tmp_path / "parts")))
    train(replace(config, out=str(tmp_path / "parts")), resume=True)
    assert logged(tmp_path / "parts") == logged(tmp_path / "whole")
    assert [line["step"] for line in logged(tmp_path / "parts")] == [2, 4]
    for name in ("000002.png", "000004.png"):
        assert (tmp_path / "parts" / "sheets" / name).is_file()


def test_the_costs_teach_the_network_each_style_of_its_own() -> None:
    torch.manual_seed(2)
    costs = StyleCosts(EyeNet((4, 6, 8)).eval().requires_grad_(False))
    content = picture(32).expand(2, -1, -1, -1)
    goals = [costs.style_goal(content[:1] * 0.3), costs.style_goal(1 - content[:1] * 0.5)]
    network, style = StyleNet(("dark", "pale"), width=4, blocks=1), one_hot(torch.tensor([0, 1]), 2)
    optimiser = torch.optim.Adam(network.parameters(), 1e-2)
    seen = []
    for _ in range(40):
        cost = costs.style_cost(costs.look(network(content, style)), goals).mean()
        optimiser.zero_grad()
        cost.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        seen.append(cost.item())
    assert seen[-1] < 0.5 * seen[0]
    with torch.inference_mode():
        swapped = costs.style_cost(costs.look(network(content, style.flip(0))), goals).mean()
    assert swapped > 1.1 * seen[-1], "each number asks for its own style"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"style_weights": (1.0,)}, "style_weights: 2 are needed"),
        ({"side": 40}, "multiple of 16"),
        ({"styles": ("ink", "cubism")}, "'cubism' is neither"),
        ({"data": "nowhere"}, "nowhere"),
    ],
)
def test_what_does_not_fit_is_told(changes: dict[str, object], words: str, faces: str, tmp_path: Path) -> None:
    config = replace(TINY, **{"data": faces, "out": str(tmp_path), **changes})  # type: ignore[arg-type]
    with pytest.raises(DataError, match=words):
        train(config)


def test_pieces_are_made_from_their_number_alone(faces: str) -> None:
    pieces = Pieces(replace(TINY, data=faces)).samples()
    for number in (0, 5):
        one, style, at = pieces[number]
        again, same_style, same_at = pieces[number]
        np.testing.assert_array_equal(one, again)
        np.testing.assert_array_equal(at, same_at)
        assert (style, one.shape) == (number % 2, (32 + REACH, 32 + REACH, 3))
        assert same_style == style


def test_repeated_edges_are_left_out() -> None:
    crop = np.zeros((256, 256, 3), np.uint8)
    crop[40:200, 30:220] = 255
    corners = np.array([[30, 38], [222, 40], [220, 200], [28, 202]], np.float32)
    part = real_part(crop, corners)
    assert part.shape == (160, 190, 3)
    assert part.min() == 255
    whole = np.array([[-9, -9], [300, -9], [300, 300], [-9, 300]], np.float32)
    assert real_part(crop, whole).shape == crop.shape
    assert real_part(crop, np.full((4, 2), 500, np.float32)).shape == crop.shape, "nothing to be seen: all of it"


def test_where_two_looks_show_the_same_place_they_are_compared() -> None:
    whole = torch.rand(2, 3, 32 + REACH, 32 + REACH, generator=torch.Generator().manual_seed(0))
    at, middle = torch.tensor([[0, 7], [8, 4]]), torch.full((2, 2), REACH // 2)
    first, second = cut(whole, at, 32), cut(whole, middle, 32)
    assert float(shared(first, second, at, 32)) == 0
    assert float(shared(second, second, at, 32)) > 0.05, "compared at the wrong place they differ"


def test_an_eye_learns_goes_on_and_may_be_used(scenes: str, tmp_path: Path) -> None:
    config = replace(EYE, data=scenes)
    train_eye(replace(config, out=str(tmp_path / "whole")))
    lines = logged(tmp_path / "whole")
    assert [line["step"] for line in lines] == [2, 4]
    assert all(0 <= line["right"] <= line["among_five"] <= 1 for line in lines)
    with pytest.raises(DataError, match="too few pictures"):
        Windows(replace(config, window=400))


def test_a_run_is_published_with_its_card_and_both_forms(tmp_path: Path) -> None:
    from engine.style.stylist import Stylist
    from engine.weights.store import find
    from training.checkpoints import save_checkpoint

    default = StyleConfig()
    torch.manual_seed(0)
    save_checkpoint(tmp_path / "run", default, {}, StyleNet(default.styles, default.width, default.blocks))
    assert (tmp_path / "run" / WEIGHTS_FILE).is_file()
    publish_run(
        PublishConfig(run=str(tmp_path / "run"), weights="style", sets=("fairface",), folder=str(tmp_path / "weights"))
    )
    card = find("style", tmp_path / "weights").card
    assert card.arguments["styles"] == ["oil", "ink", "glass"]
    assert set(card.sha256) == {"style.safetensors", "style.xml", "style.bin"}
    stylist = Stylist.load("cpu", folder=tmp_path / "weights", precision="f32")
    image = (picture(64)[0].permute(1, 2, 0).numpy() * 255).astype(np.uint8)
    painted = stylist.paint(image, "ink")
    stylist.close()
    assert painted.shape == image.shape
    # A fresh network gives back nearly the picture.
    assert np.abs(painted.astype(int) - image).mean() < 25
