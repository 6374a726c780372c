"""Check ``explainability.subgroup_agreement``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from govern.errors import InputError
from govern.types import Measurement

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from govern.checks.inputs import Attributions, Draw
    from govern.scan.dataset import Data
    from govern.scan.scores import Groups


def subgroup_agreement(
    attributions: Attributions, test: Data, groups: Groups, seed: int, *, rows: int = 200, background: int = 25
) -> list[Measurement]:
    """Agreement of the inputs' influence within a group with that among all others.

    Why: A model may rest on other inputs for some patients than for most: on how often they were tested, say, where
        the others are judged by what was found. Explanations that were reviewed for everybody then do not speak
        for this group.
    How: SHAP (permutation explainer, units of risk) of `rows` test rows, drawn at random, against `background`
        background rows. The features' mean absolute attributions in the group are compared with those of all other
        explained rows: the estimate is the Pearson correlation (-1 to 1; 1: the same proportions). The 95 % interval is
        a percentile bootstrap of 1000 over the explained patients, each with all of their rows. Beside it stand
        Spearman's rank correlation and the 2.5 % point of the correlation for 1000 random groups of the same size:
        what is not below that may be chance. Support: explained patients of the group, or of the others where they
        are fewer.
    Limits: Noise lowers the correlation of small groups, so the lower bound errs on the low side. Groups differ in the
        values of their inputs too: an input that varies more in a group has more influence there, though the model
        is the same. A group that is itself an input has no variation inside. Fewer than 20 explained patients
        in the group or outside it, fewer than 3 features, or a group whose features all have the same influence
        are inconclusive.
    Fix: Look at the inputs that differ (in the details) with clinicians; collect more of the group; state the
        limitation, or fit again with inputs that mean the same for everybody.
    See: Lundberg SM, Lee SI. NeurIPS 2017; Balagopalan A et al. The road to explainability is paved with bias:
        measuring the fairness of explanations. FAccT 2022.
    """
    draw = attributions.draw(rows=rows, background=background, seed=seed)
    codes = _codes(groups, test)[draw.places]
    return [_of_group(draw, codes == i, name, test, groups.attribute, seed) for i, name in enumerate(groups.names)]


def _codes(groups: Groups, test: Data) -> NDArray[np.int64]:
    """Return the group of each row of the sample, whose index holds the rows' places in the dataset.

    Raises:
        InputError: the groups are not those of this dataset's rows.
    """
    places = test.sample.index.to_numpy()
    if len(groups.codes) != test.rows or len(places) == 0 or places.max() >= test.rows:
        raise InputError(f"{groups.attribute}: the groups of {len(groups.codes)} rows are not those of {test.rows}")
    codes: NDArray[np.int64] = groups.codes[places]
    return codes


def _of_group(draw: Draw, inside: NDArray[np.bool_], name: str, test: Data, attribute: str, seed: int) -> Measurement:
    from govern.checks.explainability._importance import FEW, bounds, patients, ranked
    from govern.stats.clusters import units
    from govern.stats.correlation import pearson, spearman

    patient = patients(test, draw)
    n, support = int(inside.sum()), min(units(inside, patient), units(~inside, patient))
    method = "Pearson correlation of mean absolute SHAP values, group against rest, bootstrap over patients"
    where = {attribute: name}
    size = np.abs(draw.values)
    if support == 0 or size.shape[1] < 3:
        reason = "no row of the group, or none outside it, was explained"
        few = f"the model has {size.shape[1]} features, and fewer than 3 make no profile"
        message = reason if support == 0 else few
        return Measurement.unknown(n=n, support=support, method=method, slice=where, message=message)
    group, rest = size[inside].mean(axis=0), size[~inside].mean(axis=0)
    listed = ranked(draw.features, difference=np.abs(group - rest), group=group, rest=rest)
    if np.ptp(group) == 0 or np.ptp(rest) == 0:
        message = "all features have the same influence"
        return Measurement.unknown(
            n=n, support=support, method=method, slice=where, message=message, details={"features": listed}
        )
    estimate = float(pearson(group[None], rest[None])[0])
    rank = float(spearman(group[None], rest[None])[0])
    low, high = bounds(_resampled(size, inside, patient, seed))
    chance = _by_chance(size, n, seed)
    return Measurement(
        estimate=estimate,
        lower=min(float(low), estimate),
        upper=max(float(high), estimate),
        n=n,
        support=support,
        method=method,
        slice=where,
        sufficient=support >= FEW,
        message=f"rank correlation {rank:.2f}; random groups of this size reach {chance:.2f} or more in 97.5 %",
        details={"features": listed, "rank_correlation": rank, "chance_limit": chance},
    )


def _resampled(
    size: NDArray[np.float64], inside: NDArray[np.bool_], patient: NDArray[np.int64] | None, seed: int
) -> NDArray[np.float64]:
    """Return the correlation of group and rest in bootstrap samples of all explained patients, shape (REPLICATES,).

    0 where a sample holds nobody of the group.
    """
    from govern.checks.explainability._importance import REPLICATES
    from govern.stats.bootstrap import replicate
    from govern.stats.clusters import totals
    from govern.stats.correlation import pearson

    group, rest = (np.column_stack([totals(column * mask, patient) for column in size.T]) for mask in (inside, ~inside))
    return replicate(lambda w: pearson(w @ group, w @ rest), len(group), replicates=REPLICATES, seed=seed)


def _by_chance(size: NDArray[np.float64], n: int, seed: int) -> float:
    """Return the 2.5 % point of the correlation of ``n`` rows that are drawn at random with the others."""
    from govern.checks.explainability._importance import REPLICATES
    from govern.stats.correlation import pearson

    rng = np.random.default_rng([seed, n])
    mask = np.zeros((REPLICATES, len(size)))
    mask[:, :n] = 1.0
    group = rng.permuted(mask, axis=1) @ size
    return float(np.quantile(pearson(group, size.sum(axis=0) - group), 0.025))
