from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import pearsonr, spearmanr

from govern.checks.explainability.subgroup_agreement import subgroup_agreement
from govern.errors import InputError
from govern.scan.scores import groups


@pytest.fixture(scope="module")
def frames():
    rng = np.random.default_rng(5)
    rows, background = (pd.DataFrame(rng.normal(size=(n, 5)), columns=list("abcde")) for n in (600, 100))
    for frame in (rows, background):
        frame["site"] = rng.choice([0.0, 1.0], len(frame), p=[0.7, 0.3])
    return rows, background


def same(frame):
    return (1 / (1 + np.exp(-(frame[list("abcde")].to_numpy() @ [1.2, 0.8, 0.4, 0.2, 0.1])))).astype(float)


def other(frame):
    """At site 1 the inputs count in the reverse order."""
    x, weights = frame[list("abcde")].to_numpy(), np.array([1.2, 0.8, 0.4, 0.2, 0.1])
    return 1 / (1 + np.exp(-np.where(frame["site"] == 1, x @ weights[::-1], x @ weights)))


def test_the_estimate_is_scipys_correlation_of_the_two_profiles(explained, frames):
    attributions, test = explained(same, *frames)
    site = groups("site", frames[0]["site"])
    found = subgroup_agreement(attributions, test, site, 2, rows=300)
    draw = attributions.draw(rows=300, background=25, seed=2)
    size, inside = np.abs(draw.values), site.codes[draw.places] == 1
    profiles = size[inside].mean(axis=0), size[~inside].mean(axis=0)
    assert [m.slice for m in found] == [{"site": "0.0"}, {"site": "1.0"}]
    assert found[1].estimate == pytest.approx(pearsonr(*profiles).statistic, abs=1e-12)
    assert found[1].details["rank_correlation"] == pytest.approx(spearmanr(*profiles).statistic, abs=1e-12)
    assert found[1].n == inside.sum()
    assert found[1].support == min(inside.sum(), (~inside).sum())
    assert all(m.lower <= m.estimate <= m.upper for m in found)


def test_a_group_that_is_judged_by_other_inputs_is_found_and_a_like_one_is_not(explained, frames):
    site = groups("site", frames[0]["site"])
    alike = subgroup_agreement(*explained(same, *frames), site, 2)
    assert all(m.lower > 0.8 for m in alike)
    # One half of the background is of the other site, so the profiles differ less than the models do.
    different = subgroup_agreement(*explained(other, *frames), site, 2)
    assert all(m.upper < 0.7 and m.estimate < m.details["chance_limit"] for m in different)


def test_small_groups_and_one_group_alone_are_never_a_pass(explained, frames):
    made = explained(same, *frames)
    tiny = groups("tiny", np.where(np.arange(600) < 20, "few", "many"))
    assert not any(m.sufficient for m in subgroup_agreement(*made, tiny, 2))
    alone = subgroup_agreement(*made, groups("all", ["x"] * 600), 2)
    assert [m.estimate for m in alone] == [None]
    constant = subgroup_agreement(
        *explained(lambda f: np.full(len(f), 0.3), *frames), groups("s", frames[0]["site"]), 2
    )
    assert [(m.estimate, m.sufficient) for m in constant] == [(None, False)] * 2


def test_support_counts_patients_and_groups_of_other_rows_are_refused(explained, frames):
    site = groups("site", frames[0]["site"])
    found = subgroup_agreement(*explained(same, *frames, who=np.arange(600) // 30), site, 2)
    assert max(m.support for m in found) <= 20
    with pytest.raises(InputError, match="not those of 600"):
        subgroup_agreement(*explained(same, *frames), groups("site", frames[0]["site"][:500]), 2)
