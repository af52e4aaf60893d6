"""Both back ends keep one contract and agree with each other; on a CPU torch is never imported."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engine.errors import DeviceError, WeightsError
from engine.networks import REGISTRY
from engine.paths import project_dir
from engine.runtime import Network, load_network, on_many_pictures, on_pictures, openvino_backend
from engine.runtime.openvino_backend import fastest
from engine.runtime.torch_backend import TorchNetwork, load_torch
from engine.types import FloatArray
from engine.weights.card import write_card
from engine.weights.store import find

OpenNetwork = Callable[[Path, str], Network]


def open_openvino(folder: Path, name: str) -> Network:
    return load_network(name, "cpu", folder=folder, precision="f32")


def open_torch(folder: Path, name: str) -> Network:
    weights = find(name, folder)
    return load_torch(weights, device="cpu", size=weights.card.size)


BACKENDS = pytest.mark.parametrize("open_network", [open_openvino, open_torch], ids=["openvino", "torch"])


def noise(name: str, count: int, size: int, seed: int = 1) -> list[FloatArray]:
    rng = np.random.default_rng(seed)
    return [rng.random((count, channels, size, size), np.float32) for _, channels in REGISTRY[name].inputs]


@BACKENDS
class TestContract:
    def test_tells_its_name_device_and_size(self, made_weights: Path, open_network: OpenNetwork) -> None:
        network = open_network(made_weights, "ager")
        assert network.name == "ager"
        assert network.size == 64
        assert network.device in ("cpu/openvino/f32", "cpu/torch/f32")

    @pytest.mark.parametrize(("count", "size"), [(1, 64), (2, 64), (1, 96), (3, 128)])
    def test_takes_any_number_and_size(
        self, made_weights: Path, open_network: OpenNetwork, count: int, size: int
    ) -> None:
        output = open_network(made_weights, "ager")(*noise("ager", count, size))
        assert output.shape == (count, 3, size, size)
        assert output.dtype == np.float32

    def test_a_batch_gives_what_its_members_give(self, made_weights: Path, open_network: OpenNetwork) -> None:
        network = open_network(made_weights, "ager")
        inputs = noise("ager", 2, 64)
        single = np.concatenate([network(*(x[i : i + 1] for x in inputs)) for i in range(2)])
        np.testing.assert_allclose(network(*inputs), single, atol=1e-5)

    def test_the_output_belongs_to_the_caller(self, made_weights: Path, open_network: OpenNetwork) -> None:
        network = open_network(made_weights, "age")
        first = network(*noise("age", 1, 112, seed=1))
        kept = first.copy()
        second = network(*noise("age", 1, 112, seed=2))
        np.testing.assert_array_equal(first, kept)
        assert not np.array_equal(first, second)
        first[:] = 0  # writable

    def test_same_input_same_output(self, made_weights: Path, open_network: OpenNetwork) -> None:
        network = open_network(made_weights, "ager")
        inputs = noise("ager", 1, 64)
        np.testing.assert_array_equal(network(*inputs), network(*inputs))

    def test_inputs_may_be_strided(self, made_weights: Path, open_network: OpenNetwork) -> None:
        network = open_network(made_weights, "age")
        (x,) = noise("age", 1, 112)
        np.testing.assert_array_equal(network(x[:, :, :, ::-1]), network(x[:, :, :, ::-1].copy()))

    def test_close_twice_is_safe_and_a_closed_network_says_so(
        self, made_weights: Path, open_network: OpenNetwork
    ) -> None:
        network = open_network(made_weights, "age")
        network.close()
        network.close()
        with pytest.raises(DeviceError, match="network age is closed"):
            network(*noise("age", 1, 112))

    def test_wrong_channels_are_a_device_error_of_one_line(self, made_weights: Path, open_network: OpenNetwork) -> None:
        network = open_network(made_weights, "age")
        with pytest.raises(DeviceError) as caught:
            network(np.zeros((1, 5, 112, 112), np.float32))
        assert "\n" not in str(caught.value)

    def test_threads_may_share_it(self, made_weights: Path, open_network: OpenNetwork) -> None:
        network = open_network(made_weights, "age")
        inputs = [noise("age", 1, 112, seed) for seed in range(4)]
        expected = [network(*x) for x in inputs]
        wrong: list[int] = []

        def work(i: int) -> None:
            for _ in range(10):
                if not np.array_equal(network(*inputs[i]), expected[i]):
                    wrong.append(i)

        threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert wrong == []


@pytest.mark.parametrize("size", [64, 96])
def test_a_picture_is_answered_as_its_planes_are(made_weights: Path, size: int) -> None:
    network = open_openvino(made_weights, "ager")
    ask = on_pictures(network)
    assert ask is not None
    picture = np.random.default_rng(0).integers(0, 256, (size, 2 * size, 3)).astype(np.uint8)[:, ::2]  # strided
    picture.setflags(write=False)
    _, source, target = noise("ager", 1, size)
    planes = np.ascontiguousarray(picture[..., ::-1].transpose(2, 0, 1)[None], np.float32) / 255
    expected = 255 * network(planes, source, target)[0, ::-1].transpose(1, 2, 0)
    answer = ask(picture, source, target)
    assert (answer.shape, answer.dtype) == ((size, size, 3), np.float32)
    assert np.abs(expected).max() > 1, "an answer of zeros would prove nothing"
    np.testing.assert_allclose(answer, expected, atol=0.05)
    kept = answer.copy()
    ask(255 - picture, source, target)
    np.testing.assert_array_equal(answer, kept)


def test_pictures_that_cannot_be_asked_about_are_device_errors(made_weights: Path) -> None:
    network = open_openvino(made_weights, "ager")
    ask = on_pictures(network)
    assert ask is not None
    picture, maps = np.zeros((64, 64, 3), np.uint8), np.zeros((1, 1, 64, 64), np.float32)
    with pytest.raises(DeviceError) as caught:
        ask(picture, maps, np.zeros((1, 1, 96, 96), np.float32))
    assert "\n" not in str(caught.value)
    network.close()
    with pytest.raises(DeviceError, match="network ager is closed"):
        ask(picture, maps, maps)


def test_torch_answers_many_pictures_as_it_answers_their_planes(made_weights: Path) -> None:
    network = open_torch(made_weights, "ager")
    assert on_pictures(network) is None, "several at once are its way"
    ask = on_many_pictures(network)
    assert ask is not None
    pictures = np.random.default_rng(0).integers(0, 256, (3, 64, 64, 3)).astype(np.uint8)
    own, wanted = np.array([0.2, 0.4, 0.7], np.float32), np.array([0.8, 0.1, 0.75], np.float32)
    planes = np.ascontiguousarray(pictures[..., ::-1].transpose(0, 3, 1, 2), np.float32) / 255
    maps = [np.ones((3, 1, 64, 64), np.float32) * years[:, None, None, None] for years in (own, wanted)]
    expected = network(planes, *maps).transpose(0, 2, 3, 1)[..., ::-1] * 255
    answer = ask(pictures, own, wanted)
    assert answer.dtype == np.float32 and answer.shape == (3, 64, 64, 3)
    np.testing.assert_allclose(answer, expected, atol=2e-3)
    assert np.abs(answer).max() > 0.1
    network.close()
    with pytest.raises(DeviceError, match="network ager is closed"):
        ask(pictures, own, wanted)


@pytest.mark.parametrize("name, form", [("ager", "_eager_on_pictures"), ("age", "_eager")])
def test_torch_is_warmed_up_in_the_form_that_is_asked(
    made_weights: Path, monkeypatch: pytest.MonkeyPatch, name: str, form: str
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(TorchNetwork, "_runner", lambda self, run, tensors: asked.append(run.__name__) or run)
    load_torch(find(name, made_weights), device="cpu", size=96 if name == "ager" else 112).close()
    assert asked == [form]


@pytest.mark.parametrize("name", ["ager", "age"])
def test_the_exported_form_equals_the_safetensors(made_weights: Path, name: str) -> None:
    size = 112 if name == "age" else 96
    inputs = noise(name, 2, size)
    expected = open_torch(made_weights, name)(*inputs)
    actual = open_openvino(made_weights, name)(*inputs)
    assert np.abs(expected).max() > 1e-3, "an answer of zeros would prove nothing"
    np.testing.assert_allclose(actual, expected, atol=2e-3)


def test_auto_precision_times_once_and_keeps_its_choice(made_weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    real = openvino_backend._time
    monkeypatch.setattr(openvino_backend, "_time", lambda *a: calls.append(1) or real(*a))
    monkeypatch.setattr(openvino_backend, "_candidates", lambda files: ("f32", "bf16"))
    monkeypatch.setattr(openvino_backend, "_chosen", {})
    first = load_network("ager", "cpu", folder=made_weights)
    second = load_network("ager", "cpu", folder=made_weights)
    assert calls == [1]
    assert first.device == second.device
    assert "f32" in first.timings_ms
    assert first.device.rsplit("/", 1)[1] == fastest(first.timings_ms)


@pytest.mark.parametrize(
    ("timings", "best"),
    [
        ({"f32": 10.0}, "f32"),
        ({"f32": 10.0, "bf16": 5.0}, "bf16"),
        ({"f32": 10.0, "bf16": 9.5}, "f32"),
        ({"f32": 10.0, "bf16": 40.0}, "f32"),
        ({"f32": 10.0, "bf16": 5.0, "int8": 4.9}, "bf16"),
        ({"f32": 10.0, "bf16": 5.0, "int8": 3.0}, "int8"),
        ({"f32": 10.0, "bf16": 20.0, "int8": 3.0}, "int8"),
        ({"bf16": 5.0}, "bf16"),
    ],
)
def test_fastest_takes_a_less_exact_precision_only_for_a_clear_gain(timings: dict[str, float], best: str) -> None:
    assert fastest(timings) == best


def answering(answer: list[float] | None) -> Callable[[], FloatArray]:
    """A form of a network that always answers the same, or fails."""

    def ask() -> FloatArray:
        if answer is None:
            raise RuntimeError("\nno such instruction\nat line 7")
        return np.array(answer, np.float32)

    return ask


@pytest.mark.parametrize(
    ("answer", "fits"),
    [([1.0, 2.0], True), ([1.1, 2.1], True), ([2.0, 1.0], False), ([1.0, float("nan")], False), (None, False)],
    ids=["equal", "near", "far", "nan", "fails"],
)
def test_a_precision_that_fails_or_differs_is_left_out_and_named(
    answer: list[float] | None, fits: bool, caplog: pytest.LogCaptureFixture
) -> None:
    timings = openvino_backend._time({"f32": answering([1.0, 2.0]), "bf16": answering(answer)})
    assert ("bf16" in timings) is fits
    assert ("bf16 is not used" in caplog.text) is not fits
    assert "line 7" not in caplog.text


def test_only_forms_that_the_program_asks_are_prepared(made_weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepared: list[tuple[str, bool]] = []
    real = openvino_backend._request

    def noted(path: Path, precision: str, threads: int, shapes: object, picture: bool) -> object:
        prepared.append((path.stem, picture))
        return real(path, precision, threads, shapes, picture)  # type: ignore[arg-type]

    monkeypatch.setattr(openvino_backend, "_request", noted)
    monkeypatch.setattr(openvino_backend, "_chosen", {})
    for name in ("ager", "age"):
        load_network(name, "cpu", folder=made_weights).close()
    assert {picture for name, picture in prepared if name == "ager"} == {True}
    assert {picture for name, picture in prepared if name == "age"} == {False}


def test_other_sides_and_counts_are_answered_and_bad_shapes_say_why(made_weights: Path) -> None:
    network = load_network("ager", "cpu", folder=made_weights, size=64, precision="f32")
    image, ages = np.random.default_rng(0).random((1, 3, 96, 96), np.float32), np.full((1, 1, 96, 96), 0.4, np.float32)
    one = network(image, ages, ages + 0.3)
    both = network(*(np.repeat(each, 2, axis=0) for each in (image, ages, ages + 0.3)))
    np.testing.assert_allclose(both, np.repeat(one, 2, axis=0), atol=1e-5)
    with pytest.raises(DeviceError):
        network(image[:, :2], ages, ages)


def test_a_precision_there_is_no_file_for_is_an_error(made_weights: Path, tmp_path: Path) -> None:
    for file in made_weights.glob("age.*"):
        shutil.copy(file, tmp_path)
    with pytest.raises(WeightsError, match="there is no int8 form"):
        load_network("age", "cpu", folder=tmp_path, precision="int8")


def test_a_size_the_network_cannot_fold_is_an_error(made_weights: Path) -> None:
    with pytest.raises(WeightsError, match="multiple of 32, not 100"):
        load_network("ager", "cpu", folder=made_weights, size=100)


def test_a_changed_model_file_is_not_run(weights: Path) -> None:
    with open(weights / "ager.xml", "a") as file:
        file.write(" ")
    with pytest.raises(WeightsError, match="not the file its card describes"):
        load_network("ager", "cpu", folder=weights)


def test_a_missing_export_is_an_error_that_names_the_command(weights: Path) -> None:
    card = find("ager", weights).card
    write_card(weights / "ager.toml", card)
    (weights / "ager.bin").unlink()
    with pytest.raises(WeightsError, match="python -m training export ager"):
        load_network("ager", "cpu", folder=weights)


def test_a_cpu_run_never_imports_torch_nor_sends_statistics(made_weights: Path) -> None:
    script = f"""
import sys
from pathlib import Path
import numpy as np
from engine.runtime import load_network
folder = Path({str(made_weights)!r})
network = load_network("age", "cpu", folder=folder)
network(np.zeros((1, 3, 112, 112), np.float32))
loaded = [name for name in sys.modules if name.split(".")[0] in ("torch", "openvino_telemetry") and sys.modules[name]]
assert "openvino" in sys.modules
print("loaded:", loaded)
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=project_dir(), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "loaded: []"
