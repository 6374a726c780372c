"""Gaps of rates: Newcombe's interval, and a permutation of the group labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from govern.checks.bias._gaps import Difference, aligned, family, measurements
from govern.checks.bias._rates import Rate, by_fairlearn
from govern.stats.clusters import effective, repeated
from govern.stats.gaps import present
from govern.stats.permutation import Table, shuffled, tabulate, two_sided
from govern.stats.proportion import newcombe

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from govern.scan.scores import Groups, Scores
    from govern.types import Measurement

#: Permutations; more where there are so many comparisons that Holm's first step could not be reached.
_DRAWS = 2000
_DRAWS_A_COMPARISON = 40


def proportion_gaps(
    scores: Scores, groups: Groups, rates: Sequence[Rate], *, threshold: float, seed: int
) -> list[Measurement]:
    """Measure each group's largest absolute difference to the rest over ``rates``, in the order of the groups.

    All intervals of all groups hold together with 95 % (Bonferroni), so the largest difference is covered by the
    largest limits. ``details`` of every group hold ``null_95``, what the largest gap of the attribute reaches once
    in 20 times where there is none, and ``permutation_p``, how often chance alone reaches the one that was found.

    Raises:
        PolicyError: the threshold does not lie in 0 to 1.
        InputError: there is not one group a row.
        GovernError: Fairlearn counts otherwise.
    """
    aligned(scores, groups)
    flagged, g = scores.flagged(threshold), len(groups.names)
    patient = repeated(scores.patient)
    kind = 2 * scores.label + flagged
    cells = np.bincount(groups.codes * 4 + kind, weights=scores.weight, minlength=4 * g)
    table = np.rint(cells).astype(np.int64).reshape(g, 4)
    theirs = by_fairlearn(rates, groups, table)
    dealt = [_table(rate, table, kind, groups, patient) for rate in rates]
    observed = np.array([of.differences() for of in dealt])
    comparisons, level = family(groups, ~np.isnan(observed))
    draws, rng = max(_DRAWS, _DRAWS_A_COMPARISON * comparisons) - 1, np.random.default_rng(seed)
    drawn = np.array([shuffled(of, rng, draws=draws) for of in dealt])
    found: list[list[Difference | None]] = [[None for _ in groups.names] for _ in rates]
    for r, i in np.argwhere(~np.isnan(observed)).tolist():
        hits, rows = rates[r].counts(table)
        sides = [(int(hits[i]), int(rows[i])), (int(hits.sum() - hits[i]), int(rows.sum() - rows[i]))]
        worth = sides if patient is None else _effective(rates[r], kind, groups.codes == i, patient, level)
        lower, upper = newcombe(*worth[0], *worth[1], level=level)
        found[r][i] = Difference(
            value=float(observed[r, i]),
            lower=lower,
            upper=upper,
            p=float(two_sided(observed[r, [i]], drawn[r][:, [i]])[0]),
            details={
                "rate": rates[r].name,
                "group_rate": sides[0][0] / sides[0][1],
                "rest_rate": sides[1][0] / sides[1][1],
                "fairlearn_rate": float(theirs[r, i]),
                "group_n": sides[0][1],
                "rest_n": sides[1][1],
            },
        )
    support = np.array([_support(rate, table, kind, groups, patient) for rate in rates])
    method = f"Newcombe method 10, group against the rest, Bonferroni over {comparisons} comparison(s)"
    if patient is not None:
        method += ", on the effective sample sizes, clustered by patient (Korn-Graubard)"
    return measurements(
        scores,
        groups,
        found,
        supports=support.min(axis=(0, 1)),
        messages=[_message(rates, support[..., i]) for i in range(g)],
        method=f"{method}; permutation of {'rows' if patient is None else 'patients'}, Holm",
        details=_largest(observed, drawn),
    )


def _table(
    rate: Rate, table: NDArray[np.int64], kind: NDArray[Any], groups: Groups, patient: NDArray[np.int64] | None
) -> Table:
    """Return what is permuted: rows, or patients where they repeat."""
    if patient is None:
        hits, rows = rate.counts(table)
        return Table(hits=np.array([0, 1]), rows=np.array([1, 1]), count=np.stack([rows - hits, hits]))
    among = np.isin(kind, rate.among)
    hit = np.isin(kind[among], rate.hit)
    return tabulate(hit, groups.codes[among], len(groups.names), patient=patient[among])


def _effective(
    rate: Rate, kind: NDArray[Any], inside: NDArray[np.bool_], patient: NDArray[np.int64], level: float
) -> list[tuple[float, float]]:
    """Return hits and size of the group, and of the rest, that rows of patients who repeat are worth."""
    among = np.isin(kind, rate.among)
    return [
        effective(np.isin(kind[of], rate.hit), patient[of], level=level) for of in (among & inside, among & ~inside)
    ]


def _support(
    rate: Rate, table: NDArray[np.int64], kind: NDArray[Any], groups: Groups, patient: NDArray[np.int64] | None
) -> NDArray[np.int64]:
    """Return how many rows (or patients) the rate is of, in each group and in its rest, shape (2, g)."""
    if patient is None:
        rows = rate.counts(table)[1]
        return np.stack([rows, rows.sum() - rows])
    among = np.isin(kind, rate.among)
    return present(groups.codes[among], len(groups.names), patient=patient[among])


def _largest(observed: NDArray[np.float64], drawn: NDArray[np.float64]) -> dict[str, float]:
    """Return what chance makes of the largest gap, of those observed (r, g) and drawn (r, draws, g)."""
    known = ~np.isnan(observed)
    if not known.any():
        return {}
    largest = np.abs(drawn.transpose(1, 0, 2)[:, known]).max(axis=1)
    p = two_sided(np.abs(observed[known]).max(keepdims=True), largest[:, None])
    return {
        "null_95": float(np.quantile(largest, 0.95, method="higher")),
        "permutation_p": float(p[0]),
        "permutations": len(largest),
    }


def _message(rates: Sequence[Rate], support: NDArray[np.int64]) -> str:
    """Return why a rate of a group cannot be compared, from the rows (r, 2) it is of in the group and in the rest."""
    empty = [
        f"no {rate.name} in the {side}: it has no {rate.rows}"
        for rate, of in zip(rates, support, strict=True)
        for side, n in zip(("group", "rest"), of, strict=True)
        if not n
    ]
    return "; ".join(empty)
