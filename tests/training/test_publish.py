"""The card of published weights tells where they come from, and what a run knows of itself needs no typing."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.networks.age import AgeNet
from engine.networks.ager import AgingUNet
from engine.networks.embedder import EmbedderNet
from engine.networks.faces import wish
from engine.weights.card import read_card
from engine.weights.loading import load_module
from engine.weights.store import find
from tests.architecture.house import ROOT
from training.cli import main
from training.data.sets import DataError
from training.house import Machine, Run
from training.ladder.config import GanConfig
from training.ladder.rungs import build
from training.loops.age import AgeConfig
from training.loops.aging_distilled import DistilledConfig
from training.loops.embedder import EmbedderConfig
from training.provenance import commit
from training.publish import FREE_LICENCE, LICENCE, PublishConfig, licence_of, publish_run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that ended at once."""
    folder = tmp_path_factory.mktemp("run")
    config = AgeConfig(out=str(folder), seed=7)
    torch.manual_seed(0)
    Run(config, Machine(accelerator="cpu", devices="1")).save({}, AgeNet(config.width, config.multiples, config.blocks))
    facts = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps({**facts, "command": "python -m training age"}))
    return folder


def test_the_card_tells_all(run: Path, tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    figures.write_text(json.dumps({"figures": {"age_mae_years": 5.0, "young_identity": 0.6}}))
    config = PublishConfig(
        run=str(run), weights="age", sets=("utkface", "fairface"), figures=str(figures), prefix=("age_",),
        folder=str(tmp_path),
    )  # fmt: skip
    digest = publish_run(config)
    card = read_card(tmp_path / "age.toml")
    assert card.licence == LICENCE
    assert [entry.partition(" ")[0] for entry in card.data] == ["UTKFace", "FairFace"]
    assert "figures on test" in card.split
    assert "mean absolute error" in card.metric
    assert dict(card.figures) == {"age_mae_years": 5.0}
    assert (card.command, card.seed) == ("python -m training age", 7)
    assert card.commit == commit() != ""
    assert card.sha256["age.safetensors"] == digest
    assert {"age.safetensors", "age.xml", "age.bin"} <= set(card.sha256)


def test_what_is_typed_counts_more_than_what_the_run_tells(run: Path, tmp_path: Path) -> None:
    settings = [f"run={run}", "weights=age", f"folder={tmp_path}", "seed=3", "command=by hand", "split=all of it"]
    assert main(["publish", *(part for each in settings for part in ("--set", each))]) == 0
    card = read_card(tmp_path / "age.toml")
    assert (card.command, card.seed, card.split) == ("by hand", 3, "all of it")


@pytest.mark.parametrize(
    ("sets", "licence"), [(("fairface",), FREE_LICENCE), (("fairface", "utkface"), LICENCE), (("cfp",), LICENCE)]
)
def test_one_restricted_collection_restricts_the_weights(sets: tuple[str, ...], licence: str) -> None:
    assert licence_of(sets) == licence


def test_the_commit_is_gits() -> None:
    head = subprocess.run(["git", "-C", str(ROOT), "rev-parse", "HEAD"], capture_output=True, text=True).stdout.strip()
    assert commit().rstrip("+") == head


def test_a_lighter_generator_is_published_in_its_own_shape(tmp_path: Path) -> None:
    config = DistilledConfig(width=4, multiples=(2, 3), fold=4, out=str(tmp_path / "run"))
    torch.manual_seed(0)
    made = AgingUNet(config.width, config.multiples, fold=config.fold)
    Run(config, Machine(accelerator="cpu", devices="1")).save({}, made)
    publish_run(PublishConfig(run=config.out, weights="ager", folder=str(tmp_path)))
    assert read_card(tmp_path / "ager.toml").arguments["fold"] == 4
    loaded = load_module(find("ager", tmp_path)).state_dict()
    assert torch.allclose(loaded["stem.0.weight"].float(), made.state_dict()["stem.0.weight"], atol=1e-3)


def test_a_mean_of_runs_is_published_and_only_of_the_same_network(run: Path, tmp_path: Path) -> None:
    tensors = load_file(run / "weights.safetensors")
    other = tmp_path / "other.safetensors"
    save_file({name: each * 1.2 if each.is_floating_point() else each for name, each in tensors.items()}, other)
    publish_run(PublishConfig(run=str(run), weights="age", folder=str(tmp_path), mean_with=(str(other),)))
    mean = load_file(tmp_path / "age.safetensors")
    for name, each in tensors.items():
        wanted = each.float() * 1.1 if each.is_floating_point() else each.float()
        torch.testing.assert_close(mean[name].float(), wanted, atol=1e-4, rtol=1e-3)
    save_file({"first": torch.zeros(3)}, other)
    with pytest.raises(DataError, match="another network"):
        publish_run(PublishConfig(run=str(run), weights="age", folder=str(tmp_path), mean_with=(str(other),)))
    with pytest.raises(DataError, match="does not exist"):
        publish_run(PublishConfig(run=str(run), weights="age", folder=str(tmp_path), mean_with=("nowhere",)))


def test_an_embedder_is_published_as_deep_as_it_is_and_averaged_with_a_shallower_one(tmp_path: Path) -> None:
    config = EmbedderConfig(
        stem=8, channels=(8, 16), blocks=(1, 3), features=16, dimensions=8, out=str(tmp_path / "run")
    )
    torch.manual_seed(0)
    deep = EmbedderNet(8, (8, 16), (1, 3), 16, 8)
    shallow = EmbedderNet(8, (8, 16), (1, 1), 16, 8)
    Run(config, Machine(accelerator="cpu", devices="1")).save({}, deep)
    save_file(shallow.state_dict(), tmp_path / "shallow.safetensors")
    publish_run(
        PublishConfig(
            run=config.out, weights="embedder", folder=str(tmp_path), mean_with=(str(tmp_path / "shallow.safetensors"),)
        )
    )
    assert read_card(tmp_path / "embedder.toml").arguments["blocks"] == [1, 3]
    mean, one, other = load_file(tmp_path / "embedder.safetensors"), deep.state_dict(), shallow.state_dict()
    for name in ("head.1.weight", "stages.1.body.0.weight"):
        torch.testing.assert_close(mean[name].float(), (one[name] + other[name]) / 2, atol=1e-3, rtol=0)
    for name in ("stages.3.body.4.weight", "stages.3.body.4.bias"):
        torch.testing.assert_close(mean[name].float(), one[name] / 2, atol=1e-3, rtol=0)
    for name in ("stages.3.body.0.weight", "stages.3.body.1.weight"):
        torch.testing.assert_close(mean[name].float(), one[name], atol=1e-3, rtol=0)


def test_the_generator_of_faces_is_published_as_its_run_built_it(tmp_path: Path) -> None:
    config = GanConfig(name="gan-faces", rung="conditional", size=16, latent=100, width=4, out=str(tmp_path / "run"))
    torch.manual_seed(0)
    generator, _ = build(config)
    Run(config, Machine(accelerator="cpu", devices="1")).save({}, generator)
    publish_run(PublishConfig(run=config.out, weights="faces", sets=("fairface",), folder=str(tmp_path)))
    card = read_card(tmp_path / "faces.toml")
    assert card.licence == FREE_LICENCE
    assert dict(card.arguments) == {"latent": 100, "channels": [8, 4]}
    shipped = load_module(find("faces", tmp_path))
    latents, labels = torch.randn(2, 100), torch.tensor([[3, 0], [8, 1]])
    wishes = torch.stack([wish(25, 0), wish(80, 1)])
    wanted = generator.eval()(latents, labels)
    torch.testing.assert_close(shipped(latents[..., None, None], wishes[..., None, None]), wanted, atol=5e-3, rtol=0)
