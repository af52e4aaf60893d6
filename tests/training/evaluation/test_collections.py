"""Public collections are read in the layouts they come in; what is missing is named before any network runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from training.data.sets import CFP_KEPT, DataError
from training.evaluation.ages import SETS, Pictured, fgnet, sample
from training.evaluation.drawn import write_lfw_like
from training.evaluation.pairs import cfp, lfw


def write_lfw(folder: Path, below: str = "", suffix: str = ".jpg") -> Path:
    """LFW's layout without pictures in it: two folds of one pair of each kind."""
    for name, count in (("Ada", 2), ("Bo_Li", 2), ("Cy", 1)):
        place = folder / below / name
        place.mkdir(parents=True)
        for number in range(1, count + 1):
            (place / f"{name}_{number:04d}{suffix}").touch()
    (folder / "pairs.txt").write_text("2\t1\nAda\t1\t2\nAda\t1\tCy\t1\nBo_Li\t1\t2\nCy\t1\tBo_Li\t2\n")
    return folder


@pytest.mark.parametrize("below", ["", "lfw", "images_deepfunneled"])
@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_lfw_in_any_layout(below: str, suffix: str, tmp_path: Path) -> None:
    found = lfw(write_lfw(tmp_path, below, suffix))
    (protocol,) = found.protocols
    assert [path.stem for path in found.pictures] == [
        "Ada_0001", "Ada_0002", "Cy_0001", "Bo_Li_0001", "Bo_Li_0002",
    ]  # fmt: skip
    assert found.people.tolist() == [0, 0, 1, 2, 2]
    assert protocol.first.tolist() == [0, 0, 3, 2]
    assert protocol.second.tolist() == [1, 2, 4, 4]
    assert protocol.same.tolist() == [True, False, True, False]
    assert protocol.fold.tolist() == [0, 0, 1, 1]


def test_a_limit_takes_of_every_fold_and_kind(tmp_path: Path) -> None:
    write_lfw_like(tmp_path)
    (protocol,) = lfw(tmp_path, limit=4).protocols
    assert protocol.same.tolist() == [True, False, True, False]
    assert protocol.fold.tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda f: (f / "pairs.txt").unlink(), "no pairs.txt"),
        (lambda f: (f / "Bo_Li" / "Bo_Li_0002.jpg").unlink(), "Bo_Li_0002.jpg"),
        (lambda f: (f / "Ada" / "Ada_0001.jpg").unlink(), "does not hold Ada/Ada_0001.jpg"),
        (lambda f: (f / "pairs.txt").write_text("2\t1\nAda\t1\t2\n"), "holds 1 pairs"),
        (lambda f: (f / "pairs.txt").write_text("Ada\t1\t2\n"), "not view 2"),
        (lambda f: (f / "pairs.txt").write_text(""), "not view 2"),
    ],
)
def test_what_lfw_lacks_is_named(damage: object, words: str, tmp_path: Path) -> None:
    write_lfw(tmp_path)
    assert callable(damage)
    damage(tmp_path)
    with pytest.raises(DataError, match=words):
        lfw(tmp_path)


def write_cfp(folder: Path, parts: tuple[str, str] = ("", ""), people: tuple[str, str] = ("001", "002")) -> Path:
    """CFP's layout: two people with two frontal pictures and one profile each; two folds of one pair of each kind."""
    listed: dict[str, list[str]] = {"F": [], "P": []}
    for person, part in zip(people, parts, strict=True):
        for kind, count, letter in (("frontal", 2, "F"), ("profile", 1, "P")):
            for number in range(1, count + 1):
                path = folder / "Data" / "Images" / part / person / kind / f"{number:02d}.jpg"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.touch()
                listed[letter].append(f"../Data/Images/{person}/{kind}/{number:02d}.jpg")
    for letter, names in listed.items():
        file = folder / "Protocol" / f"Pair_list_{letter}.txt"
        file.parent.mkdir(exist_ok=True)
        file.write_text("".join(f"{k} {name}\n" for k, name in enumerate(names, 1)))
    for kinds, same, other in (("FF", "1,2", "1,3"), ("FP", "1,1", "1,2")):
        for fold in ("01", "02"):
            place = folder / "Protocol" / "Split" / kinds / fold
            place.mkdir(parents=True)
            (place / "same.txt").write_text(same + "\n")
            (place / "diff.txt").write_text(other + "\n")
    return folder


@pytest.mark.parametrize("parts", [("", ""), ("train", "test")])
@pytest.mark.parametrize("above", [False, True])
def test_cfp_with_people_together_or_in_parts(parts: tuple[str, str], above: bool, tmp_path: Path) -> None:
    write_cfp(tmp_path / "cfp-dataset", parts)
    found = cfp(tmp_path if above else tmp_path / "cfp-dataset")
    frontal, profile = found.protocols
    assert (frontal.name, profile.name) == ("cfp_ff", "cfp_fp")
    assert len(found.pictures) == 5, "every picture once"
    assert found.people.tolist() == [0, 0, 1, 0, 1]
    assert frontal.second.tolist() == [1, 2, 1, 2]
    assert profile.second.tolist() == [3, 4, 3, 4]
    assert profile.fold.tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize(("people", "names"), [
    (("001", "002"), ["cfp_ff", "cfp_fp"]),
    (("006", "002"), ["cfp_ff", "cfp_fp", "cfp_ff_kept", "cfp_fp_kept"]),
    (("006", "009"), ["cfp_ff", "cfp_fp", "cfp_ff_kept", "cfp_fp_kept"]),
])  # fmt: skip
def test_cfp_has_protocols_of_people_whom_nobody_learns_from(
    people: tuple[str, str], names: list[str], tmp_path: Path
) -> None:
    found = cfp(write_cfp(tmp_path, people=people))
    assert [protocol.name for protocol in found.protocols] == names
    kept = {number for number, person in enumerate(people) if int(person) in CFP_KEPT}
    for protocol in found.protocols[2:]:
        one, other = found.people[protocol.first], found.people[protocol.second]
        assert {*one.tolist(), *other.tolist()} <= kept
        assert ((one == other) == protocol.same).all()
        assert protocol.same.any()


def test_cfp_strangers_of_kept_people_are_as_many_as_pairs_and_always_the_same(tmp_path: Path) -> None:
    write_cfp(tmp_path, people=("006", "009"))
    for kinds, same in (("FF", "1,2\n3,4\n"), ("FP", "1,1\n3,2\n")):
        for fold in ("01", "02"):
            (tmp_path / "Protocol" / "Split" / kinds / fold / "same.txt").write_text(same)
    first, second = (cfp(tmp_path).protocols[3] for _ in range(2))
    assert first.same.sum() == (~first.same).sum() == 4
    assert np.array_equal(first.first, second.first) and np.array_equal(first.second, second.second)
    assert len(set(zip(first.first, first.second, first.fold, strict=True))) == len(first.same), "no pair twice"


def test_what_cfp_lacks_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="Pair_list_F"):
        cfp(tmp_path)
    write_cfp(tmp_path)
    next((tmp_path / "Data").rglob("profile/01.jpg")).unlink()
    with pytest.raises(DataError, match=r"does not hold 00\d/profile/01\.jpg"):
        cfp(tmp_path)


def test_fgnet_names_tell_person_and_age(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    for name in ("001A02.JPG", "001a43b.jpg", "082A00.JPG", "points.txt", "12A02.JPG"):
        (tmp_path / "images" / name).touch()
    found = [(p.path.name, p.low, p.high, p.person) for p in fgnet(tmp_path)]
    assert found == [("001A02.JPG", 2, 2, 1), ("001a43b.jpg", 43, 43, 1), ("082A00.JPG", 0, 0, 82)]
    with pytest.raises(DataError, match=r"001A02\.JPG"):
        fgnet(tmp_path / "nowhere")


def test_only_the_test_part_is_measured_and_its_pictures_must_be_there(tmp_path: Path) -> None:
    (tmp_path / "utkface.csv").write_text("file,age,gender,race,split\na.jpg,31,1,2,train\nb.jpg,4,0,1,test\n")
    with pytest.raises(DataError, match=r"b\.jpg is missing"):
        SETS["utkface"].read(tmp_path)
    (tmp_path / "b.jpg").touch()
    assert SETS["utkface"].read(tmp_path) == [Pictured(tmp_path / "b.jpg", 4, 4, 0, 1, 0)]


def test_a_sample_is_always_the_same() -> None:
    pictures = [Pictured(Path(str(k)), k, k) for k in range(50)]
    assert sample(pictures, 0) == sample(pictures, 50) == pictures
    first = sample(pictures, 7)
    assert first == sample(pictures, 7) and len(first) == 7
    assert [p.low for p in first] == sorted(p.low for p in first)
