"""``evaluate embedder``: face verification on LFW and CFP, through the program's own detection and alignment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from training.data.sets import DataError
from training.evaluation import app, sheets
from training.evaluation.pairs import READERS, Benchmark, Protocol
from training.evaluation.report import check_card, table, write_on_card, write_report
from training.evaluation.vectors import OnnxEmbedder, OwnEmbedder, Vectors, crop_vectors, own_vectors
from training.metrics.recognition import (
    Flags,
    Numbers,
    Roc,
    Scores,
    equal_error_rate,
    identification,
    k_fold_accuracy,
    k_fold_far,
    roc,
    strangers_of,
    tar_at_far,
    threshold_at_far,
    threshold_of,
)

FARS = (1e-2, 1e-3, 1e-4)
FAR = 1e-3
FPIR = 1e-2
GOALS = {"lfw": 0.985, "cfp_fp": 0.88, "cfp_fp_kept": 0.88}
TITLES = {
    "lfw": "LFW",
    "cfp_ff": "CFP frontal-frontal",
    "cfp_fp": "CFP frontal-profile",
    "cfp_ff_kept": "CFP frontal-frontal, people kept from learning",
    "cfp_fp_kept": "CFP frontal-profile, people kept from learning",
}
PEOPLE_FOLDS = 10


@dataclass(frozen=True, slots=True)
class EmbedderJob:
    """folders: which of pairs.READERS, and where each lies. onnx: another network to measure on the same faces
    (mirror: from each crop and its mirror image, as the program does).

    again: embed the found faces here instead of asking ``analyze`` to, which gives the same but for the rounding of
    landmarks; with ``reuse`` a new embedder is measured in a minute, because the faces need not be found anew. limit:
    pairs of each protocol, 0 for all. weights: folder of the network (None: the one that ships). card: gets the
    figures, if given.
    """

    folders: Mapping[str, Path]
    out: Path
    onnx: Path | None = None
    mirror: bool = False
    again: bool = False
    limit: int = 0
    weights: Path | None = None
    card: Path | None = None
    detector: str = "mediapipe"
    processes: int = 1
    reuse: bool = False


@dataclass(frozen=True, slots=True)
class Measured:
    """What came of one protocol."""

    name: str
    similarity: Scores
    same: Flags
    curve: Roc
    figures: Mapping[str, float]


def evaluate_embedder(job: EmbedderJob) -> dict[str, float]:
    """Measures every benchmark, prints the tables, writes embedder.json, .md and .png; returns the card's figures.

    Raises DataError for a folder that is not what it should be, before any network runs.
    """
    if job.card is not None:
        check_card(job.card, "embedder")
    benchmarks = [READERS[name](folder, job.limit) for name, folder in job.folders.items()]
    network = OnnxEmbedder(job.onnx, job.mirror) if job.onnx else OwnEmbedder(job.weights) if job.again else None
    job.out.mkdir(parents=True, exist_ok=True)
    measured: list[Measured] = []
    card: dict[str, float] = {}
    details: dict[str, Any] = {}
    for benchmark in benchmarks:
        answers = _answers(benchmark, job)
        vectors = own_vectors(answers.seen) if network is None else crop_vectors(answers.seen, network)
        protocols = [measure(protocol, vectors) for protocol in benchmark.protocols]
        searching = search(vectors, benchmark.people)
        measured += protocols
        card |= {f"{m.name}_{key}": value for m in protocols for key, value in m.figures.items()}
        card |= {f"{benchmark.name}_{key}": value for key, value in searching.items()}
        without = [str(seen.path) for seen in answers.seen if app.principal(seen) is None]
        details[benchmark.name] = {"counts": app.count(answers.seen), "ms_per_picture": answers.ms_per_picture,
                                   "without_face": without}  # fmt: skip
    what = f"{job.onnx.name} on our aligned crops" if job.onnx else "measured through `analyze`"
    page = "\n\n".join([f"# Face embedder, {what}", *_tables(measured, card, details)])
    print(page, flush=True)
    write_report(job.out, "embedder", page, {"figures": card, "limit": job.limit, "sets": details})
    threshold = next((card[key] for key in card if key.endswith("_threshold_far_1e-3")), None)
    sheets.recognition_sheet(
        job.out / "embedder.png",
        {TITLES[m.name]: m.curve for m in measured},
        {TITLES[m.name]: (m.similarity, m.same) for m in measured},
        threshold,
    )
    if job.card is not None:
        write_on_card(job.card, {**card, **card_thresholds(card)})
    return card


def card_thresholds(figures: Mapping[str, float]) -> dict[str, float]:
    """What the program reads from the embedder's card, from the figures of all benchmarks together.

    verify_threshold: at most one stranger in a thousand passes, in any benchmark; identify_threshold: one in ten
    thousand, because a search of the gallery meets many strangers.
    """

    def strictest(far: str) -> float:
        return max(value for key, value in figures.items() if key.endswith(f"_threshold_far_{far}"))

    return {
        "verify_threshold": strictest("1e-3"),
        "identify_threshold": strictest("1e-4"),
        "false_accept_rate": FAR,
    }


def _answers(benchmark: Benchmark, job: EmbedderJob) -> app.Answers:
    return app.analyze(
        benchmark.pictures,
        embeddings=job.onnx is None and not job.again,
        weights=job.weights,
        detector=job.detector,
        processes=job.processes,
        kept=job.out / f"{benchmark.name}.jsonl",
        reuse=job.reuse,
        name=benchmark.title,
    )


def measure(protocol: Protocol, vectors: Vectors) -> Measured:
    """The figures of one protocol; a pair with a picture in which no face was found has similarity 0.

    accuracy_strict counts every such pair as wrong, also those of two people, which 0 tells apart by luck.
    """
    found = (vectors != 0).any(axis=1)
    similarity = np.einsum("nd,nd->n", vectors[protocol.first], vectors[protocol.second]).astype(np.float64)
    missed = ~(found[protocol.first] & found[protocol.second])
    similarity[missed] = 0.0
    same, fold = protocol.same, protocol.fold
    accuracy, thresholds = k_fold_accuracy(similarity, same, fold)
    held_out = k_fold_far(similarity, same, fold, FAR)
    by_chance = (missed & ~same & (similarity < float(thresholds.mean()))).mean()
    figures = {
        "accuracy": float(accuracy.mean()),
        "accuracy_std": float(accuracy.std(ddof=1)),
        "accuracy_strict": float(accuracy.mean() - by_chance),
        "accuracy_threshold": float(thresholds.mean()),
        **{f"tar_far_{far:.0e}".replace("e-0", "e-"): tar_at_far(similarity, same, far)[0] for far in FARS[:2]},
        "eer": equal_error_rate(similarity, same),
        "held_out_tar": float(held_out.tar.mean()),
        "held_out_far": float(held_out.far.mean()),
        "pairs": float(len(same)),
        "pairs_missed": float(missed.sum()),
    }
    return Measured(protocol.name, similarity, same, roc(similarity, same), figures)


def search(vectors: Vectors, people: Numbers) -> dict[str, float]:
    """Thresholds from the similarities of all pictures of different people, and open-set identification.

    threshold_far_X: with its interval of 95 % for FAR. other_people_far: the FAR that the threshold of nine tenths of
    the people has on the last tenth, mean over ten. rank_one, tpir: the gallery holds one picture of everybody who has
    several, the other pictures are the probes, and people with one picture are unknown; tpir at an FPIR of 1 %.
    """
    found = (vectors != 0).any(axis=1)
    known, who = vectors[found], people[found]
    strangers = strangers_of(known, who)
    if not len(strangers):
        raise DataError("faces of two different people were not found: there is nothing to compare.")
    figures: dict[str, float] = {}
    for far in FARS:
        key = f"threshold_far_{far:.0e}".replace("e-0", "e-")
        figures[key], low, high = threshold_at_far(strangers, far)
        if far == FAR:
            figures |= {f"{key}_low": low, f"{key}_high": high}
    figures["other_people_far"] = _other_people_far(known, who)
    names, first, counts = np.unique(people, return_index=True, return_counts=True)
    gallery = first[counts > 1]
    probes = np.setdiff1d(np.arange(len(people)), gallery)
    if len(gallery) and np.isin(people[probes], names[counts == 1]).any() and len(gallery) < len(people):
        similarity = vectors[probes] @ vectors[gallery].T
        result = identification(similarity.astype(np.float64), people[probes], people[gallery], fpir=FPIR)
        figures |= {"rank_one": result.rank_one, "tpir_fpir_1e-2": result.true_positive}
    return figures


def _other_people_far(vectors: Vectors, people: Numbers) -> float:
    shuffled = np.random.default_rng(0).permutation(int(people.max()) + 1)
    fold = shuffled[people] % PEOPLE_FOLDS
    rates = []
    for k in range(PEOPLE_FOLDS):
        others = strangers_of(vectors[fold != k], people[fold != k])
        mine = strangers_of(vectors[fold == k], people[fold == k])
        if len(others) and len(mine):
            rates.append(float((mine >= threshold_of(others, FAR)).mean()))
    return float(np.mean(rates)) if rates else 0.0


def _tables(measured: list[Measured], card: Mapping[str, float], details: Mapping[str, Mapping[str, Any]]) -> list[str]:
    heading = ("pairs", "number", "missed", "accuracy", "± std", "misses wrong", "goal", "TAR@1e-2", "TAR@1e-3",
               "held out TAR / FAR", "EER")  # fmt: skip
    rows = []
    for m in measured:
        f, goal = m.figures, GOALS.get(m.name)
        aim = f"{100 * goal:.1f} {'✓' if f['accuracy'] >= goal else '✗'}" if goal else "-"
        percent = [
            100 * f[key] for key in ("accuracy", "accuracy_std", "accuracy_strict", "tar_far_1e-2", "tar_far_1e-3")
        ]
        rows.append(
            (TITLES[m.name], f"{f['pairs']:.0f}", f"{f['pairs_missed']:.0f}", *(f"{p:.2f}" for p in percent[:3]), aim,
             *(f"{p:.2f}" for p in percent[3:]), f"{100 * f['held_out_tar']:.2f} / {100 * f['held_out_far']:.2f}",
             f"{100 * f['eer']:.2f}")
        )  # fmt: skip
    notes = (
        "In per cent. Accuracy: the threshold of each fold comes from the other nine. Missed: pairs with a picture in"
        " which no face was found; their similarity is 0. Misses wrong: accuracy if all of them are counted as wrong."
        " Held out: at the threshold that has FAR 1e-3 on the other nine folds."
    )
    searches = []
    for name, facts in details.items():
        counts = facts["counts"]
        cells = [f"{card[f'{name}_threshold_far_{far}']:.3f}" for far in ("1e-2", "1e-3", "1e-4")]
        low, high = (card[f"{name}_threshold_far_1e-3_{end}"] for end in ("low", "high"))
        rank, tpir = (card.get(f"{name}_{key}") for key in ("rank_one", "tpir_fpir_1e-2"))
        searches.append(
            (name.upper(), str(counts["pictures"]), str(counts["no_face"] + counts["unreadable"]), *cells,
             f"{low:.3f}-{high:.3f}", f"{card[f'{name}_other_people_far']:.1e}",
             "-" if rank is None else f"{100 * rank:.2f}", "-" if tpir is None else f"{100 * tpir:.2f}")
        )  # fmt: skip
    heading_search = ("all strangers", "pictures", "no face", "threshold 1e-2", "1e-3", "1e-4", "95 % of 1e-3",
                      "FAR, other people", "rank 1", "TPIR@FPIR 1e-2")  # fmt: skip
    return [table(heading, rows), notes, table(heading_search, searches)]
