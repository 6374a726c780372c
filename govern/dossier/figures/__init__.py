"""Figures from findings: which drawing suits which points, by the form of a measurement's details.

A check of any package gets a figure by giving its details one of these forms; see the module of each drawing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from govern.dossier.figures import bars, calibration, curve, distribution, forest
from govern.dossier.figures.canvas import Figure
from govern.dossier.findings import Row, Rule

__all__ = ["Figure", "draw"]

_Draw = Callable[[Rule, Row], Figure]


def draw(rule: Rule) -> tuple[Figure, ...]:
    """Return the figures of a rule: those of its findings about everybody, then a forest plot of its groups."""
    return (*_overall(rule), *forest.draw(rule))


def _overall(rule: Rule) -> Iterator[Figure]:
    for row in rule.rows:
        measured = row.finding.measurement
        if row.slice or measured is None:
            continue
        for chosen in _drawings(measured.details):
            yield chosen(rule, row)


def _drawings(details: Mapping[str, Any]) -> Iterator[_Draw]:
    if (details.get("roc") or {}).get("fpr"):
        yield curve.roc
    if (details.get("pr") or {}).get("recall"):
        yield curve.precision_recall
    if bins := details.get("bins"):
        yield calibration.draw if "predicted" in bins[0] else distribution.draw
    if features := details.get("features"):
        yield bars.drawing(features[0])
