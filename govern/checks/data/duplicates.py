"""Check ``data.duplicates``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from govern.types import Measurement, Role

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from govern.scan.dataset import Data


#: Where chance makes more rows alike than this share of the test set, copies cannot be told from them.
_COARSE = 0.05
#: How sure it is that chance makes no more near copies than are taken off.
_NEAR = 0.999


def duplicates(test: Data, datasets: Mapping[Role, Data]) -> Measurement:
    """Test rows that repeat another row.

    Why: A row that stands twice counts twice and makes intervals too narrow; one that was trained on makes every
        figure too good, even where patient identifiers were replaced.
    How: The number of test rows that equal an earlier test row, or a row of the train or the reference dataset, in the
        label and all of the model's inputs, or an earlier test row in every column but the patient identifier, less
        what patients who are alike by chance explain: the 97.5 % Poisson quantile of the pairs that would agree if the
        columns were independent, of which each agrees as often as in a sample of at most 20,000 rows. A row number or
        an admission's identifier so hides no copy. A missing value equals a missing value. Near copies are counted too:
        rows of another patient whose numbers all agree to about 4 significant digits (one part in 8,192) and not all
        exactly, among the sampled rows, less those that chance explains: their expected number follows from the rows
        that agree to 2 digits only, of which the 99.9 % Poisson quantile is taken off. The details give each count
        (`within`: every column; `within_inputs`: label and inputs; `in_train`; `in_reference`; `near`), what chance
        explains of them, and row numbers (from 0).
    Limits: With few or coarse inputs many patients are alike by chance, and a few copies among them are not told
        apart (`by_chance`); where that is more than 5 % of the test rows the check is inconclusive. Columns that go
        together make chance likeness more frequent than is allowed for, except of near copies. A copy whose numbers
        were changed by more than one part in 10,000 is not recognised, nor every other near copy of a dataset of
        which only a sample of rows is kept. Inconclusive too if the train dataset is not declared, unless repetition
        is found in the test set.
    Fix: Find the extract or join that doubled the rows, remove the copies, and split by patient.
    See: Kapoor S, Narayanan A. Leakage and the reproducibility crisis in machine-learning-based science. Patterns
        4(9), 2023 (L1.4).
    """
    from govern.checks.data._chance import alike_by_chance, most_by_chance
    from govern.checks.data._identity import EXAMPLES, known, repeats
    from govern.checks.data._near import coded, near_copies
    from govern.checks.drift._features import comparable

    within = repeats(test.identity.all)
    by_chance = alike_by_chance(test, {n: c.kind for n, c in test.columns.items() if n != test.patient_id})
    alike, near = np.zeros((2, test.rows), dtype=bool)
    seen: dict[Role, NDArray[np.bool_]] = {}
    among, near_by_chance = 0, 0.0
    others = {role: datasets[role] for role in (Role.TRAIN, Role.REFERENCE) if role in datasets}
    if test.identity.inputs is not None:
        names = [*test.features, *([test.label] if test.label else [])]
        sides = {"test": test, **{role.value: data for role, data in others.items()}}
        kinds = {name: comparable(name, sides) for name in dict.fromkeys(names)}
        alike = repeats(test.identity.inputs)
        by_chance += alike_by_chance(test, kinds)
        own = coded(test, kinds)
        copies = [near_copies(own)]
        for role, data in others.items():
            if data.codes is None or data.codes.inputs is None or not _same_inputs(test, data):
                continue
            seen[role] = known(test.identity.inputs, data.codes.inputs)
            by_chance += alike_by_chance(test, kinds, data)
            copies.append(near_copies(own, coded(data, kinds)))
            if role is Role.TRAIN:
                among = int(np.count_nonzero(repeats(data.codes.inputs)))
        for places, chance in copies:
            near[places] = True
            near_by_chance += chance
    compared = Role.TRAIN in seen
    either = np.logical_or.reduce([within, alike, *seen.values()])
    near &= ~either
    count, nearly = int(np.count_nonzero(either)), int(np.count_nonzero(near))
    unexplained = max(0, nearly - most_by_chance(near_by_chance, _NEAR))
    total = max(0, count - by_chance) + unexplained
    coarse = count > 0 and by_chance > _COARSE * test.rows and not unexplained
    found = {role: int(np.count_nonzero(rows)) for role, rows in seen.items()}
    message = f"{int(np.count_nonzero(within | alike))} test rows repeat another"
    message += "".join(f", {n} equal a {role.value} row" for role, n in found.items())
    if nearly:
        message += f", {nearly} are near copies of another patient's row"
    if count and by_chance:
        message += f"; up to {by_chance} are explained by chance"
    if nearly > unexplained:
        message += f"; up to {nearly - unexplained} near copies are explained by chance"
    if coarse:
        message += ", too many to tell a copy from two patients who are alike"
    known_total = None if coarse or (not compared and total == 0) else total
    if not compared:
        message += "; the train dataset or the model's features are not declared, so nothing was compared with it"
    if Role.REFERENCE in others and others[Role.REFERENCE].codes is None:
        message += "; of the reference only cells are at hand, so no row was compared with it"
    return Measurement.counted(
        known_total,
        n=test.rows,
        method="exact count less the 97.5 % Poisson quantile of chance likeness",
        message=message,
        details={
            "within": int(np.count_nonzero(within)),
            "within_inputs": int(np.count_nonzero(alike)),
            "in_train": found.get(Role.TRAIN),
            "in_reference": found.get(Role.REFERENCE),
            "near": nearly,
            "within_train": among,
            "by_chance": by_chance,
            "near_by_chance": nearly - unexplained,
            "examples": np.flatnonzero(either | near)[:EXAMPLES].tolist(),
        },
    )


def _same_inputs(test: Data, other: Data) -> bool:
    """Whether the codes of both datasets are of the same columns."""
    return set(test.features) == set(other.features) and test.label == other.label
