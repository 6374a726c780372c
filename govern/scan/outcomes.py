"""Truth and prediction of the same rows, for tasks whose outcome is not binary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Rows = NDArray[np.bool_] | NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Classes:
    """Several classes. ``names[true[i]]`` is the class of row i, ``names[predicted[i]]`` the one that was predicted.

    ``probability`` of shape (n, classes) sums to 1 in each row; ``None`` where only classes were recorded.
    ``ordered`` says that the order of ``names`` means something: it was declared, or all are numbers.
    ``patient`` are codes of the patient of each row, ``None`` where no patient repeats.
    """

    names: tuple[str, ...]
    true: NDArray[np.int64]
    predicted: NDArray[np.int64]
    probability: NDArray[np.float64] | None = None
    patient: NDArray[np.int64] | None = None
    ordered: bool = False

    @property
    def n(self) -> int:
        """Number of rows."""
        return len(self.true)

    @property
    def absent(self) -> tuple[str, ...]:
        """The classes of which no row is."""
        present = set(self.true.tolist())
        return tuple(name for i, name in enumerate(self.names) if i not in present)

    def where(self, rows: Rows) -> Classes:
        """Return some rows: those where a mask of shape (n,) holds, or those at these places. Every class stays."""
        return Classes(
            names=self.names,
            true=self.true[rows],
            predicted=self.predicted[rows],
            probability=_some(self.probability, rows),
            patient=_some(self.patient, rows),
            ordered=self.ordered,
        )


@dataclass(frozen=True, kw_only=True)
class Values:
    """A number. ``lower`` and ``upper`` are the model's own prediction interval, where it gives one; shape (n,)."""

    true: NDArray[np.float64]
    predicted: NDArray[np.float64]
    lower: NDArray[np.float64] | None = None
    upper: NDArray[np.float64] | None = None
    patient: NDArray[np.int64] | None = None

    @property
    def n(self) -> int:
        """Number of rows."""
        return len(self.true)

    def where(self, rows: Rows) -> Values:
        """Return some rows: those where a mask of shape (n,) holds, or those at these places, in their order."""
        return Values(
            true=self.true[rows],
            predicted=self.predicted[rows],
            lower=_some(self.lower, rows),
            upper=_some(self.upper, rows),
            patient=_some(self.patient, rows),
        )


@dataclass(frozen=True, kw_only=True)
class Survival:
    """Time to an event that may be censored: ``event`` is 1 where it was seen at ``time``; a higher ``risk`` is sooner.

    ``time`` is float64 above 0 in the unit of the data, ``event`` int8, ``risk`` any finite float64; all of shape (n,).
    """

    time: NDArray[np.float64]
    event: NDArray[np.int8]
    risk: NDArray[np.float64]
    patient: NDArray[np.int64] | None = None

    @property
    def n(self) -> int:
        """Number of rows."""
        return len(self.time)

    @property
    def events(self) -> int:
        """Number of rows with the event."""
        return int(self.event.sum())

    def where(self, rows: Rows) -> Survival:
        """Return some rows: those where a mask of shape (n,) holds, or those at these places, in their order."""
        return Survival(
            time=self.time[rows], event=self.event[rows], risk=self.risk[rows], patient=_some(self.patient, rows)
        )


@dataclass(frozen=True, kw_only=True)
class Comparator:
    """Scores by another model or by people, of the same rows as the model's; float64 of shape (n,), NaN where none."""

    name: str
    score: NDArray[np.float64]

    @property
    def n(self) -> int:
        """Number of rows, with a score or without."""
        return len(self.score)

    def where(self, rows: Rows) -> Comparator:
        """Return some rows: those where a mask of shape (n,) holds, or those at these places, in their order."""
        return Comparator(name=self.name, score=self.score[rows])


def _some(array: NDArray[Any] | None, rows: Rows) -> Any:
    return None if array is None else array[rows]
