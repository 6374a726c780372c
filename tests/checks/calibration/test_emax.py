"""``calibration.emax``: the end of the curve that is wrong is found, and noise at the ends is not taken for it."""

from __future__ import annotations

import numpy as np
import pytest

from govern.checks.calibration.emax import emax
from govern.checks.calibration.ici import ici
from govern.scan.scores import Scores


def test_is_the_largest_distance_of_the_same_curve(cohort):
    rows = cohort(2000, 1, stretch=1.5)
    found, mean = emax(rows, 1), ici(rows, 1)
    assert found.estimate == mean.details["emax"] > mean.details["e90"] > mean.estimate
    gaps = {p["predicted"]: abs(p["observed"] - p["predicted"]) for p in mean.details["curve"]}
    assert gaps[found.details["at"]] == max(gaps.values()) == pytest.approx(found.estimate, abs=1e-12)


def test_an_error_of_few_is_found():
    rng = np.random.default_rng(2)
    score = np.concatenate([rng.uniform(0.01, 0.3, 9500), rng.uniform(0.5, 0.9, 500)])
    risk = np.where(score > 0.4, score / 2, score)
    rows = Scores(label=(rng.random(10_000) < risk).astype(np.int8), score=score)
    found = emax(rows, 1)
    assert found.lower > 0.15
    assert found.details["at"] > 0.4
    assert ici(rows, 1).estimate < 0.06


def test_noise_alone_is_far_larger_than_in_the_mean(cohort):
    rows = cohort(500, 3)
    at_worst, on_average = (m.details["expected_if_calibrated"] for m in (emax(rows, 1), ici(rows, 1)))
    assert at_worst > 2 * on_average
