"""Harrell's C and its variance against R's ``survival``, lifelines, scikit-survival and all pairs written out.

``lung.csv`` is the advanced lung cancer data of the North Central Cancer Treatment Group (Loprinzi et al., J Clin Oncol
1994;12:601), as R's package ``survival`` has it: institution, days, death, age in years, ECOG score.
"""

from __future__ import annotations

from pathlib import Path
from time import process_time

import numpy as np
import pandas as pd
import pytest

from govern.stats.clusters import totals
from govern.stats.concordance import harrell


@pytest.fixture(scope="module")
def lung() -> pd.DataFrame:
    return pd.read_csv(Path(__file__).parent / "lung.csv")


def _measured(rows: pd.DataFrame, risk: str):
    return harrell(rows["time"].to_numpy(float), rows["status"].to_numpy(np.int8), rows[risk].to_numpy(float))


def _variance(influence, patient=None) -> float:
    """Return the infinitesimal jackknife's variance as R has it: without the factor k/(k-1)."""
    each = totals(influence, patient)
    return float(each @ each) / len(influence) ** 2


def _pairs(time, event, risk):
    """All pairs, one by one: concordant, discordant, tied, and the influence of each row."""
    n = len(time)
    count = {1.0: 0, 0.5: 0, 0.0: 0}
    right, comparable = np.zeros(n), np.zeros(n)
    for i in range(n):
        for j in range(n):
            if event[i] and (time[i] < time[j] or (time[i] == time[j] and not event[j])):
                won = 1.0 if risk[i] > risk[j] else 0.5 if risk[i] == risk[j] else 0.0
                count[won] += 1
                right[[i, j]] += won
                comparable[[i, j]] += 1
    pairs = sum(count.values())
    if not pairs:
        return None
    c = (count[1.0] + count[0.5] / 2) / pairs
    return count[1.0], count[0.0], count[0.5], n * (right - c * comparable) / pairs


def test_age_in_lung_cancer_equals_r_lifelines_and_scikit_survival(lung):
    found = _measured(lung, "age")
    # R survival 3.8-12: concordance(coxph(Surv(time, status) ~ age, lung)): count 10717 8706 591, concordance, var
    assert (found.concordant, found.discordant, found.tied_risk) == (10717, 8706, 591)
    assert found.estimate == pytest.approx(0.550239832117518, abs=1e-14)
    assert _variance(found.influence) == pytest.approx(0.000632125775421889, rel=1e-12)
    # lifelines 0.30.3 concordance_index and scikit-survival 0.28.0 concordance_index_censored
    assert found.estimate == pytest.approx(0.5502398321175177, abs=1e-15)


def test_clustered_by_institution_equals_r(lung):
    rows = lung.dropna(subset=["inst"])
    found = _measured(rows, "age")
    _, institution = np.unique(rows["inst"], return_inverse=True)
    # R survival 3.8-12: concordance(Surv(time, status) ~ age, lung, cluster = inst, influence = 1), reversed
    assert found.estimate == pytest.approx(0.550741450620397, abs=1e-14)
    assert _variance(found.influence, institution) == pytest.approx(0.000624000670706835, rel=1e-12)
    dfbeta = totals(found.influence, institution) / len(rows)
    assert -dfbeta[:3] == pytest.approx([-0.01685417698691620, 0.00473614290794148, -0.00456802793198232], rel=1e-12)


def test_a_score_with_many_ties_equals_lifelines_and_scikit_survival(lung):
    found = _measured(lung.dropna(subset=["ph.ecog"]), "ph.ecog")
    assert found.estimate == pytest.approx(0.604462525900844, abs=1e-14)  # lifelines 0.30.3, scikit-survival 0.28.0
    # the same counts stand in the tests of R's survival
    assert (found.concordant, found.discordant, found.tied_risk) == (8392, 4258, 7137)


def test_lots_of_ties_equal_r():
    time, event = np.array([1.0, 2, 2, 2, 3, 4, 4, 4, 5, 2]), np.array([1, 0, 1, 0, 1, 0, 1, 1, 0, 1], dtype=np.int8)
    found = harrell(time, event, np.array([5.0, 5, 4, 4, 3, 3, 7, 6, 5, 4]))
    # tests of R's survival ("Lots of ties"): 13 13 5
    assert (found.concordant, found.discordant, found.tied_risk) == (13, 13, 5)


def test_equals_all_pairs_written_out():
    rng = np.random.default_rng(1)
    undefined = 0
    for _ in range(200):
        n = int(rng.integers(1, 25))
        time, risk = rng.integers(1, 8, n).astype(float), rng.integers(0, 6, n).astype(float)
        event = rng.integers(0, 2, n).astype(np.int8)
        found, expected = harrell(time, event, risk), _pairs(time, event, risk)
        if expected is None:
            undefined += 1
            assert found is None
            continue
        assert (found.concordant, found.discordant, found.tied_risk) == expected[:3]
        assert found.influence == pytest.approx(expected[3], abs=1e-12)
    assert undefined > 0


def test_order_scale_and_direction_are_all_that_matter():
    rng = np.random.default_rng(2)
    time, risk = rng.exponential(size=300), rng.normal(size=300)
    event = (rng.random(300) < 0.5).astype(np.int8)
    once, shuffled = harrell(time, event, risk), rng.permutation(300)
    assert harrell(time**3, event, np.exp(risk)).estimate == once.estimate
    again = harrell(time[shuffled], event[shuffled], risk[shuffled])
    assert again.influence == pytest.approx(once.influence[shuffled], abs=1e-12)
    assert harrell(time, event, -risk).estimate == pytest.approx(1 - once.estimate, abs=1e-15)
    assert once.influence.mean() == pytest.approx(0, abs=1e-12)


def test_cost_grows_with_n_log_n():
    rng = np.random.default_rng(3)
    spent = []
    for n in (20_000, 80_000):
        time, risk = rng.exponential(size=n), rng.normal(size=n)
        event = (rng.random(n) < 0.5).astype(np.int8)
        start = process_time()
        harrell(time, event, risk)
        spent.append(process_time() - start)
    assert spent[1] < 10 * max(spent[0], 0.01)  # 16 if it were quadratic
