"""What every training has in common, on Lightning Fabric: devices, precision, seeds, logs, checkpoints, averages.

A loop stays readable from top to bottom: it makes its network, hands it to a ``Run``, and asks the run for batches,
steps and logs. One process or many is the run's business: the samples of a batch are the same for any number of
processes, which share them and average their gradients.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import cv2
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.utils.data import DataLoader, Dataset, Subset
from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm

from training.averaging import ExponentialAverage
from training.checkpoints import load_checkpoint, save_checkpoint
from training.data.sets import DataError
from training.provenance import write_run

Network = TypeVar("Network", bound=nn.Module)

LOG_FILE = "log.jsonl"
CURVES_FOLDER = "tensorboard"
PRECISIONS = ("auto", "bf16-mixed", "16-mixed", "32-true")
_WORKERS_ON_A_GPU = 8


class RunConfig(Protocol):
    """What a run needs to know of a loop's configuration."""

    @property
    def out(self) -> str: ...
    @property
    def seed(self) -> int: ...
    @property
    def threads(self) -> int: ...


@dataclass(frozen=True)
class Machine:
    """Where a training runs. accelerator: "auto", "cpu", "cuda" or "mps"; devices: how many on each machine, or "auto"
    (all GPUs, else one process on the CPU); nodes: machines; precision: "auto" is bfloat16 where the weights stay
    float32; workers: processes that make samples ("auto": none on the CPU, up to 8 for a GPU).

    Under torchrun, devices and nodes are what torchrun says.
    """

    accelerator: str = "auto"
    devices: str = "auto"
    nodes: int = 1
    precision: str = "auto"
    workers: str = "auto"

    def fabric(self) -> Fabric:
        """The Fabric for it. Raises DataError if there is no such device here."""
        if self.precision not in PRECISIONS:
            raise DataError(f"{self.precision!r} is no precision: give {', '.join(PRECISIONS)}.")
        if self.workers != "auto" and not self.workers.isdecimal():
            raise DataError(f"--workers {self.workers}: give a number of processes, or auto.")
        devices: str | int = int(self.devices) if self.devices.isdecimal() else self.devices
        nodes = self.nodes
        if "TORCHELASTIC_RUN_ID" in os.environ:
            devices = int(os.environ["LOCAL_WORLD_SIZE"])
            nodes = int(os.environ["WORLD_SIZE"]) // devices
        logging.getLogger("lightning_fabric").setLevel(logging.WARNING)  # it would tell all that it finds
        precision: Any = "bf16-mixed" if self.precision == "auto" else self.precision
        try:
            return Fabric(accelerator=self.accelerator, devices=devices, num_nodes=nodes, precision=precision)
        except (ValueError, TypeError, RuntimeError) as error:
            raise DataError(f"--accelerator {self.accelerator} --devices {devices}: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


class Run:
    """One training of a configuration on a machine: open it before anything random happens."""

    def __init__(self, config: RunConfig, machine: Machine | None = None, resume: bool = False) -> None:
        """Starts the other processes, if any, and reads the checkpoint to go on from into ``saved`` (None: start anew).

        Raises DataError, and CheckpointError for a checkpoint of another configuration.
        """
        machine = Machine() if machine is None else machine
        self.config, self.out = config, Path(config.out)
        self.saved = load_checkpoint(self.out, config) if resume else None
        self.fabric = machine.fabric()
        self.fabric.launch()
        torch.set_num_threads(config.threads)
        cv2.setNumThreads(0)
        self.fabric.seed_everything(config.seed, verbose=False)
        on_gpu = self.device.type == "cuda"
        torch.backends.cudnn.benchmark = on_gpu  # batches have one shape: trying out what is fastest pays
        self._workers = int(machine.workers) if machine.workers != "auto" else 0
        if machine.workers == "auto" and on_gpu:
            self._workers = min(_WORKERS_ON_A_GPU, os.cpu_count() or 1)
        self._curves: SummaryWriter | None = None
        self._random: Tensor | None = None
        if resume and self.saved is None and self.leads:
            print(f"training: {self.out} holds no checkpoint; starting anew.", file=sys.stderr)
        if self.saved is not None:
            self._random = self.saved.get("random")
        if self.leads:
            self._begin_log()

    # -- where it runs ------------------------------------------------------------------------------------------------

    @property
    def device(self) -> torch.device:
        return self.fabric.device

    @property
    def leads(self) -> bool:
        """Whether this is the process that writes files and prints."""
        return self.fabric.is_global_zero

    def autocast(self) -> AbstractContextManager[Any]:
        """The chosen precision, for networks that only look on; prepared ones do it by themselves."""
        return self.fabric.autocast()

    # -- networks -----------------------------------------------------------------------------------------------------

    def prepare(self, network: Network, optimiser: Optimizer, *methods: str) -> Learner[Network]:
        """The network on this run's device and its optimiser, joined with those of the other processes.

        methods: those beside ``forward`` that are called in training.
        """
        wrapped, steps = self.fabric.setup(network, optimiser)
        for method in methods:
            wrapped.mark_forward_method(method)
        return Learner(self.fabric, network, wrapped, optimiser, steps)

    def average(self, network: Network, decay: float) -> ExponentialAverage[Network]:
        """The exponential moving average of a network that is on its device."""
        return ExponentialAverage(network, decay)

    # -- data ---------------------------------------------------------------------------------------------------------

    def batches(self, samples: Dataset[Any], batch: int, first: int = 0, about: str = "") -> Iterator[Any]:
        """The samples from number ``first`` on, in order, ``batch`` at a time, as tensors on the device; what is left
        over at the end is dropped. Each of the processes gets its share of every batch.

        Raises DataError where a batch cannot be shared out evenly.
        """
        processes = self.fabric.world_size
        if batch % processes:
            raise DataError(f"batch = {batch} cannot be shared among {processes} processes: give a multiple.")
        loader: DataLoader[Any] = DataLoader(
            Subset(samples, range(first, first + (len(samples) - first) // batch * batch)),  # type: ignore[arg-type]
            batch // processes,
            num_workers=self._workers,
            pin_memory=self.device.type == "cuda",
            generator=torch.Generator(),  # else every loader would draw from the networks' random numbers
        )
        shared = self.fabric.setup_dataloaders(loader)
        if self._random is not None:
            torch.set_rng_state(self._random)
            self._random = None
        # None shows the bar on terminals only.
        yield from tqdm(shared, desc=about, unit="batch", leave=False, disable=None if self.leads else True)

    def mean(self, value: Tensor | float) -> float:
        """The mean of a scalar over all processes."""
        mean = self.fabric.all_reduce(torch.as_tensor(value, device=self.device).detach(), reduce_op="mean")
        assert isinstance(mean, Tensor)
        return float(mean)

    # -- files --------------------------------------------------------------------------------------------------------

    def _begin_log(self) -> None:
        """Takes away what was logged after the checkpoint, or, for a run that starts anew, everything."""
        self.out.mkdir(parents=True, exist_ok=True)
        if self.saved is None:
            write_run(self.out, self.config)
        log = self.out / LOG_FILE
        length = 0 if self.saved is None else self.saved.get("log_bytes")
        if log.is_file() and length is not None:
            os.truncate(log, min(length, log.stat().st_size))

    def log(self, unit: str, number: int, figures: Mapping[str, float]) -> None:
        """One line on the terminal and in log.jsonl, one point in each TensorBoard curve.

        unit: what ``number`` counts, "epoch" or "step"; a run counts one thing only. Call it before ``save``: a run
        that is killed between the two logs the line again.
        """
        if not self.leads:
            return
        line = json.dumps({unit: number, **{name: round(value, 4) for name, value in figures.items()}})
        tqdm.write(line, file=sys.stdout)
        sys.stdout.flush()
        with (self.out / LOG_FILE).open("a", encoding="utf-8") as log:
            log.write(line + "\n")
        if self._curves is None:
            # What an earlier part of this run drew from here on is hidden.
            self._curves = SummaryWriter(str(self.out / CURVES_FOLDER), purge_step=number)
        for name, value in figures.items():
            self._curves.add_scalar(name, value, number)
        self._curves.flush()

    def save(self, state: Mapping[str, Any], network: nn.Module) -> None:
        """Writes a checkpoint: all that is needed to go on, and ``network`` alone as safetensors."""
        if self.leads:
            log = self.out / LOG_FILE
            extra = {"log_bytes": log.stat().st_size if log.is_file() else 0, "random": torch.get_rng_state()}
            save_checkpoint(self.out, self.config, {**state, **extra}, network)

    def finish(self, figures: dict[str, float]) -> dict[str, float] | None:
        """Closes the logs; the figures in the process that leads, None in the others."""
        if self._curves is not None:
            self._curves.close()
        self.fabric.barrier()
        return figures if self.leads else None


@dataclass(frozen=True)
class Learner(Generic[Network]):
    """A network that learns. ``network`` and ``optimiser`` are its own objects, to look at, set rates of, save and
    load; calling the learner is what gradients flow through.
    """

    fabric: Fabric
    network: Network
    wrapped: Any
    optimiser: Optimizer
    steps: Any

    def __call__(self, *inputs: Tensor) -> Any:
        return self.wrapped(*inputs)

    def by(self, method: str, *inputs: Tensor) -> Any:
        """As calling it, by another method than ``forward``; on one device Fabric would leave out the precision."""
        with self.fabric.autocast():
            return getattr(self.wrapped, method)(*inputs)

    def rate(self, value: float) -> None:
        """Sets the learning rate."""
        for group in self.optimiser.param_groups:
            group["lr"] = value

    def learn(self, loss: Tensor, clip: float | None = None) -> None:
        """One step of the optimiser down this loss; clip: the longest gradient allowed. Leaves no gradient behind."""
        self.optimiser.zero_grad(set_to_none=True)
        self.fabric.backward(loss)
        if clip is not None:
            self.fabric.clip_gradients(self.wrapped, self.steps, max_norm=clip)
        self.steps.step()
        self.optimiser.zero_grad(set_to_none=True)


class Samples(Dataset[Any]):
    """``count`` samples, each made from its number alone, so that any process can make any of them."""

    def __init__(self, count: int, make: Callable[[int], Any]) -> None:
        self.count, self.make = count, make

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, number: int) -> Any:
        return self.make(number)


def decayed(network: nn.Module, weight_decay: float) -> Iterable[dict[str, Any]]:
    """Parameter groups with weight decay on matrices and kernels only, not on biases and normalisation."""
    return [
        {"params": [p for p in network.parameters() if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in network.parameters() if p.ndim <= 1], "weight_decay": 0.0},
    ]
