"""Whether the test set is made of the people for whom the model is meant."""

from __future__ import annotations

from collections.abc import Mapping
from math import fsum
from typing import TYPE_CHECKING, Any

import numpy as np

from govern.checks.bias._gaps import LEVEL, adjusted, aligned, family
from govern.errors import PolicyError, UnavailableError
from govern.stats.clusters import repeated
from govern.stats.gaps import present
from govern.stats.proportion import wilson
from govern.types import Measurement

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from govern.checks.inputs import Population
    from govern.scan.scores import Groups, Scores

#: By how much declared shares may miss 1 in all.
_ROUNDING = 1e-6


def representation(scores: Scores, groups: Groups, population: Population) -> list[Measurement]:
    """Representation: a group's share of the test set over its share of the intended population.

    Why: Evidence from patients unlike those who will be treated says little about them; a group that is
        nearly absent from the test set has not been tested on.

    How: For each group, its share of the rows (of the patients, where they repeat; one with rows in two
        groups counts in both) divided by its share of the intended population as declared
        (`target_population`) or, where nothing is declared, of the reference dataset: the
        participation-to-prevalence ratio, 1 is representative, 0.5 half as many as there should be.
        Wilson's interval of the share at the Bonferroni level over the groups, divided alike, so that all
        intervals hold together with 95 %; widened to 1 unless the exact binomial test, adjusted by Holm,
        rejects the declared share too. `details` hold the chi-square goodness of fit over all groups.
        Support is the number that should be in the group: its declared share of all rows (patients).

    Limits: Takes the test set as a sample of the population: a deliberately enriched one is not, and may
        be the better test for a rare group. A group that is declared and has no row has no measurement of
        its own, so every group of the attribute is then without a verdict, and each says which is absent.
        Rows whose group is not declared (a missing value too) count in the whole, and have no verdict.

    Fix: Recruit or add data of the group that falls short, or narrow the intended use to whom the test set
        speaks for. Where a group is absent, compare the spelling of its name with the data's first.

    See: Poon et al., J Womens Health 2013;22:604; FDA, Collection of race and ethnicity data in clinical
        trials, 2024; Wilson 1927; docs/statistics.md.
    """
    aligned(scores, groups)
    shares = _declared(groups.attribute, population.shares)
    patient = repeated(scores.patient)
    counts = present(groups.codes, len(groups.names), patient=patient, weight=scores.weight)[0]
    n = int(counts.sum())
    declared = np.array([shares.get(name, 0.0) for name in groups.names])
    known = declared > 0
    comparisons, level = family(groups, known[None])
    p = np.full(len(counts), np.nan)
    p[known] = [_exact(int(c), n, share) for c, share in zip(counts[known], declared[known], strict=True)]
    p_holm = adjusted(groups, p[None])[0]
    absent = {name: share for name, share in shares.items() if share > 0 and name not in groups.names}
    common = {
        "absent": [{"group": name, "declared": share, "expected": share * n} for name, share in absent.items()],
        "goodness_of_fit": _goodness_of_fit(counts, declared, sum(absent.values())),
    }
    unit = "rows" if patient is None else "patients"
    measured = []
    for i, name in enumerate(groups.names):
        inside = groups.codes == i
        facts: dict[str, Any] = {
            "n": scores.count(inside),
            "events": scores.count(inside & (scores.label == 1)),
            "method": f"share of {unit} over that of {population.source}; Wilson, Bonferroni over "
            f"{comparisons} comparison(s); exact binomial test, Holm",
            "slice": {groups.attribute: name},
            "message": _message(name in shares, float(declared[i]), absent, n, population.source),
        }
        details = {**common, "observed": int(counts[i]) / n if n else None, "declared": shares.get(name)}
        if absent:
            # What is known of the groups that are not there: no share at all, or one that was missed by chance.
            highest = max(wilson(0, n, level=level)[1] / share for share in absent.values())
            facts.update(estimate=None, lower=0.0, upper=float(highest), sufficient=False, null=1.0)
            measured.append(Measurement(**facts, support=int(n * max(absent.values())), details=details))
            continue
        if not known[i]:
            measured.append(Measurement.unknown(**facts, support=0, details=details))
            continue
        lower, upper = (limit / declared[i] for limit in wilson(int(counts[i]), n, level=level))
        if not p_holm[i] <= 1 - LEVEL:
            lower, upper = min(lower, 1.0), max(upper, 1.0)
        measured.append(
            Measurement(
                estimate=float(counts[i] / n / declared[i]),
                lower=float(lower),
                upper=float(upper),
                support=int(n * declared[i]),
                null=1.0,
                details={**details, "p": float(p[i]), "p_holm": float(p_holm[i])},
                **facts,
            )
        )
    return measured


def _declared(attribute: str, population: Mapping[str, Mapping[str, float]]) -> Mapping[str, float]:
    """Return the declared shares of an attribute's groups.

    Raises:
        UnavailableError: none are declared.
        PolicyError: one lies outside 0 to 1, or they do not add up to 1 (within 1e-6).
    """
    if attribute not in population:
        raise UnavailableError(
            f"no intended population is declared for {attribute}", hint="declare the share of each of its groups"
        )
    shares = population[attribute]
    wrong = {name: share for name, share in shares.items() if not 0 <= share <= 1}
    if wrong:
        raise PolicyError(f"population, {attribute}: shares outside 0 to 1: {wrong}", hint="0.25 is a quarter")
    if not abs(fsum(shares.values()) - 1) <= _ROUNDING:
        raise PolicyError(
            f"population, {attribute}: the shares add up to {fsum(shares.values()):g}, 1 was expected",
            hint="declare every group, the others too",
        )
    return shares


def _exact(count: int, n: int, share: float) -> float:
    """Return the two-sided p-value of the exact binomial test."""
    from scipy.stats import binomtest

    return float(binomtest(count, n, share).pvalue)


def _goodness_of_fit(
    counts: NDArray[np.int64], declared: NDArray[np.float64], absent: float
) -> dict[str, float | int] | None:
    """Return the chi-square test of the declared groups; ``None`` where there are not two to compare.

    ``absent`` is the share of those that have no row, which are one further cell.
    """
    from scipy.stats import chi2

    known = declared > 0
    seen, shares = counts[known], declared[known]
    if absent:
        seen, shares = np.append(seen, 0), np.append(shares, absent)
    expected = seen.sum() * shares / shares.sum()
    if len(seen) < 2 or not seen.sum():
        return None
    statistic = float(((seen - expected) ** 2 / expected).sum())
    freedom = len(seen) - 1
    return {
        "chi_square": statistic,
        "degrees_of_freedom": freedom,
        "p": float(chi2.sf(statistic, freedom)),
        "smallest_expected": float(expected.min()),
    }


def _message(named: bool, share: float, absent: Mapping[str, float], n: int, source: str) -> str:
    parts = []
    if not share:
        parts.append("its declared share is 0" if named else f"it has no share of {source}")
    if absent:
        text = ", ".join(f"{name} ({s:.1%}, {s * n:.0f} expected)" for name, s in absent.items())
        parts.append(f"in {source}, and absent from the test set: {text}")
    return "; ".join(parts)
