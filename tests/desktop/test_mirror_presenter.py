"""The brain of the window, without a window."""

from __future__ import annotations

import pytest

from desktop.preferences import Preferences
from desktop.presenters.mirror import MirrorPresenter
from engine.live.sweep import APPROACH_SHARE, USUAL_S, YOUNG_YEARS
from engine.settings import Settings
from tests.fakes.session import face

ONE, TWO = face(0, 0, 40, 40, track=1, years=20.0), face(60, 0, 200, 140, track=2, years=50.0)


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def presenter(clock: Clock) -> MirrorPresenter:
    return MirrorPresenter(Preferences(), Settings(), clock)


def test_every_change_is_told(presenter: MirrorPresenter) -> None:
    told: list[float | None] = []
    presenter.changed = lambda: told.append(presenter.settings.target_age)
    presenter.set_target(70)
    presenter.step_target(1)
    presenter.set_target(None)
    assert told == [70, 71, None]


def test_turning_the_dial_turns_the_effect_on(presenter: MirrorPresenter) -> None:
    presenter.toggle_effect()
    assert not presenter.settings.enabled
    presenter.set_target(70)
    assert presenter.settings.enabled


def test_the_dot_is_the_age_of_the_face_in_front(presenter: MirrorPresenter) -> None:
    presenter.saw((ONE, TWO))
    assert presenter.dial.now == 50
    presenter.click_picture(10, 10)
    assert presenter.dial.now == 20
    presenter.saw(())
    assert presenter.dial.now is None


def test_a_chosen_face_gets_its_own_target(presenter: MirrorPresenter) -> None:
    presenter.saw((ONE, TWO))
    presenter.set_target(60)
    presenter.click_picture(10, 10)
    presenter.set_target(80)
    settings = presenter.settings
    assert (settings.target_age, settings.face_targets) == (60, ((1, 80),))
    assert (settings.target_for(1), settings.target_for(2), settings.target_for(None)) == (80, 60, 60)
    assert presenter.view.chosen == 1


def test_one_face_alone_is_not_chosen(presenter: MirrorPresenter) -> None:
    presenter.saw((ONE,))
    presenter.click_picture(10, 10)
    assert presenter.choice.chosen is None


def test_sweep_returns_to_where_it_began(presenter: MirrorPresenter, clock: Clock) -> None:
    presenter.toggle_sweep()
    assert presenter.settings.sweeping
    clock.now_s = APPROACH_SHARE * USUAL_S
    presenter.tick()
    assert presenter.settings.target_age == pytest.approx(YOUNG_YEARS)
    clock.now_s = USUAL_S + 0.01
    presenter.tick()
    assert presenter.settings.target_age is None and not presenter.settings.sweeping
    assert presenter.sweep is None


def test_the_dial_ends_a_sweep_where_it_was_put(presenter: MirrorPresenter, clock: Clock) -> None:
    presenter.toggle_sweep()
    clock.now_s = 5.0
    presenter.tick()
    presenter.set_target(33)
    presenter.tick()
    assert (presenter.sweep, presenter.settings.target_age) == (None, 33)


def test_stopping_a_sweep_by_hand_goes_home(presenter: MirrorPresenter, clock: Clock) -> None:
    presenter.set_target(44)
    presenter.toggle_sweep()
    clock.now_s = 5.0
    presenter.tick()
    presenter.toggle_sweep()
    assert presenter.settings.target_age == 44


def test_a_camera_is_mirrored_and_remembered_a_film_is_neither(presenter: MirrorPresenter) -> None:
    assert presenter.mirrored
    presenter.toggle_mirror()
    assert (presenter.mirrored, presenter.preferences.mirror) == (False, False)
    presenter.open_source("clip.mp4")
    presenter.toggle_mirror()
    assert (presenter.mirrored, presenter.preferences.mirror) == (True, False)


def test_files_are_not_remembered_cameras_and_the_demo_are(presenter: MirrorPresenter) -> None:
    presenter.open_source("clip.mp4")
    assert (presenter.settings.source, presenter.preferences.source) == ("clip.mp4", "0")
    presenter.open_source("camera:usb-1")
    assert presenter.preferences.source == "camera:usb-1"
    presenter.open_source("demo")
    assert presenter.preferences.source == "demo"


def test_another_source_forgets_faces_and_comes_out_of_hiding(presenter: MirrorPresenter) -> None:
    presenter.saw((ONE, TWO))
    presenter.click_picture(10, 10)
    presenter.blank(True)
    presenter.open_source("demo")
    assert (presenter.choice.chosen, presenter.dial.now, presenter.blanked) == (None, None, False)


def test_engine_preferences_reach_the_settings(presenter: MirrorPresenter) -> None:
    presenter.prefer(size=384, latency_target_ms=40.0, theme="light")
    assert (presenter.settings.size, presenter.settings.latency_target_ms) == (384, 40.0)
    presenter.reset_preferences()
    assert (presenter.settings.size, presenter.preferences) == (0, Preferences())
