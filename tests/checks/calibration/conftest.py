"""Cohorts whose true calibration is known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from govern.scan.scores import Scores


@pytest.fixture
def cohort() -> Callable[..., Scores]:
    """Return a maker of ``n`` rows by ``seed``: risks too extreme by ``stretch``, off by ``shift`` log odds."""

    def make(n: int, seed: int, *, stretch: float = 1.0, shift: float = 0.0) -> Scores:
        rng = np.random.default_rng(seed)
        eta = rng.normal(-1, 1.2, n)
        label = (rng.random(n) < 1 / (1 + np.exp(-eta))).astype(np.int8)
        return Scores(label=label, score=1 / (1 + np.exp(-(eta * stretch + shift))))

    return make
