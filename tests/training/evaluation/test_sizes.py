"""Large faces are measured at every side that the mirror offers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.training.faces import face_set, write_faces
from training.cli import main
from training.data.sets import DataError
from training.evaluation.sizes import SizesJob, evaluate_sizes


def test_the_command_measures_every_side(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "sizes", "--smoke"]) == 0
    result = json.loads(capfd.readouterr().out.strip().splitlines()[-1])["result"]
    assert set(result) == {"people"} | {
        f"{size}_{what}" for size in (256, 384, 512) for what in ("gained_own", "cosine_own", "fine")
    }
    assert result["people"] == 1
    assert result["512_fine"] > result["256_fine"], "finer lines fit on a larger face"


def test_without_folders_or_people_there_is_nothing_to_measure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", "sizes"]) == 2
    assert "training large" in capsys.readouterr().err
    write_faces(tmp_path / "faces", face_set(20))
    with pytest.raises(DataError, match="no frontal face"):
        evaluate_sizes(SizesJob((tmp_path / "faces",), tmp_path / "out", splits=("nobody",)))
