"""Logistic recalibration and calibration error, against rms, scikit-learn and what is known to be true."""

from __future__ import annotations

import json
from math import sqrt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from govern.stats.bootstrap import draws
from govern.stats.calibration import (
    bin_gaps,
    calibration_errors,
    drawn_gaps,
    equal_mass,
    equal_width,
    gap_covariance,
    identified,
    in_the_large,
    logit,
    recalibrate,
    spread,
    total_gaps,
)


@pytest.fixture(scope="module")
def support2(shared_data: Path) -> tuple[pd.DataFrame, dict]:
    table = pd.read_csv(shared_data / "reference" / "support2_predictions.csv.gz")
    return table, json.loads((shared_data / "reference" / "support2.json").read_text())["results"]


def _risks(n: int, seed: int, slope: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Outcomes, and risks whose true calibration slope is ``slope``."""
    rng = np.random.default_rng(seed)
    eta = rng.normal(-1, 1.2, n)
    return (rng.random(n) < 1 / (1 + np.exp(-eta))).astype(np.int8), 1 / (1 + np.exp(-eta / slope))


def _subgroups(results: dict):
    """Yield outcome, model, attribute, group and the published figures of each subgroup."""
    for name, result in results.items():
        for attribute, groups in result.items():
            for group, figures in groups.items() if attribute != "overall" else [(None, groups)]:
                yield *name.split("~"), attribute, group, figures


def _se_as_r(label, design, offset):
    """Standard errors as R's glm reports them: from the weights that its last step started from."""
    mu, before = (label + 0.5) / 2, np.inf
    while True:
        weight = mu * (1 - mu)
        response = np.log(mu / (1 - mu)) - offset + (label - mu) / weight
        information = (design * weight[:, None]).T @ design
        beta = np.linalg.solve(information, (design * weight[:, None]).T @ response)
        mu = 1 / (1 + np.exp(-(offset + design @ beta)))
        deviance = -2 * (label * np.log(mu) + (1 - label) * np.log1p(-mu)).sum()
        if abs(deviance - before) / (deviance + 0.1) < 1e-8:
            return np.sqrt(np.diag(np.linalg.inv(information)))
        before = deviance


def test_slope_and_intercepts_equal_rms(support2):
    table, results = support2
    compared = 0
    for outcome, model, attribute, group, expected in _subgroups(results):
        rows = table[[outcome, model]].notna().all(axis=1) & (table[model] > 0) & (table[model] < 1)
        rows &= group is None or table[attribute] == group
        label, score = table[outcome][rows].to_numpy(np.int8), table[model][rows].to_numpy(float)
        assert len(label) == expected["n_for_calibration_model"]
        both, alone = recalibrate(label, score), in_the_large(label, score)
        assert both.coefficients == pytest.approx(
            [expected["logistic_intercept_joint"], expected["calibration_slope"]], abs=1e-7
        )
        assert alone.coefficients[0] == pytest.approx(expected["calibration_in_the_large"], abs=1e-7)
        x = logit(score)
        ones = np.ones_like(x)
        for ours, theirs, limits in (
            (
                sqrt(both.covariance[1, 1]),
                _se_as_r(label, np.column_stack([ones, x]), 0 * x)[1],
                expected["calibration_slope_wald_ci95"],
            ),
            (
                sqrt(alone.covariance[0, 0]),
                _se_as_r(label, ones[:, None], x)[0],
                expected["calibration_in_the_large_wald_ci95"],
            ),
        ):
            published = (limits[1] - limits[0]) / 2 / 1.959963984540054
            assert ours == pytest.approx(published, rel=2e-4)
            assert theirs == pytest.approx(published, rel=1e-8)  # the whole difference is where R stops
        compared += 1
    assert compared == 28


def test_fit_equals_unpenalised_sklearn():
    from sklearn.linear_model import LogisticRegression

    label, score = _risks(800, 1, slope=0.7)
    other = LogisticRegression(C=np.inf, tol=1e-12, max_iter=1000).fit(logit(score)[:, None], label)
    found = recalibrate(label, score).coefficients
    assert found == pytest.approx([other.intercept_[0], other.coef_[0, 0]], abs=1e-6)


def test_fit_is_the_maximum_even_from_extreme_scores():
    rng = np.random.default_rng(2)
    score = 10.0 ** rng.uniform(-300, -0.5, 400)
    score[::2] = 1 - 10.0 ** rng.uniform(-16, -0.5, 200)
    label = rng.integers(0, 2, 400).astype(np.int8)
    for fit in (recalibrate(label, score), in_the_large(label, score)):
        assert np.isfinite(fit.coefficients).all()
        assert np.isfinite(fit.covariance).all()
    a, b = recalibrate(label, score).coefficients
    residual = label - 1 / (1 + np.exp(-(a + b * logit(score))))
    assert abs(residual.sum()) < 1e-6
    assert abs(residual @ logit(score)) < 1e-4


def test_an_inverted_model_has_a_negative_slope():
    label, score = _risks(2000, 3)
    assert recalibrate(label, 1 - score).coefficients[1] == pytest.approx(-recalibrate(label, score).coefficients[1])


def test_slope_exists_only_where_classes_overlap():
    label = np.array([0, 0, 1, 1], dtype=np.int8)
    assert not identified(label, np.array([0.1, 0.2, 0.3, 0.4]))
    assert not identified(label, np.array([0.4, 0.3, 0.2, 0.1]))
    assert not identified(label, np.array([0.1, 0.2, 0.2, 0.4]))  # separated but for a tie
    assert not identified(label, np.full(4, 0.3))
    assert not identified(np.ones(4, dtype=np.int8), np.array([0.1, 0.2, 0.3, 0.4]))
    assert identified(label, np.array([0.1, 0.3, 0.2, 0.4]))


def test_repeating_rows_of_patients_does_not_shrink_the_error():
    label, score = _risks(300, 4)
    patient = np.arange(300)
    for fit in (recalibrate, in_the_large):
        once = fit(label, score, patient).covariance
        again = fit(np.tile(label, 4), np.tile(score, 4), np.tile(patient, 4)).covariance
        assert again == pytest.approx(once, rel=1e-6)
        assert fit(np.tile(label, 4), np.tile(score, 4)).covariance[0, 0] < once[0, 0] / 3


@pytest.mark.parametrize("fit", [recalibrate, in_the_large])
def test_wald_interval_covers(fit):
    truth = 1.0 if fit is recalibrate else 0.0
    covered = 0
    for seed in range(300):
        found = fit(*_risks(400, 1000 + seed))
        covered += abs(found.coefficients[-1] - truth) <= 1.96 * sqrt(found.covariance[-1, -1])
    assert 0.92 <= covered / 300 <= 0.98


def test_bins_have_equal_mass_and_keep_ties_together():
    score = np.random.default_rng(5).random(1000)
    assert (np.bincount(equal_mass(score, 10)) == 100).all()
    tied = np.array([0.1] * 90 + [0.2] * 5 + [0.9] * 5)
    assert [len(set(equal_mass(tied, 10)[tied == v])) for v in (0.1, 0.2, 0.9)] == [1, 1, 1]
    assert set(equal_mass(np.full(7, 0.5), 10)) == {0}
    # a run of ties goes where its middle lies, which makes the halves 45 and 55 rather than 95 and 5
    assert list(np.bincount(equal_mass(np.repeat([0.1, 0.2, 0.3], [45, 50, 5]), 2))) == [45, 55]
    assert list(equal_mass(np.array([0.3, 0.1, 0.2]), 10)) == [2, 0, 1]


def test_calibration_error_equals_sklearn_and_the_published_equal_width_value(support2):
    from sklearn.calibration import calibration_curve

    label, score = _risks(1000, 6)
    observed, predicted = calibration_curve(label, score, n_bins=10, strategy="quantile")
    gaps = bin_gaps(label, score, equal_mass(score, 10))
    found = calibration_errors(gaps.sum(axis=0)[None], 1000)[0]
    assert found == pytest.approx(np.abs(observed - predicted).mean(), abs=1e-12)

    table, results = support2
    rows = table[["death_60d", "model_60d"]].dropna()
    label, score = rows.death_60d.to_numpy(np.int8), rows.model_60d.to_numpy(float)
    gaps = bin_gaps(label, score, equal_width(score, 10))  # closed above, as R's cut()
    found = calibration_errors(gaps.sum(axis=0)[None], len(label))[0]
    assert found == pytest.approx(results["death_60d~model_60d"]["overall"]["ece10_equal_width"], abs=1e-9)


def test_drawn_gaps_are_what_a_calibrated_model_shows():
    errors, predicted = [], []
    for seed in range(60):
        label, score = _risks(1000, seed)
        gaps = bin_gaps(label, score, equal_mass(score, 10))
        errors.append(calibration_errors(gaps.sum(axis=0)[None], 1000)[0])
        noise = drawn_gaps(np.zeros(10), gap_covariance(gaps, np.ones(1000)), replicates=200, seed=seed)
        predicted.append(calibration_errors(noise, 1000).mean())
    assert np.mean(errors) == pytest.approx(np.mean(predicted), rel=0.08)


def test_drawn_gaps_have_the_spread_of_resampled_patients():
    label, score = _risks(400, 7)
    patient = np.random.default_rng(8).integers(0, 100, 400)
    patient = np.unique(patient, return_inverse=True)[1]
    gaps, rows = bin_gaps(label, score, equal_mass(score, 5), patient), np.bincount(patient).astype(float)
    resampled = np.concatenate([(w @ gaps) / (w @ rows)[:, None] for w in draws(len(rows), replicates=4000, seed=1)])
    drawn = drawn_gaps(gaps.sum(axis=0), gap_covariance(gaps, rows), replicates=4000, seed=2) / 400
    assert drawn.mean(axis=0) == pytest.approx(resampled.mean(axis=0), abs=0.002)
    assert drawn.std(axis=0) == pytest.approx(resampled.std(axis=0), rel=0.08)


def test_hopeless_scores_have_no_error():
    # far apart and contradicted: between the two any intercept fits equally badly
    assert in_the_large(np.array([1, 0], dtype=np.int8), np.array([1e-300, 1 - 1e-16])) is None


def test_patients_who_all_fit_exactly_have_no_error():
    label, patient = np.tile([1, 0], 30).astype(np.int8), np.repeat(np.arange(30), 2)
    assert in_the_large(label, np.full(60, 0.5), patient) is None


def test_weights_are_repeated_rows():
    label, score = _risks(500, 9, slope=0.8)
    weight = np.random.default_rng(10).integers(1, 9, 500)
    rows = np.repeat(label, weight), np.repeat(score, weight)
    for fit in (recalibrate, in_the_large):
        found, expected = fit(label, score, weight=weight), fit(*rows)
        assert found.coefficients == pytest.approx(expected.coefficients, abs=1e-10)
        assert found.covariance == pytest.approx(expected.covariance, rel=1e-10)
    assert list(np.repeat(equal_mass(score, 10, weight), weight)) == list(equal_mass(rows[1], 10))
    bins = equal_mass(score, 10, weight)
    total, covariance = total_gaps(label, score, bins, weight=weight)
    gaps = bin_gaps(*rows, np.repeat(bins, weight))
    assert total == pytest.approx(gaps.sum(axis=0), abs=1e-10)
    assert covariance == pytest.approx(gap_covariance(gaps, np.ones(len(rows[0]))), abs=1e-10)


def test_bins_of_equal_width_are_closed_above():
    assert list(equal_width(np.array([0.0, 0.1, 0.100001, 0.95, 1.0]), 10)) == [0, 0, 1, 9, 9]


def test_fit_far_from_both_starts_is_found():
    label, score = _risks(4000, 11)
    for odd in (score**8, 1 - (1 - score) ** 4, score * 1e-12):
        a, b = recalibrate(label, odd).coefficients
        residual = label - 1 / (1 + np.exp(-(a + b * logit(odd))))
        assert abs(residual.mean()) < 1e-10
        assert abs(residual @ logit(odd)) / 4000 < 1e-9
        shift = in_the_large(label, odd).coefficients[0]
        assert (1 / (1 + np.exp(-(shift + logit(odd))))).mean() == pytest.approx(label.mean(), abs=1e-10)


def test_order_and_a_start_from_few_stretches_change_nothing():
    label, score = _risks(9000, 13, slope=0.8)
    weight = np.random.default_rng(14).integers(1, 5, 9000)
    rising = np.argsort(score)
    for fit in (recalibrate, in_the_large):
        found, expected = fit(label[rising], score[rising], None, weight[rising]), fit(label, score, None, weight)
        assert found.coefficients == pytest.approx(expected.coefficients, abs=1e-11)
        assert found.covariance == pytest.approx(expected.covariance, rel=1e-10)


def test_scores_all_near_zero_have_an_intercept():
    label = np.tile([0, 1], 50).astype(np.int8)
    found = in_the_large(label, np.full(100, 1e-300))
    assert found.coefficients[0] == pytest.approx(-logit(np.array([1e-300]))[0], rel=1e-12)


def test_draws_do_not_hang_on_rounding():
    rng = np.random.default_rng(12)
    factor = rng.normal(size=(20, 3))
    covariance = factor @ factor.T  # rank 3: its eigenvectors of eigenvalue 0 are arbitrary
    rounded = covariance * (1 + 1e-15 * rng.choice([-1, 1], size=(20, 20)))
    rounded = (rounded + rounded.T) / 2
    one, other = (drawn_gaps(np.zeros(20), c, replicates=200, seed=1) for c in (covariance, rounded))
    assert one == pytest.approx(other, abs=1e-6)
    assert np.cov(drawn_gaps(np.zeros(20), covariance, replicates=40_000, seed=2).T) == pytest.approx(
        covariance, abs=0.06 * np.abs(covariance).max()
    )


def test_interval_of_a_distance():
    def found(estimate, gap, covariance, replicates):
        noise = drawn_gaps(np.zeros(2), covariance, replicates=replicates, seed=1)
        return spread(estimate, np.abs(np.array(gap) + noise).max(axis=1), np.abs(noise).max(axis=1))

    covariance = np.diag([1e-4, 1e-4])
    wide = found(0.3, [0.3, -0.2], covariance, 20_000)
    assert (wide.lower, wide.upper) == pytest.approx((0.3 - 0.0196, 0.3 + 0.0196), abs=1e-3)
    assert wide.expected == pytest.approx(0.01 * 2 / np.sqrt(np.pi), rel=0.02)  # of two normals, the larger modulus
    within = found(0.01, [0.01, 0.0], covariance, 1000)
    assert (within.lower, within.upper > within.limit > 0.01) == (0.0, True)
    assert found(0.3, [0.3, -0.2], np.zeros((2, 2)), 10) is None
