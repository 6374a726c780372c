"""What a draw of attributions says about each feature: its mean absolute attribution, and how sure that is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from govern.stats.clusters import repeated

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from govern.checks.inputs import Draw
    from govern.scan.dataset import Data

#: Explained patients below which nothing is concluded.
FEW = 20
REPLICATES = 1000


def patients(test: Data, draw: Draw) -> NDArray[np.int64] | None:
    """Return codes 0..k-1 of the patient of each explained row, shape (n,), or ``None`` where none repeats.

    Raises:
        InputError: an identifier is missing, so that the patient of a row is not known.
    """
    from govern.scan.scores import patient_codes

    if test.patient_id is None:
        return None
    return repeated(patient_codes(test.sample[test.patient_id].to_numpy()[draw.places]))


def count(draw: Draw, patient: NDArray[np.int64] | None) -> int:
    """Return the number of patients among the explained rows."""
    return len(draw.scores) if patient is None else int(patient.max()) + 1


def mean_abs(draw: Draw) -> NDArray[np.float64]:
    """Return the mean absolute attribution of each feature, in units of risk, shape (features,)."""
    mean: NDArray[np.float64] = np.abs(draw.values).mean(axis=0)
    return mean


def resampled(draw: Draw, patient: NDArray[np.int64] | None, seed: int) -> NDArray[np.float64]:
    """Return :func:`mean_abs` of bootstrap samples of the explained patients, shape (REPLICATES, features).

    Each patient is drawn with all explained rows of theirs.
    """
    from govern.stats.bootstrap import draws
    from govern.stats.clusters import totals

    size = np.column_stack([totals(column, patient) for column in np.abs(draw.values).T])
    rows = totals(np.ones(len(draw.values)), patient)
    return np.concatenate(
        [(w @ size) / (w @ rows)[:, None] for w in draws(len(rows), replicates=REPLICATES, seed=seed)]
    )


def shares(draw: Draw, patient: NDArray[np.int64] | None, seed: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return each feature's share (0 to 1) of all mean absolute attribution, and those of :func:`resampled`.

    Shapes (features,) and (REPLICATES, features). Shares of nothing are 0.
    """
    each, again = mean_abs(draw), resampled(draw, patient, seed)
    sums = again.sum(axis=1, keepdims=True)
    total = each.sum()
    return (
        each / total if total > 0 else np.zeros_like(each),
        np.divide(again, sums, out=np.zeros_like(again), where=sums > 0),
    )


def bounds(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the 95 % percentile bounds along the first axis, shape (2, ...)."""
    limits: NDArray[np.float64] = np.quantile(values, [0.025, 0.975], axis=0)
    return limits


def ranked(names: tuple[str, ...], **columns: NDArray[np.float64]) -> list[dict[str, Any]]:
    """Return one entry a feature with its name and these columns, largest first by the first column."""
    key = next(iter(columns.values()))
    order = sorted(range(len(names)), key=lambda j: (-key[j], names[j]))
    return [{"feature": names[j], **{k: float(v[j]) for k, v in columns.items()}} for j in order]
