"""Which page is shown, and the words of the status line."""

from __future__ import annotations

import pytest

from desktop.presenters.cameras import entries
from desktop.presenters.page import PageAction, PageKind, page_for
from desktop.presenters.status import device_words, fact_rows, stage_rows, status_line
from engine.types import SessionState as S
from engine.types import SessionStatus
from tests.desktop.conftest import Camera

CASES = [
    ("opening", S.STARTING, "0", False, PageKind.STARTING),
    ("running", S.RUNNING, "0", True, PageKind.PICTURE),
    ("running, nothing painted yet", S.RUNNING, "0", False, PageKind.STARTING),
    ("never a camera", S.RECOVERING, "0", False, PageKind.NO_CAMERA),
    ("never a camera of this id", S.RECOVERING, "camera:usb-1", False, PageKind.NO_CAMERA),
    ("networks missing", S.FAILED, "0", False, PageKind.STOPPED),
    ("unplugged", S.RECOVERING, "0", True, PageKind.PICTURE),
    ("worker failed", S.FAILED, "0", True, PageKind.STOPPED),
    ("no such file", S.FAILED, "gone.mp4", False, PageKind.STOPPED),
    ("film over", S.ENDED, "clip.mp4", True, PageKind.PICTURE),
    ("empty film", S.ENDED, "clip.mp4", False, PageKind.STOPPED),
]


@pytest.mark.parametrize(("state", "source", "has_picture", "kind"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_page(state: S, source: str, has_picture: bool, kind: PageKind) -> None:
    assert page_for(SessionStatus(state), source, blanked=False, has_picture=has_picture).kind is kind


def test_no_camera_page_says_what_was_tried_and_offers_ways_on() -> None:
    status = SessionStatus(S.RECOVERING, message="No camera answered. Tried: {odd} Camera.")
    page = page_for(status, "0", blanked=False, has_picture=False)
    assert str(page.body) == "No camera answered. Tried: {odd} Camera."
    assert page.actions == (PageAction.TRY_AGAIN, PageAction.CHOOSE_FILE, PageAction.PLAY_DEMO)


def test_recovering_is_a_banner_over_the_picture() -> None:
    status = SessionStatus(S.RECOVERING, message="The picture is frozen.")
    assert str(page_for(status, "0", blanked=False, has_picture=True).banner) == "The picture is frozen."


def test_hidden_wins_over_everything() -> None:
    page = page_for(SessionStatus(S.RUNNING), "0", blanked=True, has_picture=True)
    assert (page.kind, page.actions) == (PageKind.BLANK, (PageAction.SHOW_AGAIN,))


def test_a_failure_is_never_without_words() -> None:
    page = page_for(SessionStatus(S.FAILED), "clip.mp4", blanked=False, has_picture=False)
    assert str(page.title) and str(page.body)
    status = SessionStatus(S.FAILED, errors=("first", "last"))
    assert str(page_for(status, "clip.mp4", blanked=False, has_picture=False).body) == "last"


RUNNING = SessionStatus(
    S.RUNNING,
    devices={"ager": "cpu/openvino/bf16", "other": "cuda/torch/half"},
    captured=12,
    shown=11,
    dropped=1,
    fps_shown=29.7,
    latency_ms={"p50": 41.6, "p95": 63.2, "max": 90.0},
    stages_ms={"detect": 3.1, "ager": 12.4, "unheard": 0.1},
    size=384,
)


def test_status_line() -> None:
    assert status_line(RUNNING).replace("\u2002", " ") == "30 fps  ·  42 ms (p95 63)  ·  384 px  ·  CPU bf16"


def test_status_line_leaves_out_what_is_not_known() -> None:
    assert status_line(SessionStatus(S.STARTING)) == ""
    assert status_line(SessionStatus(S.RUNNING, fps_shown=24.9)) == "25 fps  ·  256 px"


@pytest.mark.parametrize(
    ("device", "words"),
    [("cpu/openvino/bf16", "CPU bf16"), ("cuda/torch/half", "GPU half"), ("cpu", "CPU"), ("tpu/x", "tpu x")],
)
def test_device_words(device: str, words: str) -> None:
    assert device_words(device) == words


def test_stage_rows_keep_order_and_share() -> None:
    rows = stage_rows(RUNNING)
    assert [str(row.label) for row in rows] == ["Find faces", "Age the face", "unheard"]
    assert [row.value for row in rows] == ["3.1 ms", "12.4 ms", "0.1 ms"]
    assert rows[1].share == 1.0
    assert stage_rows(SessionStatus(S.IDLE)) == ()


def test_fact_rows_name_latency_counts_and_devices() -> None:
    values = [row.value for row in fact_rows(RUNNING)]
    assert values == ["42 / 63 / 90 ms", "12 / 11 / 1", "cpu · openvino · bf16", "cuda · torch · half"]


def test_menu_while_looking_and_after() -> None:
    waiting = entries(None, "demo")
    assert [(str(e.label), e.source, e.checked) for e in waiting] == [
        ("Looking for cameras …", None, False),
        ("Built-in demo", "demo", True),
    ]
    assert str(entries((), "0")[0].label) == "No camera found"


def test_menu_names_cameras_by_stable_id_and_ticks_the_current_source() -> None:
    cameras = (Camera(0, "Built-in", "usb-1", busy=True), Camera(1, "Other", busy=True))
    lines = entries(cameras, "0")
    assert (str(lines[0].label), lines[0].source, lines[0].checked) == ("Built-in", "camera:usb-1", True)
    assert (str(lines[1].label), lines[1].source) == ("Other (in use by another program)", "1")
    assert entries(cameras, "camera:usb-1")[0].checked
    film = entries(cameras, "films/clip.mp4")[-1]
    assert (str(film.label), film.source, film.checked) == ("clip.mp4", "films/clip.mp4", True)
