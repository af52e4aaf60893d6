"""The style in the window: its key, its choice in the settings, what is remembered, and the real thing on the demo."""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from desktop.commands import Command, binding
from desktop.preferences import Preferences, parse, render
from desktop.widgets.settings_panel import STYLES as OFFERED
from engine.errors import SettingsError, WeightsError
from engine.settings import STYLES
from tests.desktop.conftest import Harness
from tests.fakes.live_window import LiveWindow


def test_the_window_offers_all_styles_there_are() -> None:
    assert OFFERED == STYLES


def test_the_key_goes_through_the_styles_and_home(mirror: Harness) -> None:
    seen = []
    for _ in STYLES:
        QTest.keyClick(mirror.window, Qt.Key.Key_E)
        seen.append(mirror.session.applied[-1].style)
    assert seen == [*STYLES[1:], STYLES[0]]
    assert binding(Command.STYLE).shown == "E"


def test_a_click_in_the_settings_paints_and_is_remembered(mirror: Harness) -> None:
    panel = mirror.window.settings_panel
    QTest.keyClick(mirror.window, Qt.Key.Key_Comma)
    panel.style_choice.button("ink").click()
    assert mirror.session.applied[-1].style == "ink"
    assert panel.style_choice.button("ink").isChecked()
    assert panel.style_choice.button("ink").accessibleName() == "Painted as: Ink"
    mirror.background.finish(5.0)
    mirror.pull()
    assert tomllib.loads(mirror.store.path.read_text())["style"] == "ink"


def test_it_survives_a_restart_and_a_wrong_name_does_not() -> None:
    kept = parse(render(Preferences(style="glass")))
    assert kept.style == "glass"
    assert kept.engine_values()["style"] == "glass"
    with pytest.raises(SettingsError, match="'cubism' is unknown"):
        parse('style = "cubism"')


def test_why_there_is_no_style_is_said_once(mirror: Harness) -> None:
    mirror.session.style_problem = WeightsError("there is no style network: restore it.")
    mirror.pull()
    assert mirror.window.toast.words == "The style cannot be shown: there is no style network: restore it."
    mirror.window.toast.dismiss()
    mirror.pull(1.0)
    assert mirror.window.toast.isHidden()
    mirror.presenter.prefer(language="de")
    mirror.session.style_problem = WeightsError("there is no style network: restore it.")
    mirror.pull()
    assert mirror.window.toast.words.startswith("Der Stil kann nicht gezeigt werden: Die Datei eines Netzes")


@pytest.fixture
def weights(made_weights: Path, tmp_path: Path) -> Path:
    """Random networks, a style network among them, in a folder of this test's own."""
    from tests.fakes.weights import make_style_weights

    folder = tmp_path / "weights"
    shutil.copytree(made_weights, folder)
    return make_style_weights(folder)


@pytest.fixture
def live(qapp: QApplication, home: Path, weights: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LiveWindow]:
    monkeypatch.setenv("AGE_MIRROR_WEIGHTS", str(weights))
    monkeypatch.setattr("engine.live.workers._be_nice", lambda: None)
    window = LiveWindow(home, patience_s=90.0)
    yield window
    window.close()


def is_painted(live: LiveWindow) -> bool:
    result = live.window.live.result
    return result is not None and "style" in result.stages_ms


def test_the_real_picture_is_painted_and_comes_back(live: LiveWindow) -> None:
    live.until(lambda: live.faces() == 1, "the drawn face was not found")
    plain = live.window.live.result
    assert plain is not None and np.shares_memory(plain.aged, plain.frame.image)
    assert "style" not in live.session.status().devices
    QTest.keyClick(live.window, Qt.Key.Key_E)
    live.until(lambda: is_painted(live), "the picture was not painted")
    painted = live.window.live.result
    assert painted is not None and painted.aged.shape == painted.frame.image.shape
    changed = np.abs(painted.aged.astype(int) - painted.frame.image).mean()
    assert changed > 3
    assert len(painted.faces) == 1, "faces are found in the camera's picture, not in the painting"
    assert live.session.status().devices["style"].startswith(("cpu/", "cuda/", "mps/"))
    for _ in STYLES[1:]:
        QTest.keyClick(live.window, Qt.Key.Key_E)
    live.until(lambda: not is_painted(live), "the style did not go")
    back = live.window.live.result
    assert back is not None and np.shares_memory(back.aged, back.frame.image)


def test_without_weights_the_real_picture_goes_on_and_the_reason_is_told(live: LiveWindow, weights: Path) -> None:
    (weights / "style.toml").unlink()
    live.until(lambda: live.faces() == 1, "the drawn face was not found")
    QTest.keyClick(live.window, Qt.Key.Key_E)
    live.until(lambda: "The style cannot be shown" in live.window.toast.words, "nothing was said")
    before = live.window.live.result
    live.until(lambda: live.window.live.result is not before, "the picture stands still")
    after = live.window.live.result
    assert after is not None and np.shares_memory(after.aged, after.frame.image)
