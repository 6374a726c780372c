"""``performance.concordance`` against R, lifelines and scikit-survival, on real patients and under simulation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.datasets
from scipy.stats import t as student_t

from govern.checks.performance.auroc import auroc
from govern.checks.performance.concordance import concordance
from govern.scan.outcomes import Survival
from govern.scan.scores import Scores
from govern.scan.validate import survival


def _survival(time, event, risk, patient=None) -> Survival:
    return Survival(
        time=np.asarray(time, dtype=float),
        event=np.asarray(event, dtype=np.int8),
        risk=np.asarray(risk, dtype=float),
        patient=patient,
    )


def _cohort(n: int, seed: int) -> Survival:
    """A proportional-hazards cohort of which about half are censored; its C does not depend on the censoring."""
    rng = np.random.default_rng(seed)
    risk = rng.normal(size=n)
    time, censored = rng.exponential(size=n) * np.exp(-risk), rng.exponential(size=n)
    return _survival(np.minimum(time, censored), time <= censored, risk)


def test_lung_cancer_equals_r_to_its_limits(repository: Path):
    table = pd.read_csv(repository / "tests" / "stats" / "lung.csv")
    found = concordance(survival(table["time"], table["status"], table["age"]))
    assert (found.n, found.events, found.support) == (228, 165, 165)
    assert found.estimate == pytest.approx(0.550239832117518, abs=1e-12)  # R survival 3.8-12, lifelines 0.30.3
    assert found.details == {"concordant": 10717, "discordant": 8706, "tied_risk": 591}
    c, variance = 0.550239832117518, 0.000632125775421889  # R's concordance() and its var
    half = student_t.ppf(0.975, 227) * np.sqrt(variance * 228 / 227) / (c * (1 - c))
    assert found.lower == pytest.approx(1 / (1 + np.exp(half - np.log(c / (1 - c)))), abs=1e-12)
    assert found.upper == pytest.approx(1 / (1 + np.exp(-half - np.log(c / (1 - c)))), abs=1e-12)


def test_heart_transplants_equal_lifelines_and_scikit_survival():
    heart = statsmodels.datasets.heart.load_pandas().data  # Miller 1976, 69 patients
    found = concordance(survival(heart["survival"], heart["censors"], heart["age"]))
    assert found.estimate == pytest.approx(0.6092206366630076, abs=1e-14)  # lifelines 0.30.3, scikit-survival 0.28.0
    assert found.details == {"concordant": 1107, "discordant": 709, "tied_risk": 6}


@pytest.mark.parametrize("n", [40, 200])
def test_interval_covers(n):
    true = concordance(_cohort(300_000, 0)).estimate
    found = [concordance(_cohort(n, seed)) for seed in range(1, 501)]
    assert 0.92 <= np.mean([m.lower <= true <= m.upper for m in found]) <= 0.98


def test_two_times_without_censoring_are_the_auroc_with_delongs_error():
    rng = np.random.default_rng(3)
    label = (rng.random(400) < 0.3).astype(np.int8)
    score = 1 / (1 + np.exp(-(label + rng.normal(size=400))))
    # who has the event has it on day 1; everybody else is seen without it on day 2
    found = concordance(_survival(np.where(label == 1, 1, 2), label, score))
    binary = auroc(Scores(label=label, score=score))
    assert found.estimate == pytest.approx(binary.estimate, abs=1e-14)
    # DeLong divides by m-1 and n-1 where the jackknife has 1/m and 1/n, and the quantile is t's: 1 % apart
    assert (found.lower, found.upper) == pytest.approx(
        (binary.lower, binary.upper), abs=0.02 * (binary.upper - binary.lower)
    )


def test_repeating_rows_of_patients_changes_nothing():
    cohort = _cohort(120, 2)
    once = concordance(cohort)
    arrays = (np.tile(a, 4) for a in (cohort.time, cohort.event, cohort.risk))
    again = concordance(_survival(*arrays, np.tile(np.arange(120), 4)))
    # copies of an event are not compared with each other, so every pair counts 16 times
    assert (again.estimate, again.lower, again.upper) == pytest.approx((once.estimate, once.lower, once.upper))
    assert again.support == once.support
    assert "patient" in again.method


def test_perfect_order_is_suspicious_and_settles_nothing():
    for risk, estimate in (([3, 2, 1], 1.0), ([1, 2, 3], 0.0)):
        found = concordance(_survival([1, 2, 3], [1, 1, 1], risk))
        assert (found.estimate, found.lower, found.upper, found.sufficient) == (estimate, None, None, False)
        assert "leaks" in found.message


def test_one_score_for_everybody_settles_nothing():
    found = concordance(_survival([1, 2, 3, 4], [1, 0, 1, 1], [1, 1, 1, 1]))
    assert (found.estimate, found.lower, found.sufficient) == (0.5, None, False)
    assert found.message


@pytest.mark.parametrize(("time", "event"), [([], []), ([1, 2], [0, 0]), ([1, 2], [0, 1]), ([2, 2, 2], [1, 1, 1])])
def test_without_pairs_there_is_no_estimate(time, event):
    found = concordance(_survival(time, event, np.arange(len(time))))
    assert (found.estimate, found.lower, found.sufficient) == (None, None, False)
    assert "no pair" in found.message
