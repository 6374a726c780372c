"""Check ``drift.missingness``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govern.types import Measurement

if TYPE_CHECKING:
    from govern.scan.dataset import Data


def missingness(test: Data, reference: Data, *, chance: float = 0.1) -> Measurement:
    """Largest change in how often one of the model's inputs, or a group, is missing.

    Why: Whether a test is ordered is itself a sign of illness and of how a hospital works. A model that has learned
        from it meets another hospital with other gaps, and no distance between the values that are there shows it.
        Where the group of many patients is not known, nobody sees for whom the model fails.
    How: For each input, and each group column that both datasets have, the share of rows without a value in the test
        dataset less that in the reference dataset, as an absolute difference (0 to 1); the sign is in the details. The
        estimate is that of the worst column. Newcombe's 95 % interval of a difference of proportions (method 10); over
        columns the upper bound is the largest and the lower bound the largest after Bonferroni's correction. Where
        patients repeat, n and m are Kish's effective sizes.
    Limits: A code that stands for missing (-9, 999, "unknown") counts as a value: see `data.coding_consistency`
        and `data.plausible_values`. A group column that one dataset lacks is named and not compared.
        Inconclusive if identical populations would show a change above `chance` in 1 of 20 windows of this size.
    Fix: Find out whether a field was renamed, a test is no longer ordered or a join fails; validate on patients with
        and without the value.
    See: Newcombe RG. Stat Med 17:873, 1998; Sterne JAC et al. BMJ 338:b2393, 2009.
    """
    from govern.checks.data._groups import shared_groups
    from govern.checks.drift._features import rows, shared_features
    from govern.checks.drift._worst import Compared, worst
    from govern.stats.distances import proportions

    features = shared_features(test, reference)
    groups, lacking = shared_groups(test, reference)
    n, m = rows(test), rows(reference)
    method = "absolute difference of proportions, Newcombe"
    if not features:
        return Measurement.unknown(
            n=test.rows, method=method, message="no model features are declared, so none was compared"
        )

    found = []
    columns = [*features, *groups]
    for feature in columns:
        then, now = feature.missing[0] / reference.rows, feature.missing[1] / test.rows
        one = proportions(then, now, n_reference=m, n_current=n, comparisons=len(columns))
        facts = {"reference": then, "test": now, "difference": now - then}
        found.append(Compared(feature=feature.name, distance=one, facts=facts))
    return worst(
        found,
        what="change in the share of missing values",
        method=method,
        n=test.rows,
        support=min(n, m),
        chance=chance,
        notes=[f"{', '.join(lacking[:5])} not compared: one of the datasets lacks the column"] if lacking else [],
        details={"not_compared": lacking},
    )
