"""Weights are found by name, proven by hash, and loaded strictly; pickles are refused."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.errors import WeightsError
from engine.weights.card import write_card
from engine.weights.files import sha256_of
from engine.weights.loading import load_module, read_tensors
from engine.weights.store import IR_FILES, SAFETENSORS, find, names


def rewrite(folder: Path, tensors: dict[str, torch.Tensor]) -> None:
    """Replaces the age network's tensors and signs them, so that only their content can be wrong."""
    save_file(tensors, folder / "age.safetensors")
    card = find("age", folder).card
    write_card(folder / "age.toml", card.with_sha256({"age.safetensors": sha256_of(folder / "age.safetensors")}))


def test_names_lists_every_card(weights: Path) -> None:
    assert names(weights) == ("age", "ager", "embedder")


def test_find_names_what_there_is(weights: Path) -> None:
    with pytest.raises(WeightsError, match=r"'nobody'.*age, ager"):
        find("nobody", weights)


def test_every_file_of_made_weights_verifies(weights: Path) -> None:
    for name in names(weights):
        for ending in (SAFETENSORS, *IR_FILES):
            assert find(name, weights).verify(ending).is_file()


@pytest.mark.parametrize("ending", [SAFETENSORS, ".bin"])
def test_one_changed_byte_is_noticed(weights: Path, ending: str) -> None:
    path = weights / f"age{ending}"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(WeightsError, match="not the file its card describes"):
        find("age", weights).verify(ending)


def test_a_missing_file_says_how_to_get_it_back(weights: Path) -> None:
    (weights / "age.xml").unlink()
    with pytest.raises(WeightsError, match=r"age\.xml is missing.*python -m training export age"):
        find("age", weights).verify(".xml")


def test_a_file_without_a_hash_is_not_trusted(weights: Path) -> None:
    (weights / "age-int4.xml").write_text("<net/>")
    with pytest.raises(WeightsError, match="no SHA-256 on its card"):
        find("age", weights).verify("-int4.xml")
    assert not find("age", weights).has("-int4.xml")


def test_load_module_gives_the_saved_numbers_in_evaluation_mode(weights: Path) -> None:
    module = load_module(find("age", weights))
    saved = load_file(weights / "age.safetensors")
    assert not module.training
    assert all(torch.equal(value, saved[key]) for key, value in module.state_dict().items())


def test_a_missing_key_is_named(weights: Path) -> None:
    tensors = load_file(weights / "age.safetensors")
    del tensors["head.bias"]
    rewrite(weights, tensors)
    with pytest.raises(WeightsError, match=r"'head\.bias' is missing"):
        load_module(find("age", weights))


def test_an_extra_key_is_named(weights: Path) -> None:
    rewrite(weights, {**load_file(weights / "age.safetensors"), "extra": torch.zeros(1)})
    with pytest.raises(WeightsError, match="'extra' is not part of the network"):
        load_module(find("age", weights))


def test_a_wrong_shape_is_named(weights: Path) -> None:
    rewrite(weights, {**load_file(weights / "age.safetensors"), "head.bias": torch.zeros(7)})
    with pytest.raises(WeightsError, match=r"'head\.bias' has shape \(7,\), the network needs \(101,\)"):
        load_module(find("age", weights))


def test_an_unknown_network_is_refused(weights: Path) -> None:
    text = (weights / "age.toml").read_text().replace('network = "age"', 'network = "os.system"')
    (weights / "age.toml").write_text(text)
    with pytest.raises(WeightsError, match=r"unknown network 'os\.system'"):
        load_module(find("age", weights))


def test_arguments_that_do_not_fit_are_refused(weights: Path) -> None:
    text = (weights / "age.toml").read_text().replace("width = 4", "breadth = 4")
    (weights / "age.toml").write_text(text)
    with pytest.raises(WeightsError, match="arguments do not fit"):
        load_module(find("age", weights))


class Trap:
    """Unpickling this would raise."""

    def __reduce__(self) -> tuple[object, ...]:
        return (pytest.fail, ("the pickle was run",))


@pytest.mark.parametrize("name", ["net.pt", "net.pth", "net.ckpt", "net.safetensors"])
@pytest.mark.parametrize("writer", ["torch", "pickle"])
def test_a_pickle_is_refused_unread_and_the_message_says_why(tmp_path: Path, name: str, writer: str) -> None:
    path = tmp_path / name
    if writer == "torch":
        torch.save({"weight": Trap()}, path)
    else:
        path.write_bytes(pickle.dumps({"weight": Trap()}))
    with pytest.raises(WeightsError, match="can run any code"):
        read_tensors(path)


def test_a_pickle_beside_the_card_does_not_stand_in_for_the_safetensors(weights: Path) -> None:
    (weights / "age.safetensors").unlink()
    torch.save({"weight": Trap()}, weights / "age.pth")
    with pytest.raises(WeightsError, match="can run any code"):
        load_module(find("age", weights))


def test_a_truncated_safetensors_file_is_refused(weights: Path, tmp_path: Path) -> None:
    short = tmp_path / "short.safetensors"
    short.write_bytes((weights / "age.safetensors").read_bytes()[:500])
    with pytest.raises(WeightsError, match="not a whole safetensors file"):
        read_tensors(short)
