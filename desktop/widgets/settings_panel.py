"""The settings drawer: picture, marks, window, and what is stored on this computer."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from desktop import theme
from desktop.preferences import Preferences
from desktop.widgets.controls import Choice, Choices, Switch
from desktop.widgets.drawer import Panel
from desktop.widgets.privacy import PrivacySection
from desktop.words import translate

SIZES = (0, 256, 384, 512)
DEVICES = ("auto", "cpu", "cuda", "mps")
LATENCIES_MS = (40.0, 60.0, 80.0, 120.0, 200.0)
RESOLUTIONS = ((640, 480), (1280, 720), (1920, 1080))
STRENGTHS = (0.25, 0.5, 0.75, 1.0)
STYLES = ("none", "oil", "ink", "glass")
SWEEPS_S = (8.0, 13.0, 20.0, 30.0)
THEMES = ("dark", "light", "system")
LANGUAGES = ("system", "en", "de")
SWITCHES = ("mirror", "overlay", "ages", "landmarks", "meter")


class SettingsPanel(Panel):
    """Shows ``Preferences``; ``preferred`` names one and its new value."""

    preferred = Signal(dict)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sections: list[QLabel] = []
        self._labels: list[QLabel] = []
        self.size_choice, self.theme_choice = Choices(SIZES), Choices(THEMES)
        self.device_choice, self.latency_choice = Choice(DEVICES), Choice(LATENCIES_MS)
        self.resolution_choice, self.language_choice = Choice(RESOLUTIONS), Choice(LANGUAGES)
        self.switches = {name: Switch() for name in SWITCHES}
        self.strength_choice, self.keep_eyes = Choices(STRENGTHS), Switch()
        self.sweep_choice, self.calm = Choices(SWEEPS_S), Switch()
        self.style_choice = Choices(STYLES)
        self.privacy = PrivacySection()
        self._assemble()
        self._connect()
        self.retranslate()

    def _assemble(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 4, 16, 24)
        column.setSpacing(6)
        self._section(column)
        self._labelled(column, self.strength_choice)
        column.addWidget(self.keep_eyes)
        column.addSpacing(4)
        self._labelled(column, self.style_choice)
        self._labelled(column, self.sweep_choice)
        for control in (self.size_choice, self.latency_choice, self.device_choice, self.resolution_choice):
            self._labelled(column, control)
        self._section(column)
        for switch in self.switches.values():
            column.addWidget(switch)
        self._section(column)
        self._labelled(column, self.theme_choice)
        self._labelled(column, self.language_choice)
        column.addWidget(self.calm)
        column.addSpacing(14)
        column.addWidget(self.privacy)
        column.addStretch(1)

    def _section(self, column: QVBoxLayout) -> None:
        label = QLabel()
        label.setProperty("section", True)
        if self._sections:
            column.addSpacing(14)
        column.addWidget(label)
        self._sections.append(label)

    def _labelled(self, column: QVBoxLayout, control: QWidget) -> None:
        label = QLabel()
        label.setBuddy(control)
        column.addWidget(label)
        column.addWidget(control)
        column.addSpacing(4)
        self._labels.append(label)

    def _connect(self) -> None:
        self.size_choice.chosen.connect(lambda value: self.preferred.emit({"size": value}))
        self.strength_choice.chosen.connect(lambda value: self.preferred.emit({"strength": value}))
        self.style_choice.chosen.connect(lambda value: self.preferred.emit({"style": value}))
        self.sweep_choice.chosen.connect(lambda value: self.preferred.emit({"sweep_s": value}))
        self.keep_eyes.clicked.connect(lambda on: self.preferred.emit({"keep_eyes": on}))
        self.theme_choice.chosen.connect(lambda value: self.preferred.emit({"theme": value}))
        self.device_choice.chosen.connect(lambda value: self.preferred.emit({"device": value}))
        self.latency_choice.chosen.connect(lambda value: self.preferred.emit({"latency_target_ms": value}))
        self.language_choice.chosen.connect(lambda value: self.preferred.emit({"language": value}))
        self.resolution_choice.chosen.connect(
            lambda size: self.preferred.emit({"camera_width": size[0], "camera_height": size[1]})
        )
        for name, switch in self.switches.items():
            switch.clicked.connect(lambda on, name=name: self.preferred.emit({name: on}))
        self.calm.clicked.connect(lambda on: self.preferred.emit({"motion": "reduced" if on else "full"}))

    def title(self) -> str:
        return translate("Mirror", "Settings")

    def show_preferences(self, preferences: Preferences, *, mirrored: bool, reduced_motion: bool) -> None:
        self.size_choice.show_value(preferences.size)
        self.strength_choice.show_value(preferences.strength)
        self.keep_eyes.setChecked(preferences.keep_eyes)
        self.style_choice.show_value(preferences.style)
        self.sweep_choice.show_value(preferences.sweep_s)
        self.theme_choice.show_value(preferences.theme)
        self.device_choice.show_value(preferences.device)
        latency = preferences.latency_target_ms
        self.latency_choice.show_value(latency, f"{latency:g} ms")
        width, height = preferences.camera_width, preferences.camera_height
        self.resolution_choice.show_value((width, height), f"{width} × {height}")
        self.language_choice.show_value(preferences.language)
        for name, switch in self.switches.items():
            switch.setChecked(mirrored if name == "mirror" else bool(getattr(preferences, name)))
        self.calm.setChecked(reduced_motion)

    def retranslate(self) -> None:
        picture, marks = translate("Mirror", "Picture"), translate("Mirror", "On the picture")
        sections = (picture, marks, translate("Mirror", "Window"))
        for label, words in zip(self._sections, sections, strict=True):
            label.setText(words)
        size, latency = translate("Mirror", "Detail (pixels of a face)"), translate("Mirror", "Aim for a delay of")
        device, resolution = translate("Mirror", "Compute on"), translate("Mirror", "Camera resolution")
        look, language = translate("Mirror", "Appearance"), translate("Mirror", "Language")
        strength, sweep = translate("Mirror", "Strength of the change"), translate("Mirror", "A sweep takes")
        style = translate("Mirror", "Painted as")
        for label, words in zip(
            self._labels, (strength, style, sweep, size, latency, device, resolution, look, language), strict=True
        ):
            label.setText(words)
        self.style_choice.set_texts(style, _style_names())
        self.sweep_choice.set_texts(sweep, [f"{seconds:g} s" for seconds in SWEEPS_S])
        automatic = translate("Mirror", "Automatic")
        self.strength_choice.set_texts(strength, [f"{share:.0%}" for share in STRENGTHS])
        self.size_choice.set_texts(size, (translate("Mirror", "Auto"), "256", "384", "512"))
        self.latency_choice.set_texts(latency, [f"{ms:g} ms" for ms in LATENCIES_MS])
        self.device_choice.set_texts(device, (automatic, "CPU", "NVIDIA GPU (CUDA)", "Apple GPU (Metal)"))
        self.resolution_choice.set_texts(resolution, [f"{w} × {h}" for w, h in RESOLUTIONS])
        system = translate("Mirror", "System")
        self.theme_choice.set_texts(look, (translate("Mirror", "Dark"), translate("Mirror", "Light"), system))
        self.language_choice.set_texts(language, (system, "English", "Deutsch"))
        self._retranslate_switches()
        self.privacy.retranslate()

    def _retranslate_switches(self) -> None:
        words: Sequence[str] = (
            translate("Mirror", "Mirror left and right"),
            translate("Mirror", "Mark faces"),
            translate("Mirror", "Say how old a face looks"),
            translate("Mirror", "Show the points of the face"),
            translate("Mirror", "Show age and likeness of the result"),
        )
        for switch, label in zip(self.switches.values(), words, strict=True):
            switch.setText(label)
        self.keep_eyes.setText(translate("Mirror", "Leave the eyes as they are"))
        self.calm.setText(translate("Mirror", "Less motion"))

    def use_theme(self, colours: theme.Theme) -> None:
        for switch in (*self.switches.values(), self.keep_eyes, self.calm):
            switch.use_theme(colours)
        for choice in (self.device_choice, self.latency_choice, self.resolution_choice, self.language_choice):
            choice.use_theme(colours)


def _style_names() -> tuple[str, ...]:
    """What the styles are called, in the order of STYLES."""
    none, oil = translate("Mirror", "Not at all"), translate("Mirror", "Oil")
    return none, oil, translate("Mirror", "Ink"), translate("Mirror", "Glass")
