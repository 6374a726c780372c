"""The plan: what each rule of a policy needs, and what all of them need together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from govern.planning.assumptions import Assumed, Study
from govern.planning.search import rows_for

if TYPE_CHECKING:
    from govern.policy.model import Policy

PLANNED, NEVER, NOT_PLANNED = "planned", "never", "not planned"


@dataclass(frozen=True, kw_only=True)
class Need:
    """What one rule needs, for everybody or for one group.

    ``counts`` maps kinds of rows of the group to how many; ``rows`` are the rows in the whole study among which they
    are reached with 95 % probability, ``None`` where the group's ``share`` is not known. ``power`` is that at these
    counts, ``error`` the Monte-Carlo standard error of a simulated one. ``curve`` has points (size in ``unit``, power).
    ``outcome`` is ``planned``, ``never`` (no number is enough) or ``not planned`` (there is no such number), and
    ``message`` says why.
    """

    rule: str
    check: str
    slice: Mapping[str, str]
    share: float | None
    criterion: str
    #: Whether the rule blocks, and whether too little evidence is but a limitation of use.
    blocks: bool
    limits: bool
    outcome: str = PLANNED
    assumed: Assumed | None = None
    counts: Mapping[str, int] | None = None
    rows: int | None = None
    power: float | None = None
    error: float | None = None
    unit: str = ""
    method: str = ""
    message: str = ""
    curve: tuple[tuple[int, float], ...] = ()

    @property
    def name(self) -> str:
        """``sensitivity-by-group[race=black]``."""
        return self.rule + "".join(f"[{k}={v}]" for k, v in self.slice.items())


@dataclass(frozen=True, kw_only=True)
class Total:
    """The rows of a whole study, and what needs so many."""

    rows: int
    driver: str


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a policy needs under the assumptions, each with its value as text and where it is from."""

    policy: Policy
    study: Study
    assumptions: tuple[tuple[str, str, str], ...]
    needs: tuple[Need, ...]

    @property
    def to_pass(self) -> Total:
        """The rows without which a rule would block, or the gate not look at the data."""
        return self._total(lambda n: n.blocks and not n.limits)

    @property
    def for_everyone(self) -> Total:
        """The rows with which every group is decided too: none becomes a limitation of use, no warning is open."""
        return self._total(lambda n: True)

    @property
    def never(self) -> tuple[Need, ...]:
        """What cannot be shown with any number of patients, under the assumptions."""
        return tuple(n for n in self.needs if n.outcome == NEVER)

    @property
    def short(self) -> tuple[Need, ...]:
        """What the declared test set is too small for; empty where none is declared."""
        have = self.study.test_rows
        return tuple(n for n in self.needs if have and n.rows is not None and n.rows > have)

    def _total(self, counts: Any) -> Total:
        floors = self.policy.data.get("test")
        found = [(0, "")]
        if floors is not None:
            p = self.study.prevalence.value
            found.append((floors.min_rows, "data.test.min_rows"))
            if floors.min_events is not None:
                found.append((rows_for([(floors.min_events, min(p, 1 - p))]) or 0, "data.test.min_events"))
        found += [(n.rows, n.name) for n in self.needs if n.rows is not None and counts(n)]
        rows, driver = max(found, key=lambda pair: pair[0])
        return Total(rows=rows, driver=driver)
