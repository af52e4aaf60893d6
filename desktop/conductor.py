"""Connects the window, the presenter and the session: passes on what the user does, and draws what follows from it."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Signal

from desktop import overlay
from desktop.background import Background
from desktop.bridge import Bridge
from desktop.commands import Command
from desktop.errands import Errands
from desktop.heartbeat import Heartbeat
from desktop.inside_keeper import InsideKeeper
from desktop.looks import Looks, reduced_motion
from desktop.main_window import MainWindow
from desktop.people_keeper import PeopleKeeper
from desktop.preferences import Preferences, PreferencesStore
from desktop.presenters.mirror import MirrorPresenter
from desktop.presenters.page import PageAction, PageKind, page_for
from desktop.presenters.status import fact_rows, stage_rows, status_line
from desktop.recording_keeper import RecordingKeeper
from desktop.services import Services, Session
from desktop.session_keeper import SessionKeeper
from desktop.sources import DEMO, is_camera
from desktop.tidings import Tidings
from desktop.widgets.drawer import Panel
from desktop.words import say, translate
from engine.types import FrameResult, SessionState, SessionStatus

FADE_STEPS = 12
CLOSE_TIMEOUT_S = 8.0
_CAMERA_OPEN = (SessionState.STARTING, SessionState.RUNNING, SessionState.STOPPING)


class Conductor(QObject):
    """``finished`` comes when the window is closed, the session has stopped and the settings are on the disk."""

    finished = Signal()
    first_painted = Signal()

    def __init__(
        self,
        session: Session,
        presenter: MirrorPresenter,
        background: Background,
        store: PreferencesStore,
        services: Services,
        looks: Looks,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self.window = MainWindow(self._painted)
        self.presenter = presenter
        self.heartbeat = Heartbeat(self)
        self.bridge = Bridge(session, background, self)
        self.keeper = SessionKeeper(session, background)
        self.errands = Errands(self.window, background, services, lambda: presenter.settings.source)
        self.people = PeopleKeeper(
            self.window, background, services.people, session, clock, lambda: presenter.mirrored
        )  # fmt: skip
        self.recording = RecordingKeeper(self.window, background, services, presenter, clock)
        self.inside = InsideKeeper(self.window, session, presenter)
        self.status = SessionStatus(SessionState.IDLE)
        self._session, self._store, self._looks, self._clock = session, store, looks, clock
        self._applied = presenter.settings
        self._saved = presenter.preferences
        self._woken_at = clock()
        self._closed_at: float | None = None
        self.tidings = Tidings(self.window, session, self.try_again)
        self._connect()
        self._commands = self._command_table()
        presenter.changed = self.recording.changed = self.refresh
        presenter.calm = lambda: self.window.reduced_motion
        self.people.changed = self._show_page
        store.failed = self._save_failed
        looks.follow(presenter.preferences, self.window)
        self.refresh()

    def _connect(self) -> None:
        window, presenter = self.window, self.presenter
        window.asked.connect(self.do)
        window.key_asked.connect(lambda command: self.do(command, by_key=True))
        window.compare_released.connect(self._release_compare)
        window.file_chosen.connect(self.open_source)
        window.woken.connect(self.wake)
        window.closing.connect(self._close)
        window.drawer_changed.connect(self.refresh)
        window.live.divider_moved.connect(presenter.move_divider)
        window.live.face_clicked.connect(presenter.click_picture)
        window.page.asked.connect(self._page_asked)
        window.menu.source_chosen.connect(self.open_source)
        window.settings_panel.preferred.connect(self._prefer)
        window.settings_panel.privacy.erase_asked.connect(self._erase)
        dial = window.bar.dial
        dial.chosen.connect(presenter.set_target)
        dial.stepped.connect(presenter.step_target)
        dial.reset.connect(lambda: presenter.set_target(None))
        for keys in (window, dial):
            keys.digit.connect(presenter.type_digit)
            keys.digit_erased.connect(presenter.erase_digit)
            keys.committed.connect(presenter.commit_typed)
        self.bridge.on_result = self._result
        self.bridge.on_status = self._status_came
        self.bridge.on_tick = self._tick

    def _command_table(self) -> dict[Command, Callable[[], None]]:
        presenter, window = self.presenter, self.window
        return {
            Command.YOUNGER: lambda: presenter.step_target(-1),
            Command.OLDER: lambda: presenter.step_target(1),
            Command.MUCH_YOUNGER: lambda: presenter.step_target(-10),
            Command.MUCH_OLDER: lambda: presenter.step_target(10),
            Command.EFFECT: presenter.toggle_effect,
            Command.COMPARE: presenter.toggle_compare,
            Command.DIVIDER_LEFT: lambda: presenter.step_divider(-1),
            Command.DIVIDER_RIGHT: lambda: presenter.step_divider(1),
            Command.SWEEP: presenter.toggle_sweep,
            Command.RECORD_SWEEP: self.recording.toggle_sweep,
            Command.SNAPSHOT: self.errands.save_snapshot,
            Command.RECORD: self.recording.toggle,
            Command.MIRROR: presenter.toggle_mirror,
            Command.OVERLAY: presenter.toggle_overlay,
            Command.STYLE: presenter.next_style,
            Command.METER: lambda: presenter.prefer(meter=not presenter.preferences.meter),
            Command.CAMERA: self._open_camera_menu,
            Command.FULL_SCREEN: window.toggle_full_screen,
            Command.BLANK: self._toggle_blank,
            Command.CLOSE: self._close_something,
        }

    def start(self) -> None:
        """Open the source and begin to pull."""
        self.keeper.run()
        self.people.look()
        self.bridge.start()

    # what the user asks for

    def do(self, command: Command, *, by_key: bool = False) -> None:
        """Carry out a command."""
        self.wake()
        panels = {
            Command.SETTINGS: self.window.settings_panel,
            Command.KEYS: self.window.keys_panel,
            Command.STAGES: self.window.stages_panel,
            Command.PEOPLE: self.window.people_panel,
            Command.INSIDE: self.window.inside_panel,
        }
        if command is Command.COMPARE and by_key:
            self.presenter.press_compare()
        elif command in panels:
            self._toggle_panel(panels[command], by_key)
        else:
            self._commands[command]()
        self.refresh()

    def _toggle_panel(self, panel: Panel, by_key: bool) -> None:
        self.window.show_panel(None if self.window.panel is panel else panel, by_key=by_key)
        if self.window.panel is self.window.settings_panel:
            self.errands.look_what_is_stored()
        self._show_stages()

    def _close_something(self) -> None:
        window = self.window
        if self.presenter.cancel_typed():
            return
        if self.people.cancel():
            return
        if self.presenter.sweep is not None:
            self.presenter.toggle_sweep()
            return
        if window.panel is not None:
            window.show_panel(None)
        elif not window.toast.isHidden():
            window.toast.dismiss()
        elif window.isFullScreen():
            window.toggle_full_screen()

    def _release_compare(self) -> None:
        if self.presenter.compare.pressed_at_s is not None:
            self.presenter.release_compare()

    def _open_camera_menu(self) -> None:
        self.window.show_chrome(True)
        self.errands.open_camera_menu()

    def _toggle_blank(self) -> None:
        if self.presenter.blanked:
            self._show_again()
        else:
            self.recording.stop()
            self.window.live.show_result(None)
            self.presenter.blank(True)
            self.inside.tick()
            self.keeper.halt()
            self._show_page()

    def _show_again(self) -> None:
        self.presenter.blank(False)
        self.keeper.run()
        self._look_again()

    def _page_asked(self, action: PageAction) -> None:
        if action is PageAction.CHOOSE_FILE:
            self.window.ask_for_file()
        elif action is PageAction.PLAY_DEMO:
            self.open_source(DEMO)
        elif action is PageAction.SHOW_AGAIN:
            self._show_again()
        else:
            self.try_again()

    def try_again(self) -> None:
        """Open the same source once more."""
        self.keeper.again()
        self._look_again()

    def open_source(self, source: str) -> None:
        """Show another camera or file from now on; the session opens it by itself when its settings change."""
        same = source == self.presenter.settings.source
        self.recording.stop()
        self.window.live.show_result(None)
        self.inside.forget()
        self.presenter.open_source(source)
        if same:
            self.keeper.again()
        else:
            self.keeper.run()
        self._look_again()

    def _look_again(self) -> None:
        self.tidings.forget()
        self._status_came(self._session.status())

    def _prefer(self, values: dict[str, object]) -> None:
        # The mirror of a file is not the mirror that is remembered.
        if "mirror" in values:
            self.presenter.toggle_mirror()
        else:
            self.presenter.prefer(**values)

    def _erase(self) -> None:
        self._store.forget()
        self.people.presenter.leave()
        self.errands.erase(self._erased)

    def _erased(self) -> None:
        self._saved = Preferences()
        self.people.look()
        self.presenter.reset_preferences()

    def wake(self) -> None:
        """The user is here: marks and buttons show again."""
        self._woken_at = self._clock()

    # what follows

    def refresh(self) -> None:
        """Draw the presenter's facts and hand its settings to the session, where they have changed."""
        presenter, window = self.presenter, self.window
        settings, preferences = presenter.settings, presenter.preferences
        if settings != self._applied:
            self._applied = settings
            self._session.apply(settings)
        if preferences != self._saved:
            self._saved = preferences
            self._store.save(preferences)
        self._looks.follow(preferences, window)
        window.bar.dial.show_dial(presenter.dial, effect=settings.enabled)
        window.bar.show_checked(
            {
                Command.MIRROR: presenter.mirrored,
                Command.OVERLAY: preferences.overlay,
                Command.COMPARE: presenter.compare.on,
                Command.SWEEP: presenter.sweep is not None,
                Command.RECORD_SWEEP: self.recording.with_sweep,
                Command.RECORD: self.recording.on,
                Command.EFFECT: settings.enabled,
                Command.SETTINGS: window.panel is window.settings_panel,
                Command.PEOPLE: window.panel is window.people_panel,
            }
        )
        window.corner.show_checked(
            {
                Command.INSIDE: window.panel is window.inside_panel,
                Command.KEYS: window.panel is window.keys_panel,
                Command.FULL_SCREEN: window.isFullScreen(),
            }
        )
        window.settings_panel.show_preferences(
            preferences, mirrored=presenter.mirrored, reduced_motion=reduced_motion(preferences.motion)
        )
        self._show_view()

    def _show_view(self) -> None:
        rested_s = self._clock() - self._woken_at
        opacity = overlay.fade(rested_s, reduced_motion=self.window.reduced_motion)
        opacity = round(opacity * FADE_STEPS) / FADE_STEPS
        dimmed = self.status.state in (SessionState.RECOVERING, SessionState.FAILED)
        if self.window.meter.show_view(self.presenter.meter):
            self.window.arrange_all()
        self.window.live.show_view(self.presenter.view, opacity=opacity, dimmed=dimmed)
        busy = self.window.panel is not None or self.window.bar.underMouse() or self.window.menu.isVisible()
        on_picture = self.window.page.page.kind is PageKind.PICTURE
        self.window.corner.set_opacity(opacity if on_picture else 1.0)
        self.window.show_chrome(opacity > 0 or busy or not on_picture or not self.window.isFullScreen())

    def _result(self, result: FrameResult) -> None:
        if self.presenter.blanked:
            return
        first = self.window.live.result is None
        self.window.live.show_result(result)
        self.presenter.saw(result.faces)
        self.recording.take(result, self.presenter.view)
        if first:
            self._look_again()

    def _painted(self, result: FrameResult, painted_ns: int, paint_ms: float) -> None:
        self._session.shown(result, painted_ns, paint_ms)
        if not self.heartbeat.running:
            # Loading the networks may hold up the window before; what counts is the running mirror.
            self.heartbeat.start()
            self.first_painted.emit()

    def _status_came(self, status: SessionStatus) -> None:
        self.status = status
        self._show_page()
        self._show_view()
        self._show_stages()
        self.inside.show_status(status)
        line = status_line(status) if status.state is not SessionState.ENDED else ""
        self.window.show_status_line(line)
        self.tidings.tell(status, self.presenter.settings.source)

    def _show_page(self) -> None:
        presenter, window = self.presenter, self.window
        source = presenter.settings.source
        page = page_for(self.status, source, blanked=presenter.blanked, has_picture=window.live.result is not None)
        banner = say(page.banner if page.banner.source else self.people.hint)
        if banner != window.banner.words:
            window.banner.show_words(banner)
            window.arrange_all()
        window.page.show_page(page)
        window.lens.setVisible(self._camera_may_be_open())

    def _camera_may_be_open(self) -> bool:
        """Rather lit too long than too short: while it opens and closes, and while a known picture stands still."""
        if not is_camera(self.presenter.settings.source) or self.keeper.stopped:
            return False
        stalled = self.status.state is SessionState.RECOVERING and self.window.live.result is not None
        return stalled or self.status.state in _CAMERA_OPEN

    def _show_stages(self) -> None:
        if self.window.panel is self.window.stages_panel:
            self.window.stages_panel.show_rows(stage_rows(self.status), fact_rows(self.status))

    def _tick(self) -> None:
        self.presenter.tick()
        self.people.tick()
        self.inside.tick()
        self.recording.tick()
        self._show_view()
        if self._closed_at is not None:
            written = self._store.idle and self.recording.idle and not self.people.writing
            settled = self.keeper.stopped and written
            if settled or self._clock() - self._closed_at > CLOSE_TIMEOUT_S:
                self.bridge.stop()
                self.finished.emit()

    def _save_failed(self, error: Exception) -> None:
        self.window.show_toast(translate("Mirror", "The settings could not be saved: {cause}").format(cause=error))

    def _close(self) -> None:
        self.heartbeat.stop()
        self._closed_at = self._clock()
        self.people.close()
        self.recording.stop()
        self.keeper.halt()

    def leave(self) -> None:
        """After ``finished``: take everything away."""
        self.presenter.changed = self.people.presenter.changed = lambda: None
        self._looks.leave()
        for each in (self.window, self):
            each.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
