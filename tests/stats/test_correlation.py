from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import pearsonr, spearmanr

from govern.stats.correlation import pearson, spearman, weighted_spearman

small = st.integers(0, 4)


def test_rows_against_scipy():
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 6, (2, 30, 12)).astype(float)
    np.testing.assert_allclose(pearson(a, b), [pearsonr(x, y).statistic for x, y in zip(a, b, strict=True)], atol=1e-12)
    np.testing.assert_allclose(
        spearman(a, b), [spearmanr(x, y).statistic for x, y in zip(a, b, strict=True)], atol=1e-12
    )
    assert pearson(np.ones((1, 4)), a[:1, :4]).tolist() == [0]


@given(st.lists(st.tuples(small, small, st.integers(0, 3)), min_size=3, max_size=25))
def test_weights_are_repeated_rows(rows):
    x, y, w = np.array(rows).T
    repeated = np.repeat(x, w), np.repeat(y, w)
    if w.sum() == 0:
        return
    found = weighted_spearman(x.astype(float), y.astype(float), w[None].astype(float))[0]
    if any(len(set(v.tolist())) < 2 for v in repeated):
        assert np.isnan(found)
    else:
        assert found == pytest.approx(spearmanr(*repeated).statistic, abs=1e-10)
