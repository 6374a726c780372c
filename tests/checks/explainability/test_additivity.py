from __future__ import annotations

import numpy as np
import pandas as pd

from govern.checks.explainability._attributions import ShapAttributions
from govern.checks.explainability.additivity import additivity


def frames(seed=0):
    rng = np.random.default_rng(seed)
    return [pd.DataFrame(rng.random((n, 4))).rename(columns=str) for n in (120, 60)]


def test_a_sound_model_adds_up(support2):
    found = additivity(support2()[0], 1)
    assert found.estimate == found.lower == found.upper
    assert found.estimate < 1e-9
    assert found.n == 200


def test_a_model_that_answers_differently_each_time_is_found():
    rng = np.random.default_rng(1)
    noisy = ShapAttributions(lambda f: f.mean(axis=1).to_numpy() + rng.normal(0, 0.05, len(f)), *frames())
    assert additivity(noisy, 1, rows=50, background=20).estimate > 0.02


def test_a_model_that_looks_at_the_other_rows_of_a_batch_is_found():
    def standardised(frame):
        x = frame["0"].to_numpy()
        return 1 / (1 + np.exp(-(x - x.mean()) / x.std()))

    assert additivity(ShapAttributions(standardised, *frames()), 1, rows=50, background=20).estimate > 0.005
