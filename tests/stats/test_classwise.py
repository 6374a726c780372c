"""The gaps of several classes are those of each class against the rest, and their covariance that of all together."""

from __future__ import annotations

import numpy as np
import pytest

from govern.stats.calibration import bin_gaps, equal_mass, gap_covariance
from govern.stats.classwise import classwise_gaps


def _cohort(n: int, seed: int, k: int = 3) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    chances = rng.dirichlet(np.ones(k), size=n)
    return np.array([rng.choice(k, p=p) for p in chances]), chances


@pytest.mark.parametrize("clustered", [False, True])
def test_each_class_is_the_binary_one_against_the_rest(clustered):
    true, chances = _cohort(200, 1)
    patient = np.random.default_rng(2).permutation(np.arange(200) % 60) if clustered else None
    rows = np.bincount(np.arange(200) if patient is None else patient).astype(float)
    found = classwise_gaps(true, chances, 5, patient)
    columns = []
    for c in range(3):
        label = (true == c).astype(np.int8)
        gaps = bin_gaps(label, chances[:, c], equal_mass(chances[:, c], 5), patient)
        columns.append(gaps)
        assert found.total[found.class_of == c] == pytest.approx(gaps.sum(axis=0), abs=1e-12)
    assert found.covariance == pytest.approx(gap_covariance(np.hstack(columns), rows), abs=1e-10)


def test_gaps_of_a_row_over_all_classes_add_up_to_nothing():
    found = classwise_gaps(*_cohort(150, 3), 10)
    assert found.total.sum() == pytest.approx(0, abs=1e-12)
    assert found.covariance.sum() == pytest.approx(0, abs=1e-10)
