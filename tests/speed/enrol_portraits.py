"""Enrols everybody of a folder of portraits through the real window, and then shows another picture of each.

usage: python tests/speed/enrol_portraits.py FOLDER [--seconds 10] [--screenshots FOLDER]
FOLDER holds ID_neutral.jpg and ID_smiling.jpg of each person. The neutral picture stands before the camera while its
person is enrolled; then each smiling one is shown. Not part of the test suite: it needs portraits and the embedder's
weights. Exit status 1 unless everybody is recognised and nobody is taken for somebody else. Takes some minutes.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"  # never the keyring of whoever runs this

import cv2  # noqa: E402, F401 - first, because it points Qt at plug-ins of its own

for _name in ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR"):
    os.environ.pop(_name, None)

from PySide6.QtWidgets import QApplication  # noqa: E402

from desktop.presenters.enrol import Stage  # noqa: E402
from tests.fakes.live_window import LiveWindow  # noqa: E402
from tests.speed.window import machine  # noqa: E402

PATIENCE_S = 180.0  # on a busy computer loading the network alone takes long
STAYS_S = 2.0  # so long a name is watched after it has appeared, for another one
STRANGER_S = 2.0  # so long a face that is not enrolled yet is watched for a name that is not its own


def people_of(folder: Path) -> dict[str, tuple[Path, Path]]:
    """The neutral and the smiling picture of each person."""
    neutral = {path.name.partition("_")[0]: path for path in sorted(folder.glob("*_neutral.*"))}
    smiling = {path.name.partition("_")[0]: path for path in sorted(folder.glob("*_smiling.*"))}
    return {name: (neutral[name], smiling[name]) for name in neutral if name in smiling}


class Trial:
    """What happened, in numbers."""

    def __init__(self, window: LiveWindow, screenshots: Path | None) -> None:
        self.window, self._screenshots = window, screenshots
        self.mistaken: list[str] = []
        self.enrol_s: list[float] = []
        self.recognise_s: list[float] = []
        self.recognised = 0

    def picture(self, name: str) -> None:
        if self._screenshots is not None:
            self._screenshots.mkdir(parents=True, exist_ok=True)
            self.window.conductor.wake()
            shown = time.monotonic() + 0.5
            self.window.until(lambda: time.monotonic() > shown, "no time passed")
            self.window.window.grab().save(str(self._screenshots / f"{name}.png"))

    def enrol(self, name: str, neutral: Path) -> None:
        """Watches the stranger for a while, then enrols them."""
        window = self.window
        window.show(neutral)
        end = time.monotonic() + STRANGER_S
        window.until(lambda: window.names() or time.monotonic() > end, "no time passed")
        if window.names():
            self.mistaken.append(f"{name} was taken for {window.names()[0]} before being enrolled")
        began = time.monotonic()
        try:
            window.enrol(name)
        except AssertionError:
            enrol = window.conductor.people.presenter.enrol
            if enrol.stage is not Stage.ALIKE:
                raise
            self.mistaken.append(f"{name} was thought to be {enrol.like} while being enrolled")
            enrol.cancel()
            return
        self.enrol_s.append(time.monotonic() - began)

    def recognise(self, name: str, smiling: Path, seconds: float) -> None:
        """Waits for a name under the chin, and whether it stays."""
        window = self.window
        window.show(smiling)
        began = time.monotonic()
        seen: dict[str, float] = {}  # when each name appeared

        def settled() -> bool:
            now = time.monotonic()
            for each in window.names():
                seen.setdefault(each, now)
            return now - seen.get(name, now) > STAYS_S or now - began > seconds + STAYS_S

        window.until(settled, "no time passed")
        if name in seen:
            self.recognised += 1
            self.recognise_s.append(seen[name] - began)
        self.mistaken += [f"{name} was taken for {other}" for other in seen if other != name]
        print(f"{name}: {', '.join(seen) or 'nobody'}", flush=True)

    def forget(self, name: str, neutral: Path) -> bool:
        """Removes a person again; whether their name goes."""
        window = self.window
        window.show(neutral)
        row = next(row for row in window.panel.rows.values() if row.head._person.name == name)
        for button in (row.head, row.forget, row.question.buttons[0]):
            window.click(button)
        window.until(lambda: name not in window.known(), f"{name} is still in the list")
        window.until(lambda: not window.names(), f"{name} is still recognised")
        return True


def main() -> int:
    parser = argparse.ArgumentParser(description="Enrolment and recognition through the real window.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seconds", type=float, default=10.0, help="how long each face is shown at most")
    parser.add_argument("--screenshots", type=Path)
    options = parser.parse_args()
    people = people_of(options.folder)
    if not people:
        print(f"no pairs ID_neutral.jpg, ID_smiling.jpg in {options.folder}", file=sys.stderr)
        return 2
    print(machine(), flush=True)
    QApplication([])
    with tempfile.TemporaryDirectory() as home:
        os.environ["AGE_MIRROR_HOME"], os.environ["AGE_MIRROR_PASSPHRASE"] = home, "only for this trial"
        window = LiveWindow(Path(home), patience_s=options.seconds + PATIENCE_S)
        try:
            trial = run(window, people, options.seconds, options.screenshots)
        finally:
            window.close()
    for mistake in trial.mistaken:
        print(f"mistaken: {mistake}")
    print(f"recognised {trial.recognised} of {len(people)}, mistaken {len(trial.mistaken)}")
    for what, times in (("enrol", trial.enrol_s), ("recognise", trial.recognise_s)):
        if times:
            print(f"seconds to {what} (steps that a picture cannot do left out): median {median(times):.1f}")
    return int(trial.recognised < len(people) or bool(trial.mistaken))


def run(window: LiveWindow, people: dict[str, tuple[Path, Path]], seconds: float, screenshots: Path | None) -> Trial:
    trial = Trial(window, screenshots)
    window.open_people()
    unable = window.conductor.people.presenter.known.unable
    if unable:
        raise SystemExit(unable)
    for number, (name, (neutral, _)) in enumerate(people.items()):
        trial.enrol(f"Person {name}", neutral)
        if number == 2:
            trial.picture("three-people")
    for name, (_, smiling) in people.items():
        trial.recognise(f"Person {name}", smiling, seconds)
    trial.picture("recognised")
    last = next(reversed(people))
    if f"Person {last}" in window.known() and trial.forget(f"Person {last}", people[last][0]):
        print(f"Person {last} is forgotten again")
    return trial


if __name__ == "__main__":
    sys.exit(main())
