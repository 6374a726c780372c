"""Check ``data.patient_overlap``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from govern.types import Measurement, Role

if TYPE_CHECKING:
    from govern.scan.dataset import Data


def patient_overlap(test: Data, datasets: Mapping[Role, Data]) -> Measurement:
    """Patients of the test dataset whom the model has already seen.

    Why: A model recognises a patient it was fitted on, so every figure on such a patient is too good.
    How: An exact count of distinct patients of the test dataset who also occur in the train or the reference dataset.
        Identifiers are compared as text without surrounding space, leading zeros, letter case or a trailing `.0`, since
        file formats change these.
    Limits: A patient under two identifiers, or from two hospitals, is not recognised. Inconclusive if no patient
        identifier is declared, if one is missing in a row, or if the train dataset is not declared, unless an
        overlap is found all the same.
    Fix: Split by patient and not by row or admission, and snapshot the datasets again.
    See: Kaufman S et al. Leakage in data mining. ACM TKDD 6(4), 2012; TRIPOD+AI 2024, item 9.
    """
    from govern.checks.data._identity import EXAMPLES, distinct, known

    seen = {role: datasets[role] for role in (Role.TRAIN, Role.REFERENCE) if role in datasets}
    unnamed = [role for role, data in {Role.TEST: test, **seen}.items() if data.patients is None]
    compared = {role: data for role, data in seen.items() if role not in unnamed}
    if Role.TEST in unnamed or not compared:
        reason = "no train or reference dataset is declared"
        if unnamed:
            reason = f"no patient identifier is declared for {', '.join(unnamed)}"
        return Measurement.unknown(
            n=test.rows,
            method="exact count",
            message=f"{reason}, so it is not known whether the model has seen these patients",
        )
    codes = {role: data.patients for role, data in compared.items() if data.patients is not None}
    own = test.patients if test.patients is not None else np.zeros(test.rows, dtype=np.uint64)
    named = own != 0
    found = {role: named & known(own, others) for role, others in codes.items()}
    either = np.logical_or.reduce(list(found.values()))
    overlap = len(distinct(np.sort(own[either])))
    missing = sum(int(np.count_nonzero(side == 0)) for side in (own, *codes.values()))
    gaps = [f"{missing} rows have no patient identifier"] if missing else []
    gaps += [f"{role} was not compared" for role in dict.fromkeys((Role.TRAIN, *unnamed)) if role not in codes]
    patients = len(distinct(np.sort(own[named])))
    count = overlap if overlap > 0 or not gaps else None
    message = f"{overlap} of {patients} test patients also occur in {' or '.join(codes)}"
    return Measurement.counted(
        count,
        n=patients,
        method="exact count",
        message="; ".join([message, *gaps]),
        details={
            "patients": {role.value: len(distinct(np.sort(own[rows]))) for role, rows in found.items()},
            "rows": int(either.sum()),
            "examples": np.flatnonzero(either)[:EXAMPLES].tolist(),
        },
    )
