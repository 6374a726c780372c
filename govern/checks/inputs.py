"""The closed list of what a check may ask for: its positional parameters, matched by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

#: Name of an input -> what it is. A check that asks for anything else is refused by the catalogue.
INPUTS: Mapping[str, str] = {
    "scores": "labels and scores of the test set, or of one group of it (govern.scan.scores.Scores)",
    "groups": "the group of each row of `scores` (govern.scan.scores.Groups); one measurement a group is returned",
    "reference_scores": "the model's scores on the reference dataset, float64 of shape (m,)",
    "test": "the test dataset with all its columns (Data)",
    "reference": "the reference dataset with all its columns (Data)",
    "datasets": "every dataset that is declared, by role (mapping of Role to Data)",
    "attributions": "SHAP attributions of the model on the test set, drawn on demand (Attributions)",
    "documentation": "the declared facts and which of them the policy requires (Documentation)",
    "seed": "the seed of this run, derived from its inputs (int)",
}


@dataclass(frozen=True, kw_only=True)
class Data:
    """A dataset as checks see it. ``features`` are the model's declared inputs, all columns of ``frame``."""

    frame: pd.DataFrame
    features: tuple[str, ...]
    label: str | None = None
    patient_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Documentation:
    """Declared facts (name to text or list of texts, empty if not declared) and the names that are required."""

    facts: Mapping[str, Any]
    required: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Draw:
    """One SHAP estimate: ``values[i, j]`` is the attribution of feature j in row i, in units of risk.

    ``base`` is the mean score on the background; ``scores`` the model's own scores of the rows, shape (n,).
    """

    features: tuple[str, ...]
    values: NDArray[np.float64]
    base: float
    scores: NDArray[np.float64]


class Attributions(Protocol):
    """Draws SHAP attributions; equal arguments give the same draw, computed once."""

    @property
    def available(self) -> tuple[int, int]:
        """How many test rows and reference rows there are to draw from."""
        ...

    def draw(self, *, rows: int, background: int, seed: int, part: int = 0) -> Draw:
        """Explain ``rows`` test rows against ``background`` reference rows, both sampled with ``seed``.

        Draws that differ only in ``part`` (0, 1, ...) share no row.
        """
        ...
