"""Groups made of groups: intersections, some of the rows, and the cells of all groups side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from govern.errors import InputError
from govern.scan.places import blocks, counted, looked_up, smallest
from govern.scan.scores import Groups, Scores

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: More intersections would leave a handful of patients in each.
_MOST = 1000


def intersection(attribute: str, of: Sequence[Groups]) -> Groups:
    """Return the groups of rows that share a group in every attribute, named ``female & black``; empty ones are none.

    Raises:
        InputError: there are more than 1,000.
    """
    size = int(np.prod([len(g.names) for g in of]))
    code = np.zeros(len(of[0].codes), dtype=np.min_scalar_type(-size))
    for groups in of:
        code *= code.dtype.type(len(groups.names))
        np.add(code, groups.codes, out=code, casting="unsafe")
    present, codes = _dense(code, size)
    if len(present) > _MOST:
        raise InputError(f"{attribute}: {len(present):,} intersections, at most {_MOST:,} were expected")
    names = []
    for value in present:
        name = []
        for groups in reversed(of):
            value, at = divmod(int(value), len(groups.names))
            name.append(groups.names[at])
        names.append(" & ".join(reversed(name)))
    return Groups(attribute=attribute, names=tuple(names), codes=codes)


def everybody(scores: Scores) -> Groups:
    """Return the attribute in which all rows are of one group."""
    return Groups(attribute="", names=("everybody",), codes=np.zeros(len(scores.label), dtype=np.uint8))


def wide(groups: Groups) -> Groups:
    """Return groups with whose codes one can calculate."""
    return replace(groups, codes=groups.codes.astype(np.int64, copy=False))


def of_rows(groups: Groups, rows: NDArray[np.int64]) -> Groups:
    """Return the groups of the rows at these places; those that have none of them are left out."""
    present, codes = _dense(groups.codes[rows], len(groups.names))
    return Groups(attribute=groups.attribute, names=tuple(groups.names[i] for i in present), codes=codes)


def joined(parts: Sequence[Scores], groups: Groups) -> tuple[Scores, Groups]:
    """Return the rows or cells of all groups as one, the parts in the order of ``groups.names``, and whose each is."""
    scores = Scores(
        label=np.concatenate([p.label for p in parts]),
        score=np.concatenate([p.score for p in parts]),
        weight=np.concatenate([p.weights for p in parts]).astype(np.int64),
    )
    codes = np.repeat(np.arange(len(parts)), [len(p.label) for p in parts])
    return scores, Groups(attribute=groups.attribute, names=groups.names, codes=codes)


def _dense(code: NDArray[Any], size: int) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Return which codes below ``size`` occur, ascending, and each row's place among them."""
    present = np.flatnonzero(counted(code, size))
    place = np.zeros(size, dtype=np.int64)
    place[present] = np.arange(len(present))
    return present, looked_up(smallest(place, len(present)), code)


def flag_cells(scores: Scores, groups: Groups, threshold: float) -> list[Scores]:
    """Return for each group its four kinds of rows as cells: label 0 or 1, flagged (score 1) or not (score 0).

    Whatever depends on labels and flags alone is exact on them, and costs nothing however many rows there are.
    Rows of patients who repeat are no cells: give none.

    Raises:
        PolicyError: the threshold does not lie in 0 to 1.
    """
    flagged = scores.flagged(threshold)
    counts = np.zeros(4 * len(groups.names), dtype=np.int64)
    for here in blocks(len(flagged)):
        kind = (groups.codes[here].astype(np.int64) * 2 + scores.label[here]) * 2 + flagged[here]
        weight = None if scores.weight is None else scores.weight[here]
        counts += np.bincount(kind, weight, len(counts)).astype(np.int64)
    cells = Scores(label=np.array([0, 0, 1, 1], np.int8), score=np.array([0.0, 1.0, 0.0, 1.0]))
    found = []
    for count in counts.reshape(-1, 4):
        held = count > 0
        found.append(Scores(label=cells.label[held], score=cells.score[held], weight=count[held]))
    return found
