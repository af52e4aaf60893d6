"""The whole window around a fake session: keys, buttons, drawers, pages, errands."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QPushButton, QWidget

from desktop.commands import Command
from desktop.conductor import CLOSE_TIMEOUT_S
from desktop.presenters.compare import HOLD_S
from desktop.presenters.dial import TYPING_PAUSE_S
from desktop.presenters.page import PageAction, PageKind
from engine.errors import OutputError
from engine.types import SessionState
from tests.desktop.conftest import Camera, Harness, MakeHarness, left_over
from tests.fakes.session import face, gradient

K = Qt.Key
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
PLAIN = Qt.KeyboardModifier.NoModifier


def press(mirror: Harness, key: Qt.Key, modifier: Qt.KeyboardModifier = PLAIN) -> None:
    QTest.keyClick(mirror.window, key, modifier)
    mirror.pull()


def test_a_left_over_widget_is_noticed(qapp: QApplication) -> None:
    widget = QWidget()
    assert left_over() == ["QWidget"]
    widget.deleteLater()
    assert left_over() == []


# -- keys ---------------------------------------------------------------------------------------------------------


def test_arrows_digits_and_space_reach_the_session(mirror: Harness) -> None:
    mirror.push(faces=(face(100, 20, 200, 120, years=34.0),))
    press(mirror, K.Key_Right)
    assert mirror.target == 35
    press(mirror, K.Key_Right, SHIFT)
    assert mirror.target == 45
    press(mirror, K.Key_7)
    press(mirror, K.Key_0)
    assert mirror.target == 70
    press(mirror, K.Key_9)
    assert mirror.target == 70
    mirror.pull(after_s=TYPING_PAUSE_S)
    assert mirror.target == 9
    press(mirror, K.Key_Space)
    assert not mirror.session.settings.enabled


def test_enter_takes_and_escape_drops_what_was_typed(mirror: Harness) -> None:
    press(mirror, K.Key_6)
    press(mirror, K.Key_Return)
    assert mirror.target == 6
    press(mirror, K.Key_8)
    press(mirror, K.Key_Escape)
    mirror.pull(after_s=9)
    assert mirror.target == 6


@pytest.mark.parametrize(
    ("key", "modifier", "command"),
    [
        (K.Key_C, PLAIN, Command.COMPARE),
        (K.Key_A, PLAIN, Command.SWEEP),
        (K.Key_M, PLAIN, Command.MIRROR),
        (K.Key_O, PLAIN, Command.OVERLAY),
        (K.Key_Space, PLAIN, Command.EFFECT),
        (K.Key_Comma, PLAIN, Command.SETTINGS),
    ],
)
def test_key_and_button_do_the_same(
    mirror: Harness, key: Qt.Key, modifier: Qt.KeyboardModifier, command: Command
) -> None:
    button = mirror.window.bar.buttons[command]
    before = button.isChecked()
    press(mirror, key, modifier)
    assert button.isChecked() is not before
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert button.isChecked() is before


def test_arrows_belong_to_the_dial_and_space_to_a_focused_button(mirror: Harness) -> None:
    button = mirror.window.bar.buttons[Command.OVERLAY]
    button.setFocus()
    QTest.keyClick(button, K.Key_Right)
    assert mirror.target == 41
    QTest.keyClick(button, K.Key_Space)
    assert not button.isChecked()
    assert mirror.session.settings.enabled


def test_holding_c_shows_the_original_until_it_is_let_go(mirror: Harness) -> None:
    black = np.zeros((180, 320, 3), np.uint8)
    mirror.push(gradient(), black)
    QTest.keyPress(mirror.window, K.Key_C)
    mirror.pull(after_s=HOLD_S)
    seen = mirror.window.live.seen()
    assert seen is not None and seen.any()
    QTest.keyRelease(mirror.window, K.Key_C)
    mirror.pull()
    seen = mirror.window.live.seen()
    assert seen is not None and not seen.any()
    assert not mirror.presenter.compare.on


def test_divider_moves_by_mouse_and_by_keys(mirror: Harness) -> None:
    mirror.push()
    press(mirror, K.Key_C)
    live, bar = mirror.window.live, mirror.window.bar
    middle = QPoint(live.width() // 2, live.height() // 2)
    QTest.mousePress(live, Qt.MouseButton.LeftButton, pos=middle)
    QTest.mouseMove(live, QPoint(live.width() // 4, middle.y()))
    QTest.mouseRelease(live, Qt.MouseButton.LeftButton, pos=QPoint(live.width() // 4, middle.y()))
    mirror.presenter.move_divider(0.25)
    press(mirror, K.Key_Right, CTRL)
    assert mirror.presenter.compare.divider == pytest.approx(0.30)
    assert bar.buttons[Command.COMPARE].isChecked()


def test_dial_by_mouse_and_double_click(mirror: Harness) -> None:
    dial = mirror.window.bar.dial
    place = QPoint(round(dial.x_of(70)), round(dial.ruler_y))
    QTest.mouseClick(dial, Qt.MouseButton.LeftButton, pos=place)
    assert mirror.target == 70
    QTest.mouseDClick(dial, Qt.MouseButton.LeftButton, pos=place)
    assert mirror.target is None


# -- drawers, focus, names ------------------------------------------------------------------------------------------


def test_one_drawer_at_a_time_and_the_picture_shrinks(mirror: Harness) -> None:
    window = mirror.window
    full = window.live.width()
    press(mirror, K.Key_Comma)
    assert window.panel is window.settings_panel
    assert window.live.width() == full - window.drawer.width()
    assert not window.drawer.geometry().intersects(window.live.geometry())
    press(mirror, K.Key_Question, SHIFT)
    assert window.panel is window.keys_panel
    press(mirror, K.Key_T)
    assert window.panel is window.stages_panel
    press(mirror, K.Key_Escape)
    assert window.panel is None and window.live.width() == full and window.drawer.isHidden()


def test_a_drawer_opened_by_key_takes_the_focus_and_gives_it_back(mirror: Harness) -> None:
    mirror.window.activateWindow()
    press(mirror, K.Key_Comma)
    focused = mirror.window.focusWidget()
    assert focused is not None and mirror.window.drawer.isAncestorOf(focused)
    QTest.keyClick(focused, K.Key_Escape)
    assert mirror.window.panel is None
    assert mirror.window.focusWidget() is mirror.window


def test_drawer_slides_where_motion_is_wanted(make_mirror: MakeHarness) -> None:
    mirror = make_mirror(motion="full")
    mirror.window.reduced_motion = False
    full = mirror.window.live.width()
    press(mirror, K.Key_Comma)
    widths = set()
    until = time.monotonic() + 5
    while mirror.window.live.width() != full - mirror.window.drawer.width() and time.monotonic() < until:
        QApplication.processEvents()
        widths.add(mirror.window.live.width())
        time.sleep(0.004)
    assert len(widths) > 2


def test_tab_reaches_every_button_and_the_dial(mirror: Harness) -> None:
    window = mirror.window
    mirror.push()
    mirror.session.say(SessionState.RUNNING, fps_shown=30.0)
    mirror.pull()
    window.activateWindow()
    wanted = {*window.bar.buttons.values(), window.bar.dial, *window.corner.buttons.values(), window.status}
    reached = set()
    for _ in range(40):
        QTest.keyClick(QApplication.focusWidget() or window, K.Key_Tab)
        reached.add(QApplication.focusWidget())
    assert wanted <= reached


def test_every_control_has_a_name_and_every_button_names_its_key(mirror: Harness) -> None:
    mirror.window.show_panel(mirror.window.settings_panel)
    for widget in mirror.window.findChildren(QWidget):
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isVisible():
            text = widget.text() if isinstance(widget, QPushButton) else ""
            buddy = widget.property("text")
            assert widget.accessibleName() or text or buddy, type(widget).__name__
    assert mirror.window.bar.buttons[Command.SNAPSHOT].toolTip() == "Save a snapshot  (S)"


@pytest.mark.parametrize("size", [(480, 400), (640, 480), (1280, 800), (3840, 2160)])
@pytest.mark.parametrize("language", ["en", "de"])
def test_nothing_overlaps_at_any_size(make_mirror: MakeHarness, size: tuple[int, int], language: str) -> None:
    mirror = make_mirror(language=language)
    mirror.push()
    mirror.window.resize(*size)
    mirror.window.show_panel(mirror.window.settings_panel)
    QApplication.processEvents()
    bar = mirror.window.bar
    children = [*(button for button in bar.buttons.values() if button.isVisible()), bar.dial]
    boxes = [(type(c).__name__, c.rect().translated(c.mapTo(bar, QPoint(0, 0)))) for c in children]
    for index, (name, box) in enumerate(boxes):
        assert bar.rect().contains(box), name
        assert not any(box.intersects(other) for _, other in boxes[index + 1 :]), name
    assert not mirror.window.drawer.geometry().intersects(bar.geometry())
    panel = mirror.window.settings_panel
    assert panel.minimumSizeHint().width() <= mirror.window.drawer.width(), "the settings fit into the drawer"


def test_right_to_left_puts_the_drawer_on_the_left(mirror: Harness) -> None:
    mirror.window.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    mirror.window.show_panel(mirror.window.settings_panel)
    assert mirror.window.drawer.x() == 0
    assert mirror.window.live.x() == mirror.window.drawer.width()


def test_language_and_theme_change_at_once(mirror: Harness) -> None:
    mirror.window.settings_panel.preferred.emit({"language": "de", "theme": "light"})
    mirror.pull()
    assert mirror.window.bar.buttons[Command.SNAPSHOT].accessibleName() == "Schnappschuss speichern"
    assert mirror.window.bar.dial.number_text() == "so wie Sie sind"
    assert QApplication.palette().window().color().lightness() > 200
    mirror.window.settings_panel.preferred.emit({"language": "en", "theme": "dark"})
    mirror.pull()
    assert mirror.window.bar.dial.number_text() == "as you are"


# -- settings -------------------------------------------------------------------------------------------------------


def test_settings_panel_changes_the_session_and_the_file(mirror: Harness, home: Path) -> None:
    panel = mirror.window.settings_panel
    press(mirror, K.Key_Comma)
    QTest.mouseClick(panel.size_choice.button(384), Qt.MouseButton.LeftButton)
    QTest.mouseClick(panel.switches["landmarks"], Qt.MouseButton.LeftButton)
    panel.resolution_choice.chosen.emit((1920, 1080))
    QTest.mouseClick(panel.strength_choice.button(0.5), Qt.MouseButton.LeftButton)
    QTest.mouseClick(panel.keep_eyes, Qt.MouseButton.LeftButton)
    mirror.settle()
    settings = mirror.session.settings
    assert (settings.strength, settings.keep_eyes) == (0.5, True)
    assert (settings.size, settings.camera_width, settings.camera_height) == (384, 1920, 1080)
    assert mirror.presenter.view.landmarks
    saved = (home / "settings.toml").read_text()
    assert "size = 384" in saved and "landmarks = true" in saved and "camera_width = 1920" in saved


def test_settings_that_cannot_be_saved_are_told_in_a_toast(mirror: Harness, home: Path) -> None:
    mirror.store.path = home / "file" / "settings.toml"
    (home / "file").write_text("in the way")
    press(mirror, K.Key_M)
    mirror.settle()
    assert mirror.window.toast.words.startswith("The settings could not be saved")


def test_what_is_stored_is_shown_and_erased_only_after_a_second_yes(mirror: Harness, home: Path) -> None:
    privacy = mirror.window.settings_panel.privacy
    press(mirror, K.Key_Comma)
    mirror.settle()
    assert "Snapshots: 3, 2.5 MB" in privacy._facts.text()
    privacy.erase.click()
    privacy.keep.click()
    assert mirror.desk.erased == 0
    mirror.presenter.prefer(size=512)
    mirror.settle()
    privacy.erase.click()
    privacy.sure.click()
    mirror.settle()
    mirror.settle()
    assert mirror.desk.erased == 1
    assert (mirror.session.settings.size, privacy.erase.isEnabled()) == (0, False)
    assert "Erased" in mirror.window.toast.words


# -- cameras, files, snapshots ----------------------------------------------------------------------------------------


def lines(mirror: Harness) -> list[str]:
    return [action.text() for action in mirror.window.menu.actions() if action.text()]


def test_camera_menu_opens_at_once_and_fills_in(mirror: Harness) -> None:
    gate = threading.Event()
    answer, mirror.desk.cameras = mirror.desk.cameras, ()
    original = mirror.desk.list_cameras

    def slow() -> tuple[Camera, ...]:
        assert threading.current_thread() is not threading.main_thread()
        assert gate.wait(5)
        mirror.desk.cameras = answer
        return original()

    mirror.conductor.errands._services = mirror.desk.services().__class__(list_cameras=slow)
    QTest.mouseClick(mirror.window.bar.buttons[Command.CAMERA], Qt.MouseButton.LeftButton)
    assert mirror.window.menu.isVisible()
    assert lines(mirror)[0] == "Looking for cameras …"
    gate.set()
    mirror.settle()
    assert lines(mirror) == [
        "Integrated Camera   ✓",
        "USB && Co (in use by another program)",
        "Built-in demo",
        "Choose a file …",
    ]
    mirror.window.menu.actions()[1].trigger()
    assert mirror.session.settings.source == "2"


def test_cameras_that_cannot_be_listed_are_a_toast(mirror: Harness) -> None:
    mirror.desk.trouble = OSError("no such bus")
    press(mirror, K.Key_V)
    mirror.settle()
    assert "no such bus" in mirror.window.toast.words
    assert lines(mirror)[0] == "No camera found"


def test_snapshot_is_what_is_seen_and_written_elsewhere(mirror: Harness) -> None:
    mirror.push(gradient(), np.zeros((180, 320, 3), np.uint8))
    press(mirror, K.Key_C)
    press(mirror, K.Key_S)
    mirror.settle()
    (image,) = mirror.desk.saved
    assert (image[:, :160] == gradient()[:, ::-1][:, :160]).all() and not image[:, 160:].any()
    assert mirror.window.toast.words == "Saved as 2031-02-03 14.15.16.png"
    assert mirror.window.toast.button.text() == "Show folder"


def test_snapshot_troubles_are_toasts(mirror: Harness) -> None:
    press(mirror, K.Key_S)
    assert "no picture" in mirror.window.toast.words
    mirror.push()
    mirror.desk.trouble = OutputError("cannot save a snapshot in pictures: no space. Choose another folder.")
    press(mirror, K.Key_S)
    mirror.settle()
    assert mirror.window.toast.words.startswith("cannot save a snapshot")


def test_a_film_that_ends_offers_to_play_again(make_mirror: MakeHarness) -> None:
    mirror = make_mirror()
    mirror.conductor.open_source("clip.mp4")
    mirror.push()
    mirror.session.say(SessionState.ENDED, "clip.mp4 has ended.")
    mirror.pull()
    assert mirror.window.toast.words == "The clip has ended."
    mirror.window.toast.button.click()
    assert mirror.session.calls[-1] == "restart"


def test_a_picture_that_ended_is_just_shown(mirror: Harness) -> None:
    mirror.conductor.open_source("portrait.JPG")
    mirror.push()
    mirror.session.say(SessionState.ENDED, "portrait.JPG has ended.")
    mirror.pull()
    assert mirror.window.toast.words == ""
    assert mirror.window.page.isHidden()


def test_a_file_is_chosen_in_a_dialog_that_does_not_stop_the_picture(mirror: Harness, tmp_path: Path) -> None:
    film = tmp_path / "clip.mp4"
    film.write_bytes(b"")
    mirror.window.ask_for_file()
    (dialog,) = mirror.window.findChildren(QFileDialog)
    assert dialog.isVisible() and "*.mp4" in dialog.nameFilters()[0]
    mirror.push()
    assert mirror.session.painted
    dialog.fileSelected.emit(str(film))
    dialog.close()
    assert mirror.session.settings.source == str(film)
    assert mirror.presenter.preferences.source == "0"


def test_a_file_can_be_dropped_on_the_window(mirror: Harness, tmp_path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / "clip.mp4"))])
    where, action = QPointF(50, 50), Qt.DropAction.CopyAction
    mouse, mods = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    # Sent through the application, a drop needs a real drag to go before it.
    mirror.window.dropEvent(QDropEvent(where, action, data, mouse, mods))
    assert mirror.session.settings.source == str(tmp_path / "clip.mp4")


def test_a_toast_goes_by_itself_but_not_while_its_action_has_the_focus(mirror: Harness) -> None:
    toast = mirror.window.toast
    mirror.window.activateWindow()
    mirror.window.show_toast("Saved.", "Show", lambda: None)
    toast.button.setFocus()
    toast._timer.timeout.emit()
    assert toast.words == "Saved."
    mirror.window.setFocus()
    toast._timer.timeout.emit()
    assert toast.words == ""


# -- pages, banner, lens ----------------------------------------------------------------------------------------------


def button(mirror: Harness, action: PageAction) -> QPushButton:
    found = mirror.window.page.buttons[action]
    assert found.isVisible()
    return found


def test_no_camera_page_and_its_three_ways_on(mirror: Harness) -> None:
    mirror.session.say(SessionState.RECOVERING, "No camera answered. Tried: Integrated Camera (busy).")
    mirror.pull()
    page = mirror.window.page
    assert page.page.kind is PageKind.NO_CAMERA and page.isVisible()
    assert page._body.text() == "No camera answered. Tried: Integrated Camera (busy)."
    assert not mirror.window.lens.isVisible()
    button(mirror, PageAction.TRY_AGAIN).click()
    assert mirror.session.calls[-1] == "restart"
    mirror.session.say(SessionState.RECOVERING, "No camera answered.")
    mirror.pull()
    button(mirror, PageAction.CHOOSE_FILE)
    button(mirror, PageAction.PLAY_DEMO).click()
    assert mirror.session.settings.source == "demo"
    mirror.push()
    assert page.isHidden()


def test_the_page_can_be_used_by_keyboard_alone(mirror: Harness) -> None:
    mirror.window.activateWindow()
    mirror.session.say(SessionState.RECOVERING, "No camera answered.")
    mirror.pull()
    focused = QApplication.focusWidget()
    assert focused is mirror.window.page.buttons[PageAction.TRY_AGAIN]
    QTest.keyClick(focused, K.Key_Space)
    assert mirror.session.calls[-1] == "restart"


def test_a_failing_session_is_shown_and_can_be_started_again(mirror: Harness) -> None:
    mirror.push()
    mirror.session.say(SessionState.FAILED, "The picture could not be made: out of memory.")
    mirror.pull()
    page = mirror.window.page
    assert (page.page.kind, page.isVisible()) == (PageKind.STOPPED, True)
    button(mirror, PageAction.TRY_AGAIN).click()
    assert mirror.session.calls[-1] == "restart"
    mirror.push()
    assert page.isHidden()


def test_unplugged_keeps_the_picture_dimmed_under_a_banner(mirror: Harness) -> None:
    mirror.push()
    mirror.session.say(SessionState.RECOVERING, "USB Camera gives no pictures. Trying again …")
    mirror.pull()
    window = mirror.window
    assert window.banner.isVisible() and window.banner.words == "USB Camera gives no pictures. Trying again …"
    assert window.page.isHidden() and window.live._dimmed
    mirror.push()
    assert window.banner.isHidden() and not window.live._dimmed


def test_lens_is_lit_while_a_camera_is_open_only(mirror: Harness) -> None:
    mirror.push()
    assert mirror.window.lens.isVisible()
    mirror.conductor.open_source("clip.mp4")
    mirror.push()
    assert not mirror.window.lens.isVisible()


def test_blank_hides_at_once_and_closes_the_camera_elsewhere(mirror: Harness) -> None:
    mirror.push()
    mirror.session.stop_takes_s = 0.15
    began = time.monotonic()
    press(mirror, K.Key_B, CTRL | SHIFT)
    assert time.monotonic() - began < 0.12, "the window waited for the camera"
    assert mirror.window.page.page.kind is PageKind.BLANK
    assert mirror.window.live.result is None
    mirror.settle()
    assert mirror.session.calls == ["start", "stop"]
    assert not mirror.window.lens.isVisible()
    button(mirror, PageAction.SHOW_AGAIN).click()
    assert mirror.session.calls == ["start", "stop", "start"]


def test_showing_again_waits_for_the_stop_to_end(mirror: Harness) -> None:
    mirror.push()
    mirror.session.stop_takes_s = 0.1
    press(mirror, K.Key_B, CTRL | SHIFT)
    press(mirror, K.Key_B, CTRL | SHIFT)
    assert mirror.session.calls in (["start"], ["start", "stop"])
    mirror.settle()
    assert mirror.session.calls == ["start", "stop", "start"]


def test_pictures_made_before_the_stop_are_not_shown_when_hidden(mirror: Harness) -> None:
    mirror.push()
    mirror.presenter.blank(True)
    mirror.window.live.show_result(None)
    mirror.push()
    assert mirror.window.live.result is None


def test_status_line_shows_figures_and_opens_the_stages(mirror: Harness) -> None:
    mirror.push()
    mirror.session.say(
        SessionState.RUNNING, fps_shown=29.9, latency_ms={"p50": 41.0, "p95": 63.0}, size=384, stages_ms={"ager": 5.0}
    )
    mirror.pull()
    assert mirror.window.status.text() == "30 fps  ·  41 ms (p95 63)  ·  384 px"
    QTest.mouseClick(mirror.window.status, Qt.MouseButton.LeftButton)
    assert mirror.window.panel is mirror.window.stages_panel
    assert "Age the face: 5.0 ms" in mirror.window.stages_panel.accessibleDescription()


def test_choosing_a_face_by_click(mirror: Harness) -> None:
    faces = (face(20, 20, 60, 60, track=1, years=20), face(200, 20, 300, 120, track=2, years=50))
    mirror.push(faces=faces)
    live = mirror.window.live
    view = live.viewport()
    assert view is not None
    x, y = view.to_widget(np.array([40.0, 40.0]))
    QTest.mouseClick(live, Qt.MouseButton.LeftButton, pos=QPoint(round(x), round(y)))
    assert mirror.presenter.view.chosen == 1
    press(mirror, K.Key_8)
    press(mirror, K.Key_0)
    assert mirror.session.settings.face_targets == ((1, 80.0),)
    assert mirror.target is None


def test_marks_and_buttons_fade_while_the_pointer_rests(mirror: Harness) -> None:
    mirror.push(faces=(face(20, 20, 60, 60),))
    mirror.pull(after_s=30)
    assert mirror.window.live._opacity == 0.0
    assert mirror.window.bar.isVisible(), "the bar stays, except in full screen"
    mirror.window.live.pointer_moved.emit()
    mirror.pull()
    assert mirror.window.live._opacity == 1.0


def test_full_screen_hides_the_bar_at_rest_and_escape_leaves(mirror: Harness) -> None:
    mirror.push()
    press(mirror, K.Key_F)
    assert mirror.window.isFullScreen()
    mirror.pull(after_s=30)
    assert not mirror.window.bar.isVisible()
    press(mirror, K.Key_Right)
    assert mirror.window.bar.isVisible()
    press(mirror, K.Key_Escape)
    assert not mirror.window.isFullScreen()


# -- the end ----------------------------------------------------------------------------------------------------------


def test_closing_never_waits_and_finishes_when_all_is_done(mirror: Harness) -> None:
    finished: list[bool] = []
    mirror.conductor.finished.connect(lambda: finished.append(True))
    mirror.push()
    mirror.session.stop_takes_s = 0.15
    press(mirror, K.Key_M)
    began = time.monotonic()
    mirror.window.close()
    assert time.monotonic() - began < 0.12
    assert finished == []
    mirror.settle()
    assert finished and mirror.session.calls[-1] == "stop"
    assert mirror.store.idle


def test_a_session_that_never_stops_does_not_keep_the_program(mirror: Harness) -> None:
    finished: list[bool] = []
    mirror.conductor.finished.connect(lambda: finished.append(True))
    mirror.session.stop_takes_s = 0.5
    mirror.window.close()
    mirror.pull()
    assert finished == []
    mirror.pull(after_s=CLOSE_TIMEOUT_S + 1)
    assert finished


def test_every_picture_is_reported_to_the_session_once(mirror: Harness) -> None:
    for _ in range(3):
        mirror.push()
    mirror.window.repaint()
    assert [index for index, _, _ in mirror.session.painted] == [0, 1, 2]
    assert mirror.conductor.heartbeat.running
