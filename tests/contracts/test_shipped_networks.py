"""The networks in weights/: what the card says is what lies there, and it runs as the rooms above expect."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from engine.errors import DeviceError
from engine.networks import REGISTRY
from engine.runtime import Network, load_network
from engine.types import FloatArray
from engine.weights.store import find

NAMES = ("age", "ager", "embedder", "style")
SIZES = {"age": (112,), "ager": (256, 384, 512), "embedder": (112,), "style": (384, 96)}
SHAPES = {"age": (1, 101), "embedder": (1, 256)}


def picture(name: str, size: int, seed: int = 0) -> list[FloatArray]:
    """Smooth inputs in 0..1 as the network takes them: blurred noise, and the same age everywhere."""
    rng = np.random.default_rng(seed)
    coarse = rng.random((1, 3, 8, 8), np.float32)
    image = np.kron(coarse, np.ones((1, 1, size // 8, size // 8), np.float32))
    if name == "style":
        return [image, np.eye(1, 3, dtype=np.float32)[..., None, None]]
    ages = [np.full((1, 1, size, size), years, np.float32) for years in (0.3, 0.7)]
    return [image, *ages][: len(REGISTRY[find(name).card.network].inputs)]


@pytest.fixture(scope="module", params=NAMES)
def network(request: pytest.FixtureRequest) -> Iterator[Network]:
    made = load_network(request.param, "cpu", precision="f32")
    yield made
    made.close()


@pytest.mark.parametrize("name", NAMES)
def test_card_tells_licence_data_and_how_to_rebuild(name: str) -> None:
    card = find(name).card  # raises where a file is missing or not the one the card describes
    assert card.licence
    assert card.data
    assert card.command.startswith("python -m training")
    assert card.figures


def test_runs_at_every_size_that_is_offered(network: Network) -> None:
    for size in SIZES[network.name]:
        output = network(*picture(network.name, size))
        assert output.shape == SHAPES.get(network.name, (1, 3, size, size))
        assert output.dtype == np.float32
        assert np.isfinite(output).all()


def test_ages_are_probabilities() -> None:
    network = load_network("age", "cpu", precision="f32")
    output = network(*picture("age", 112))
    network.close()
    assert (output >= 0).all()
    assert output.sum() == pytest.approx(1, abs=1e-4)


def test_same_input_same_output_and_another_for_another(network: Network) -> None:
    size = SIZES[network.name][0]
    first, again = (network(*picture(network.name, size)) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, network(*picture(network.name, size, seed=1)))


def test_inputs_stay_as_they_were(network: Network) -> None:
    inputs = picture(network.name, SIZES[network.name][0])
    network(*inputs)
    for given, fresh in zip(inputs, picture(network.name, SIZES[network.name][0]), strict=True):
        np.testing.assert_array_equal(given, fresh)


@pytest.mark.parametrize("name", NAMES)
def test_closing_twice_is_safe_and_a_closed_network_says_so(name: str) -> None:
    network = load_network(name, "cpu", precision="f32")
    network.close()
    network.close()
    with pytest.raises(DeviceError, match="closed"):
        network(*picture(name, SIZES[name][0]))
