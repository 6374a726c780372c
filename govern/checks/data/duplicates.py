"""Check ``data.duplicates``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from govern.types import Measurement, Role

if TYPE_CHECKING:
    from govern.scan.dataset import Data


#: Where chance makes more rows alike than this share of the test set, copies cannot be told from them.
_COARSE = 0.05


def duplicates(test: Data, datasets: Mapping[Role, Data]) -> Measurement:
    """Test rows that repeat another row.

    Why: A row that stands twice counts twice and makes intervals too narrow; one that was trained on makes every
        figure too good, even where patient identifiers were replaced.
    How: The number of test rows that equal an earlier test row or a train row in the label and all of the model's
        inputs, or an earlier test row in every column but the patient identifier, less what patients who are alike
        by chance explain: the 97.5 % Poisson quantile of the pairs that would agree if the columns were independent, of
        which each agrees as often as in a sample of at most 20,000 rows.
        A row number or an admission's identifier so hides no copy. A missing value equals a missing value. The
        details give each count (`within`: every column; `within_inputs`: label and inputs; `in_train`), what chance
        explains of them, and row numbers (from 0).
    Limits: With few or coarse inputs many patients are alike by chance, and a few copies among them are not told
        apart (`by_chance`); where that is more than 5 % of the test rows the check is inconclusive. Columns that go
        together make chance likeness more frequent than is allowed for. A copy that was rounded or shifted is not
        recognised. Inconclusive too if the train dataset is not declared, unless repetition is found in the test set.
    Fix: Find the extract or join that doubled the rows, remove the copies, and split by patient.
    See: Kapoor S, Narayanan A. Leakage and the reproducibility crisis in machine-learning-based science. Patterns
        4(9), 2023 (L1.4).
    """
    from govern.checks.data._chance import alike_by_chance
    from govern.checks.data._identity import EXAMPLES, known, repeats
    from govern.checks.drift._features import comparable

    within = repeats(test.identity.all)
    by_chance = alike_by_chance(test, {n: c.kind for n, c in test.columns.items() if n != test.patient_id})
    alike, seen = np.zeros((2, test.rows), dtype=bool)
    among, compared = 0, False
    train = datasets.get(Role.TRAIN)
    if test.identity.inputs is not None:
        names = [*test.features, *([test.label] if test.label else [])]
        sides = {"test": test} if train is None else {"test": test, "train": train}
        kinds = {name: comparable(name, sides) for name in dict.fromkeys(names)}
        alike = repeats(test.identity.inputs)
        by_chance += alike_by_chance(test, kinds)
        if train is not None and train.identity.inputs is not None and _same_inputs(test, train):
            compared = True
            seen = known(test.identity.inputs, train.identity.inputs)
            among = int(np.count_nonzero(repeats(train.identity.inputs)))
            by_chance += alike_by_chance(test, kinds, train)
    either = within | alike | seen
    count = int(np.count_nonzero(either))
    total = max(0, count - by_chance)
    coarse = count > 0 and by_chance > _COARSE * test.rows
    message = f"{int(np.count_nonzero(within | alike))} test rows repeat another"
    message += f", {int(np.count_nonzero(seen))} equal a train row"
    if count and by_chance:
        message += f"; up to {by_chance} are explained by chance"
    if coarse:
        message += ", too many to tell a copy from two patients who are alike"
    known_total = None if coarse or (not compared and total == 0) else total
    if not compared:
        message += "; the train dataset or the model's features are not declared, so nothing was compared with it"
    return Measurement.counted(
        known_total,
        n=test.rows,
        method="exact count less the 97.5 % Poisson quantile of chance likeness",
        message=message,
        details={
            "within": int(np.count_nonzero(within)),
            "within_inputs": int(np.count_nonzero(alike)),
            "in_train": int(np.count_nonzero(seen)),
            "within_train": among,
            "by_chance": by_chance,
            "examples": np.flatnonzero(either)[:EXAMPLES].tolist(),
        },
    )


def _same_inputs(test: Data, train: Data) -> bool:
    """Whether the codes of both datasets are of the same columns."""
    return set(test.features) == set(train.features) and test.label == train.label
