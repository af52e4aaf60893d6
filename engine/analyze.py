"""The command ``analyze``: what is known of the faces in pictures, as JSON lines or as a table."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from engine.errors import AgeMirrorError, InputError, PictureError
from engine.images import read_picture
from engine.types import Face, Image

Analyze = Callable[[Image], tuple[Face, ...]]


def expand(paths: Sequence[str], list_file: str | None = None) -> Iterator[str | tuple[str, InputError]]:
    """The pictures meant, in order: files as they are, folders as their pictures, then the lines of ``list_file``.

    A folder or list that cannot be used comes as its name and the error, in its place.
    """
    for text in paths:
        yield from _expand_one(text)
    if list_file is None:
        return
    try:
        lines = Path(list_file).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not a text file"
        yield list_file, InputError(f"the list {list_file} cannot be read: {reason}.")
        return
    for line in lines:
        if line.strip():
            yield from _expand_one(line.strip())


def _expand_one(text: str) -> Iterator[str | tuple[str, InputError]]:
    if not os.path.isdir(text):
        yield text
        return
    from engine.capture.media import pictures_in

    try:
        yield from (str(path) for path in pictures_in(Path(text)))
    except InputError as error:
        yield text, error


def results(items: Iterator[str | tuple[str, InputError]], analyze: Analyze) -> Iterator[dict[str, Any]]:
    """One object a picture as the contract describes it: faces, or an error."""
    for item in items:
        path = item if isinstance(item, str) else item[0]
        try:
            if not isinstance(item, str):
                raise item[1]
            image = read_picture(path)
            yield describe(path, image, analyze(image))
        except InputError as error:
            yield {"path": path, "error": str(error)}
        except OSError as error:  # a name too long for this system, say
            yield {"path": path, "error": f"{path} cannot be read: {error.strerror or error}."}
        except MemoryError:
            yield {"path": path, "error": str(PictureError(f"{path} is too large for the memory of this computer."))}


def describe(path: str, image: Image, faces: Sequence[Face]) -> dict[str, Any]:
    """The public object of one picture; numbers rounded to what they are good for."""
    height, width = image.shape[:2]
    return {"path": path, "width": width, "height": height, "faces": [describe_face(face) for face in faces]}


def describe_face(face: Face) -> dict[str, Any]:
    """The public object of one face."""
    result: dict[str, Any] = {
        "box": _rounded(face.box.tolist(), 2),
        "score": round(face.score, 4),
        "landmarks": [_rounded(point, 2) for point in face.landmarks.tolist()],
        "age": None,
        "quality": round(face.quality, 3),
        "yaw_degrees": round(face.yaw_degrees, 1),
        "person": None,
    }
    if face.age is not None:
        result["age"] = {"years": round(face.age.years, 2), "spread_years": round(face.age.spread_years, 2)}
    if face.embedding is not None:
        result["embedding"] = face.embedding.tolist()
    if face.person is not None:
        result["person"] = {"name": face.person.person, "similarity": round(face.person.similarity, 4)}
    return result


def _rounded(values: Sequence[float], digits: int) -> list[float]:
    return [round(value, digits) for value in values]


def table(result: dict[str, Any]) -> str:
    """One picture for people: a heading and a line a face."""
    faces = result["faces"]
    count = "no face" if not faces else "1 face" if len(faces) == 1 else f"{len(faces)} faces"
    lines = [f"{result['path']}  {result['width']}x{result['height']}  {count}"]
    for number, face in enumerate(faces, 1):
        x1, y1, x2, y2 = face["box"]
        age = face["age"]
        looks = f"looks {age['years']:3.0f} ± {age['spread_years']:2.0f}" if age else "age unknown"
        person = face["person"]
        name = f"  {person['name']} (similarity {person['similarity']:.2f})" if person else ""
        lines.append(
            f"  {number:2d}  {looks}   {x2 - x1:4.0f}x{y2 - y1:<4.0f} at {x1:5.0f},{y1:<5.0f}"
            f"  score {face['score']:.2f}  quality {face['quality']:.2f}{name}"
        )
    return "\n".join(lines)


def run_analyze(
    paths: Sequence[str],
    *,
    list_file: str | None,
    as_json: bool,
    device: str,
    detector: str = "mediapipe",
    embeddings: bool = False,
    show: Callable[[str], None],
    complain: Callable[[str], None],
) -> int:
    """Analyzes all pictures and shows each result at once; 0, or 1 if some failed. embeddings: with each face's vector.

    Raises WeightsError and DeviceError: without a network there is nothing to say about any picture.
    """
    from engine.still import FaceEngine

    engine = FaceEngine(device, detector=detector)
    failed = 0
    try:
        analyze = partial(engine.analyze, embeddings=embeddings)
        for result in results(expand(paths, list_file), analyze):
            failed += "error" in result
            if as_json:
                show(json.dumps(result, ensure_ascii=False))
            elif "error" not in result:
                show(table(result))
            if "error" in result:
                complain(named(result["path"], result["error"]))
    finally:
        engine.close()
    return 1 if failed else 0


def named(path: str, error: AgeMirrorError | str) -> str:
    """The error as one line that names the input."""
    message = str(error)
    return message if path in message or Path(path).name in message else f"{path}: {message}"
