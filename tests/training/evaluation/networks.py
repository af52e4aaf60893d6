"""Tiny networks of known behaviour in OpenVINO's form, for measuring something whose figures can be foretold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np


def _library() -> tuple[Any, Any]:
    from training.evaluation.compiled import openvino

    library = openvino()
    from openvino import opset13 as ops

    return library, ops


def constant(path: Path, values: tuple[float, float, float], channels: int = 3) -> Path:
    """Adds these values to the first three channels whatever it sees: zeros are the generator that does nothing."""
    library, ops = _library()
    image = ops.parameter([-1, channels, -1, -1], np.float32, name="x")
    first = ops.slice(image, np.array([0]), np.array([3]), np.array([1]), np.array([1]))
    nothing = ops.multiply(first, np.float32(0))
    answer = ops.add(nothing, np.array(values, np.float32).reshape(1, 3, 1, 1))
    library.save_model(library.Model([answer], [image], "constant"), str(path), compress_to_fp16=False)
    return path


def copier(path: Path, channels: int = 3) -> Path:
    """Answers with the picture itself, its first three channels."""
    library, ops = _library()
    image = ops.parameter([-1, channels, -1, -1], np.float32, name="x")
    first = ops.slice(image, np.array([0]), np.array([3]), np.array([1]), np.array([1]))
    library.save_model(library.Model([first], [image], "copier"), str(path), compress_to_fp16=False)
    return path


def age_shower(path: Path) -> Path:
    """Of a picture with two planes of ages, the difference of the planes on all three channels."""
    library, ops = _library()
    image = ops.parameter([-1, 5, -1, -1], np.float32, name="x")
    source = ops.slice(image, np.array([3]), np.array([4]), np.array([1]), np.array([1]))
    target = ops.slice(image, np.array([4]), np.array([5]), np.array([1]), np.array([1]))
    gap = ops.subtract(target, source)
    library.save_model(
        library.Model([ops.concat([gap] * 3, 1)], [image], "age_shower"), str(path), compress_to_fp16=False
    )
    return path


def class_shower(path: Path, levels: tuple[float, ...]) -> Path:
    """Adds the level of the class that it is told (1, K) to nothing."""
    library, ops = _library()
    image = ops.parameter([-1, 3, -1, -1], np.float32, name="x")
    chosen = ops.parameter([-1, len(levels)], np.float32, name="age")
    level = ops.reduce_sum(ops.multiply(chosen, np.array([levels], np.float32)), np.array([1]), False)
    spread = ops.reshape(level, np.array([-1, 1, 1, 1]), False)
    answer = ops.add(ops.multiply(image, np.float32(0)), spread)
    library.save_model(library.Model([answer], [image, chosen], "classes"), str(path), compress_to_fp16=False)
    return path


def brightness_judge(path: Path) -> Path:
    """An age network that takes the mean of its input for the age."""
    library, ops = _library()
    image = ops.parameter([-1, 3, -1, -1], np.float32, name="x")
    mean = ops.reduce_mean(image, np.array([1, 2, 3]), False)
    answer = ops.reshape(mean, np.array([-1, 1]), False)
    library.save_model(library.Model([answer], [image], "brightness"), str(path), compress_to_fp16=False)
    return path
