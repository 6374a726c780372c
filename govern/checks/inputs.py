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
    "classes": "true and predicted classes of the test set, or of one group of it (govern.scan.outcomes.Classes)",
    "values": "true and predicted numbers of the test set, or of one group of it (govern.scan.outcomes.Values)",
    "survival": "follow-up, event and risk of the test set, or of one group of it (govern.scan.outcomes.Survival)",
    "comparator": "another model's or a person's scores of the same rows (govern.scan.outcomes.Comparator)",
    "groups": "the group of each row of `scores` (govern.scan.scores.Groups); one measurement a group is returned",
    "reference_scores": "the model's scores on the reference dataset, float64 of shape (m,)",
    "recorded": "scores and labels as they came, before anything was refused (govern.scan.dataset.Recorded)",
    "test": "the test dataset (govern.scan.dataset.Data)",
    "reference": "the reference dataset (govern.scan.dataset.Data)",
    "datasets": "every dataset that is declared, by role (mapping of Role to govern.scan.dataset.Data)",
    "model": "the model, which scores rows on demand (Model)",
    "attributions": "SHAP attributions of the model on the test set, drawn on demand (Attributions)",
    "population": "the share of each group in the intended population (Population)",
    "documentation": "the declared facts and which of them the policy requires (Documentation)",
    "seed": "the seed of this run, derived from its inputs (int)",
}
#: Inputs that are rows of the test set: a check that asks for no others (but ``seed``) can be called for each group.
ROWS = frozenset({"scores", "classes", "values", "survival", "comparator"})
#: Inputs that are datasets with all their columns, or are made of them.
DATASETS = frozenset({"test", "reference", "datasets", "model", "attributions"})
#: Of which task's models an input is.
TASKS: Mapping[str, str] = {
    "scores": "binary",
    "comparator": "binary",
    "reference_scores": "binary",
    "recorded": "binary",
    "attributions": "binary",
    "model": "binary",
    "classes": "multiclass",
    "values": "regression",
    "survival": "survival",
}


class Model(Protocol):
    """The model under validation, for checks that change its inputs."""

    @property
    def features(self) -> tuple[str, ...]:
        """The names of its inputs."""
        ...

    def predict(self, frame: pd.DataFrame) -> NDArray[np.float64]:
        """Return the risk of each row of a frame with the columns ``features``, shape (n,)."""
        ...


@dataclass(frozen=True, kw_only=True)
class Population:
    """Shares of groups (attribute to group to share, adding up to 1), and where they come from, in words."""

    shares: Mapping[str, Mapping[str, float]]
    source: str


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
    #: Places of the rows in the test dataset's sample, shape (n,).
    places: NDArray[np.int64]


class Attributions(Protocol):
    """Draws SHAP attributions; equal arguments give the same draw, computed once."""

    @property
    def available(self) -> tuple[int, int]:
        """How many test rows and reference rows there are to draw from."""
        ...

    def draw(self, *, rows: int, background: int, seed: int, part: int = 0, against: int = 0, order: int = 0) -> Draw:
        """Explain ``rows`` test rows against ``background`` reference rows, both sampled with ``seed``.

        Draws of another ``part`` (0, 1, ...) share no test row, those of another ``against`` no background row, and
        another ``order`` changes only the order in which inputs are taken.
        """
        ...
