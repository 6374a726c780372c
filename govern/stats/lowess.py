"""Lowess without robustness iterations: a smoother that is linear in the outcomes, so that it is made once.

Local linear regression with tricube weights over the nearest ``SPAN`` of the rows, at knots that lie up to a
hundredth of the range apart, straight lines between them: ``lowess(x, y, f = 2/3, iter = 0)`` of R, which
``rms::val.prob`` draws. Cleveland, JASA 1979;74:829.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from govern.stats.clusters import totals
from govern.stats.ties import distinct as distinct_values

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Share of the rows that each local regression looks at.
SPAN = 2 / 3
_DELTA = 0.01
#: Up to so many distinct values are smoothed as they are; more are gathered in cells of equal mass.
_CELLS = 512
#: Share of the bandwidth within which rows count fully, and from which on they do not count.
_NEAR, _FAR = 0.001, 0.999
#: A bandwidth up to this is none: its inverse would not be a finite number.
_NO_WIDTH = 1e-200


@dataclass(frozen=True, kw_only=True)
class Smoother:
    """What each row weighs in the fit at ``knots`` (m,), of which each stands for a ``share`` (m,) of the rows.

    ``matrix`` (m, c) is the weight of a row at the mean of each cell, ``tilt`` (m, c) its slope in x. ``cell`` (k,) is
    the cell of each entry, ``offset`` (k,) how far it lies from the mean of its cell.
    """

    knots: NDArray[np.float64]
    share: NDArray[np.float64]
    matrix: NDArray[np.float64]
    tilt: NDArray[np.float64]
    cell: NDArray[np.int64]
    offset: NDArray[np.float64]

    def fit(self, total: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the fit at the knots, shape (m,), of entries whose rows' outcomes add up to ``total``, shape (k,)."""
        fitted: NDArray[np.float64] = self.matrix @ totals(total, self.cell)
        return fitted + self.tilt @ totals(total * self.offset, self.cell)


def smoother(x: NDArray[np.float64], weight: NDArray[np.int64] | None = None) -> Smoother:
    """Return the smoother of entries at ``x``, shape (k,), k > 0, each of them ``weight`` rows, in any order.

    More than 512 distinct values are gathered in cells of equal mass, in which a row's weight is taken to
    change linearly from that at the mean of the cell; knots and bandwidths stay those of the rows. This
    changes the fit by some 1e-6, and its mean distance from x by less. A value with a cell's share of the
    rows is a cell of its own.
    """
    distinct, at = distinct_values(x)
    rows = totals(np.ones(len(x)) if weight is None else weight, at)
    own = _cells(distinct, rows)
    mass = totals(rows, own)
    centre = totals(rows * distinct, own) / mass
    places = _knots(distinct, rows)
    knots = distinct[places]
    matrix, tilt = _weights(knots, _bandwidths(distinct, rows, knots), centre, mass, own[places])
    share = _shares(distinct, rows, places)
    return Smoother(knots=knots, share=share, matrix=matrix, tilt=tilt, cell=own[at], offset=x - centre[own[at]])


def _cells(distinct: NDArray[np.float64], rows: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the cell of each distinct value, ascending: of little mass, and of little extent where rows are few."""
    if len(rows) <= _CELLS:
        return np.arange(len(rows))
    n = rows.sum()
    by_mass = ((np.cumsum(rows) - rows / 2) * _CELLS / n).astype(np.int64)
    by_extent = ((distinct - distinct[0]) * (_CELLS / (distinct[-1] - distinct[0]))).astype(np.int64)
    heavy = rows * _CELLS >= n
    new = (np.diff(by_mass) > 0) | (np.diff(by_extent) > 0) | heavy[1:] | heavy[:-1]
    return np.concatenate([[0], np.cumsum(new)]).astype(np.int64)


def _knots(distinct: NDArray[np.float64], rows: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the places where a regression is computed: the first and last, and the last within reach of each.

    Unlike in R a value that has ``SPAN`` of the rows is always among them: the bandwidth is 0 there, and lines
    between neighbours, who see few rows, would pass it by.
    """
    reach = _DELTA * (distinct[-1] - distinct[0])
    last, places = 0, [0]
    while last < len(distinct) - 1:
        within = int(distinct.searchsorted(distinct[last] + reach, side="right")) - 1
        last = max(last + 1, within)
        places.append(last)
    if rows.max() >= SPAN * rows.sum():
        places.append(int(np.argmax(rows)))
    return np.unique(np.array(places, dtype=np.int64))


def _shares(distinct: NDArray[np.float64], rows: NDArray[np.float64], places: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the share of the rows that each knot stands for: a row counts for the two knots around it by nearness."""
    knots = distinct[places]
    if len(knots) == 1:
        return np.ones(1)
    inside, reach = np.add.reduceat(rows, places[:-1]), np.add.reduceat(rows * distinct, places[:-1])
    inside[-1] -= rows[-1]
    reach[-1] -= rows[-1] * distinct[-1]
    toward = (reach - inside * knots[:-1]) / np.diff(knots)
    shares: NDArray[np.float64] = np.append(inside - toward, rows[-1])
    shares[1:] += toward
    shares /= rows.sum()
    return shares


def _bandwidths(
    distinct: NDArray[np.float64], rows: NDArray[np.float64], knots: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the distance from each knot to the farthest of its nearest ``SPAN`` of the rows."""
    upto = np.cumsum(rows)
    n = int(upto[-1])
    near = min(n, max(2, int(SPAN * n + 1e-7)))

    def value(rank: NDArray[np.int64]) -> NDArray[np.float64]:
        return distinct[np.searchsorted(upto, rank, side="right")]

    # the first row of the nearest: the least from which the row after the last of them is no nearer than it
    low, high = np.zeros(len(knots), dtype=np.int64), np.full(len(knots), n - near)
    while (low < high).any():
        middle = (low + high) // 2
        enough = value(middle) + value(np.minimum(middle + near, n - 1)) >= 2 * knots
        low, high = np.where(enough | (low >= high), low, middle + 1), np.where(enough, middle, high)
    return np.maximum(knots - value(low), value(low + near - 1) - knots)


def _weights(
    knots: NDArray[np.float64],
    width: NDArray[np.float64],
    centre: NDArray[np.float64],
    mass: NDArray[np.float64],
    own: NDArray[np.int64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the weight of a row at the mean of each cell in the fit at each knot, and its slope in x, both (m, c).

    In a few arrays of that shape that are written over: to ask for new ones takes longer than to fill them.
    """
    wide = (width > _NO_WIDTH)[:, None]
    per = 1 / np.where(wide, width[:, None], 1.0)
    side = centre - knots[:, None]
    side *= per
    share = np.minimum(np.abs(side), 1.0)
    inside = (share <= _FAR) & (wide | (share == 0))
    left = share * share
    left *= share
    np.subtract(1, left, out=left)
    left[share <= _NEAR] = 1.0
    left *= inside
    tricube = left * left
    falling = side
    falling *= share
    falling *= tricube
    falling *= -9 * per
    tricube *= left
    # ties may leave no mean of a cell within reach: then the knot's own cell alone is
    empty = np.flatnonzero(~inside.any(axis=1))
    tricube[empty, own[empty]] = 1.0
    total = tricube @ mass
    mean = tricube @ (mass * centre) / total
    line = np.subtract(centre, mean[:, None], out=share)
    square = np.multiply(line, line, out=left)
    square *= tricube
    variance = square @ mass / total
    steep = np.sqrt(variance) > _NEAR * (knots[-1] - knots[0])
    lever = np.where(steep, (knots - mean) / np.where(steep, variance, 1.0), 0.0)[:, None]
    line *= lever
    line += 1
    line /= total[:, None]
    falling *= line
    falling += np.multiply(tricube, lever / total[:, None], out=square)
    tricube *= line
    return tricube, falling
