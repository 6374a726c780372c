"""What is known of a check's power, and what it is asked about."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from govern.planning.population import ScoreModel
    from govern.planning.search import Power
    from govern.policy.model import Rule


class NotPlanned(Exception):  # noqa: N818 - no error: it says why there is no number
    """Why no size is given for a rule."""


@dataclass(frozen=True, kw_only=True)
class Count:
    """How many rows of a kind are needed, and which share of all rows in the study is of that kind."""

    name: str
    n: int
    share: float


@dataclass(frozen=True, kw_only=True)
class Law:
    """The power of a rule at each size, counted in ``unit``.

    ``floor`` is the least size at which the rule's ``min_events`` are met; ``every`` as in
    :func:`govern.planning.search.least`.
    """

    unit: str
    power: Power
    counts: Callable[[int], list[Count]]
    method: str
    floor: int = 1
    every: bool = False


@dataclass(frozen=True, kw_only=True)
class Case:
    """A rule, for everybody or for one group, and what is assumed to be true of it.

    ``share`` is the share of all rows that are of the group (1 for everybody), ``groups`` the number of groups of
    its attribute. ``model`` holds the prevalence. ``sensitivity``, ``specificity`` and ``flagged`` are the shares at
    the rule's threshold, where it has one. ``reference`` are the rows of the reference dataset, ``features`` the
    number of the model's inputs; 0 where not known.
    """

    rule: Rule
    params: Mapping[str, Any]
    assumed: float
    share: float
    groups: int
    model: ScoreModel
    sensitivity: float
    specificity: float
    flagged: float
    reference: int = 0
    features: int = 0

    def both(self, rows: int) -> list[Count]:
        """Return the events and non-events among ``rows`` rows of the group."""
        p = self.model.prevalence
        events = round(rows * p)
        return [
            Count(name="events", n=events, share=self.share * p),
            Count(name="non-events", n=rows - events, share=self.share * (1 - p)),
        ]

    @property
    def floor_rows(self) -> int:
        """The least number of rows of the group with ``min_events`` events and as many non-events."""
        p = self.model.prevalence
        rows = max(4, int(self.rule.min_events / min(p, 1 - p)))
        while min(count.n for count in self.both(rows)) < max(2, self.rule.min_events):
            rows += 1
        return rows
