from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from govern.checks.explainability.protected_share import protected_share
from govern.errors import PolicyError


def test_shares_of_a_linear_model_are_those_of_its_weights(linear):
    attributions, test = linear([0.3, 0.1, 0.1], n=4000)
    found = protected_share(attributions, test, 1, protected=["x1", "x2"], rows=1000, background=500)
    assert found.estimate == pytest.approx(0.4, abs=0.02)
    assert found.lower < 0.4 < found.upper
    size = np.abs(attributions.draw(rows=1000, background=500, seed=1).values).mean(axis=0)
    assert found.estimate == pytest.approx(size[1:].sum() / size.sum(), abs=1e-12)


def test_the_interval_covers(linear):
    hits = 0
    for seed in range(40):
        found = protected_share(*linear([0.3, 0.1, 0.1], n=2000), seed, protected=["x1"], rows=60, background=200)
        hits += found.lower < 0.2 < found.upper
    assert hits >= 33


def test_a_column_that_is_no_input_holds_nothing_and_is_said(explained):
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(rng.random((100, 2)), columns=["a", "b"])
    attributions, _ = explained(lambda f: f["a"].to_numpy(), frame, frame)
    from govern.scan.local import dataset

    test = dataset(frame.assign(race=rng.choice(["x", "y"], 100)), features=["a", "b"])
    found = protected_share(attributions, test, 1, protected=["race"])
    assert (found.estimate, found.lower, found.upper) == (0, 0, 0)
    assert "not an input of the model" in found.message
    assert found.details["absent"] == ["race"]
    assert protected_share(attributions, test, 1, protected=["race", "a"]).estimate == 1
    for names in ([], ["rase"]):
        with pytest.raises(PolicyError, match="no column"):
            protected_share(attributions, test, 1, protected=names)


def test_nothing_to_attribute_or_too_few_is_never_a_pass(linear):
    constant = protected_share(*linear([0.0, 0.0]), 1, protected=["x0"])
    assert (constant.estimate, constant.sufficient) == (None, False)
    assert not protected_share(*linear([0.1, 0.2], n=10), 1, protected=["x0"]).sufficient
