"""What a scan is asked for: which columns mean what, and which grids they are counted on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from govern.scan.cells import EXACT, Grid


@dataclass(frozen=True, kw_only=True)
class Columns:
    """The columns of a dataset that mean something; every other one is counted too.

    ``positive`` is the label that is the event (without it: 1, true or yes). ``groups`` maps an attribute to its
    column, or to a column of numbers and the cut points that make bands of them. ``carried`` are columns whose
    values of all rows are wanted. ``grids`` are those of another dataset, for columns that will be compared with it.
    Without ``whole``, no other columns are read. Datasets of at most ``exact_rows`` rows keep every distinct number;
    in larger ones numbers are counted on a grid.
    """

    label: str = ""
    positive: object = None
    features: tuple[str, ...] = ()
    patient_id: str = ""
    time: str = ""
    groups: Mapping[str, str | tuple[str, tuple[float, ...]]] = field(default_factory=dict)
    carried: tuple[str, ...] = ()
    grids: Mapping[str, Grid] = field(default_factory=dict)
    exact_rows: int = EXACT
    whole: bool = True
