"""How well similarities tell the same person from another: pure functions of scores, no pictures and no networks.

Convention: ``similarity`` (N,) is higher for pairs more alike; ``same`` (N,) is True where both are one person; a pair
is accepted when its similarity is at or above the threshold. TAR is the share of the same pairs that is accepted, FAR
the share of the others. All rates are 0..1. Definitions after ISO/IEC 19795-1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float64]
Flags = NDArray[np.bool_]
Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Roc:
    """thresholds (T,) descending from infinity; tar and far (T,) at each, both growing from 0 to 1."""

    thresholds: Scores
    tar: Scores
    far: Scores


class Threshold(NamedTuple):
    """A threshold with the interval (95 %) in which it would lie with other pairs of the same kind."""

    value: float
    low: float
    high: float


class HeldOut(NamedTuple):
    """What thresholds chosen on the other folds do on each fold (K,)."""

    thresholds: Scores
    tar: Scores
    far: Scores


class Identification(NamedTuple):
    """rank_one: share of the known probes whose nearest is themselves, at any similarity. true_positive: share of the
    known probes that are named rightly at or above the threshold. false_positive (FPIR): share of the unknown probes
    that are given any name.
    """

    rank_one: float
    threshold: float
    true_positive: float
    false_positive: float


def roc(similarity: Scores, same: Flags) -> Roc:
    """The curve over all thresholds that change anything. Raises ValueError unless there are pairs of both kinds.

    >>> curve = roc(np.array([0.9, 0.4, 0.6, 0.1]), np.array([True, True, False, False]))
    >>> curve.tar.tolist(), curve.far.tolist()
    ([0.0, 0.5, 0.5, 1.0, 1.0], [0.0, 0.0, 0.5, 0.5, 1.0])
    """
    similarity, same = _checked(similarity, same)
    order = np.argsort(-similarity, kind="stable")
    ranked, hits = similarity[order], same[order]
    last = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)  # of each run of equal scores
    tar = np.cumsum(hits)[last] / hits.sum()
    far = np.cumsum(~hits)[last] / (~hits).sum()
    zero = np.zeros(1)
    return Roc(np.append(np.inf, ranked[last]), np.append(zero, tar), np.append(zero, far))


def tar_at_far(similarity: Scores, same: Flags, far: float) -> tuple[float, float]:
    """The highest TAR whose FAR is at most ``far``, and the threshold that gives it.

    >>> tar_at_far(np.array([0.9, 0.4, 0.6, 0.1]), np.array([True, True, False, False]), 0.5)
    (1.0, 0.4)
    """
    curve = roc(similarity, same)
    place = int(np.searchsorted(curve.far, far + 1e-12, side="right")) - 1
    # Of the thresholds that accept the same pairs of one person, the strictest.
    place = int(np.searchsorted(curve.tar, curve.tar[place], side="left"))
    return float(curve.tar[place]), float(curve.thresholds[place])


def equal_error_rate(similarity: Scores, same: Flags) -> float:
    """Where as many strangers are accepted as same persons are refused; linear between two thresholds.

    >>> equal_error_rate(np.array([0.9, 0.4, 0.6, 0.1]), np.array([True, True, False, False]))
    0.5
    """
    curve = roc(similarity, same)
    gap = curve.far - (1 - curve.tar)  # grows from -1 to 1
    after = int(np.argmax(gap >= 0))
    before = after - 1
    share = -gap[before] / (gap[after] - gap[before])
    return float(curve.far[before] + share * (curve.far[after] - curve.far[before]))


def best_threshold(similarity: Scores, same: Flags) -> float:
    """The threshold with the highest accuracy, half-way between two scores; of equally good ones the middle one.

    >>> best_threshold(np.array([0.9, 0.6, 0.3, 0.1]), np.array([True, True, False, False]))
    0.45
    """
    similarity, same = _checked(similarity, same)
    values, places = np.unique(similarity, return_inverse=True)
    good = np.bincount(places, weights=same, minlength=len(values))
    bad = np.bincount(places, weights=~same, minlength=len(values))
    # Right at the cut before value k: the same pairs from k on, and the others below it.
    right = good.sum() - np.append(0, np.cumsum(good)) + np.append(0, np.cumsum(bad))
    cuts = np.concatenate([[values[0] - 1e-6], (values[1:] + values[:-1]) / 2, [values[-1] + 1e-6]])
    best = np.flatnonzero(right == right.max())
    return float(round(cuts[best[(len(best) - 1) // 2]], 12))


def k_fold_accuracy(similarity: Scores, same: Flags, fold: Numbers) -> tuple[Scores, Scores]:
    """Accuracy on each fold (K,) at the best threshold of the other folds, and those thresholds (K,).

    The protocol of LFW (Huang et al. 2007, view 2) and CFP (Sengupta et al. 2016). Raises ValueError for one fold.
    """
    similarity, same = _checked(similarity, same)
    folds = np.unique(fold)
    if len(folds) < 2:
        raise ValueError("k-fold: at least two folds are needed, so that a threshold is not judged where it was chosen")
    thresholds = np.array([best_threshold(similarity[fold != k], same[fold != k]) for k in folds])
    accuracy = [
        ((similarity[fold == k] >= threshold) == same[fold == k]).mean()
        for k, threshold in zip(folds, thresholds, strict=True)
    ]
    return np.array(accuracy), thresholds


def k_fold_far(similarity: Scores, same: Flags, fold: Numbers, far: float) -> HeldOut:
    """TAR and FAR on each fold at the threshold that has this FAR on the other folds."""
    similarity, same = _checked(similarity, same)
    rows = []
    for k in np.unique(fold):
        threshold = threshold_of(similarity[(fold != k) & ~same], far)
        accepted, mine = similarity >= threshold, fold == k
        rows.append((threshold, accepted[mine & same].mean(), accepted[mine & ~same].mean()))
    return HeldOut(*np.array(rows).T)


def threshold_of(strangers: Scores, far: float) -> float:
    """The lowest threshold at which at most this share of the strangers' similarities (N,) is accepted.

    It lies half-way between the last stranger accepted and the next one refused: it does not depend on any pair of one
    person. With too few strangers for this FAR it lies just above the most alike of them.

    >>> threshold_of(np.array([0.1, 0.2, 0.3, 0.4]), 0.25)
    0.35
    """
    strangers = np.asarray(strangers, np.float64)
    total = len(strangers)
    if not total:
        raise ValueError("threshold: no pairs of strangers")
    accepted = int(np.floor(far * total + 1e-9))
    if accepted >= total:
        return float(strangers.min())
    # Only the most alike need to be in order: there may be millions of others.
    ranked = np.sort(np.partition(strangers, total - accepted - 1)[total - accepted - 1 :])[::-1]
    while accepted > 0 and ranked[accepted - 1] == ranked[accepted]:
        accepted -= 1  # equal ones are accepted or refused together
    if accepted == 0:
        return float(np.nextafter(ranked[0], np.inf))
    return float(round((ranked[accepted - 1] + ranked[accepted]) / 2, 12))


def threshold_at_far(strangers: Scores, far: float, *, rounds: int = 500, seed: int = 0) -> Threshold:
    """``threshold_of`` with a bootstrap interval of 95 % (Efron 1979): the strangers are drawn again ``rounds`` times.

    Only the most alike strangers matter, so only they are drawn: how many of them a sample holds is binomial.
    """
    strangers = np.sort(np.asarray(strangers, np.float64))[::-1]
    value = threshold_of(strangers, far)
    total = len(strangers)
    top = strangers[: min(total, int(4 * far * total) + 50)]
    rng = np.random.default_rng(seed)
    drawn = []
    for _ in range(rounds):
        held = np.sort(rng.choice(top, max(1, int(rng.binomial(total, len(top) / total)))))[::-1]
        drawn.append(held[min(int(far * total), len(held) - 1)])
    low, high = np.percentile(drawn, (2.5, 97.5))
    return Threshold(value, float(min(low, value)), float(max(high, value)))


def identification(similarity: Scores, probes: Numbers, gallery: Numbers, *, fpir: float) -> Identification:
    """Search of probes (P,) in a gallery (G,) by their similarities (P, G); numbers name people.

    A probe whose person is not in the gallery is unknown and should be given no name. The threshold is the one at which
    at most the share ``fpir`` of the unknown probes is named (open-set identification, ISO/IEC 19795-1). Raises
    ValueError unless there are known and unknown probes.
    """
    similarity = np.asarray(similarity, np.float64)
    if similarity.shape != (len(probes), len(gallery)):
        raise ValueError(f"similarity: expected ({len(probes)}, {len(gallery)}), got {similarity.shape}")
    known = np.isin(probes, gallery)
    if known.all() or not known.any():
        raise ValueError("identification: probes of known and of unknown people are needed")
    best = similarity.max(axis=1)
    right = gallery[similarity.argmax(axis=1)] == probes
    threshold = threshold_of(best[~known], fpir)
    named = best >= threshold
    return Identification(
        float(right[known].mean()), threshold, float((right & named)[known].mean()), float(named[~known].mean())
    )


def strangers_of(vectors: NDArray[np.float32], people: Numbers) -> Scores:
    """The similarities of all pairs of pictures (N, D) of different people (N,), as one array."""
    parts = []
    for row in range(0, len(vectors), 512):
        block = vectors[row : row + 512] @ vectors[row:].T
        later = np.arange(block.shape[1]) > np.arange(block.shape[0])[:, None]
        different = people[row : row + 512, None] != people[None, row:]
        parts.append(block[later & different])
    return np.concatenate(parts).astype(np.float64) if parts else np.zeros(0)


def unlike_pairs(vectors: Sequence[NDArray[np.float32]], limit: float = 0.6) -> tuple[NDArray[np.bool_], int]:
    """Which pairs of N pictures of unnamed people may pass for strangers: a mask (N, N) of pairs above the diagonal.

    vectors: of the same pictures (N, D) by one recogniser or several. Collections without names hold some people twice;
    a pair that every recogniser puts above the limit is taken for one person and left out. Also returns how many were.
    """
    total = len(vectors[0])
    alike = np.ones((total, total), np.bool_)
    for rows in vectors:
        alike &= rows @ rows.T > limit
    above = np.triu(np.ones((total, total), np.bool_), 1)
    return above & ~alike, int((above & alike).sum())


def _checked(similarity: Scores, same: Flags) -> tuple[Scores, Flags]:
    similarity, same = np.asarray(similarity, np.float64), np.asarray(same, np.bool_)
    if similarity.shape != same.shape or similarity.ndim != 1:
        raise ValueError(f"similarity and same: expected two (N,), got {similarity.shape} and {same.shape}")
    if not np.isfinite(similarity).all():
        raise ValueError("similarity: every pair needs a number")
    if same.all() or not same.any():
        raise ValueError("pairs of one person and pairs of two are needed")
    return similarity, same
