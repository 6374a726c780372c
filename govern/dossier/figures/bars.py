"""Values by feature as horizontal bars: drift, share of attribution, attribution with sampling error, missingness.

Details ``{"features": [{"feature", …}]}`` with one of ``value``, ``share``, ``mean_abs`` (and ``lower``,
``upper``) or ``test`` (and ``reference``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from govern.dossier.figures.canvas import BLACK, BLUE, GREY, HALF, VERMILLION, Figure, listed, sheet
from govern.dossier.findings import Row, Rule
from govern.dossier.numbers import NONE, bounds, interval, number
from govern.dossier.printable import short

#: The bars of one figure; the attached findings hold all.
_MOST = 12
#: The bars for which there is room at least: beside fewer there is none for axis, criterion and legend.
_FEWEST = 4


@dataclass(frozen=True, kw_only=True)
class _Form:
    key: str
    axis: str


_FORMS = (
    _Form(key="value", axis="Drift"),
    _Form(key="share", axis="Share of all attribution"),
    _Form(key="mean_abs", axis="Mean absolute attribution"),
    _Form(key="test", axis="Share of missing values"),
)


def drawing(example: Mapping[str, Any]) -> Callable[[Rule, Row], Figure]:
    """Return the drawing for features of the form of ``example``."""
    form = next((f for f in _FORMS if f.key in example), _FORMS[0])

    def draw(rule: Rule, row: Row) -> Figure:
        plain = form.key == "value" and rule.family != "drift"
        return _draw(replace(form, axis="Value") if plain else form, rule, row)

    return draw


def _draw(form: _Form, rule: Rule, row: Row) -> Figure:
    measured = row.finding.measurement
    given = measured.details["features"] if measured else ()
    features = [f for f in given if f.get(form.key) is not None]
    shown = features[:_MOST]
    criterion = _criterion(form, row, shown)
    lines = max(len(shown), _FEWEST)
    with sheet(HALF, 13 + 4.7 * lines) as paper:
        axes = paper.axes
        positions = list(range(len(shown)))[::-1]
        values = [f[form.key] for f in shown]
        axes.barh(positions, values, height=0.6, color=BLUE)
        _errors(axes, form, shown, positions)
        if any(f.get("reference") is not None for f in shown):
            then = [f.get("reference") or 0 for f in shown]
            axes.plot(then, positions, "D", color=BLACK, markersize=3, markerfacecolor="white", label="reference")
            axes.legend(loc="lower right")
        if criterion:
            axes.axvline(criterion[1], color=VERMILLION, linewidth=0.9, linestyle=(0, (4, 3)))
            axes.annotate(
                f"{criterion[0]} {criterion[1]:g}",
                (criterion[1], 1.0),
                xycoords=("data", "axes fraction"),
                xytext=(2, 1),
                textcoords="offset points",
                color=VERMILLION,
            )
        axes.axvline(0, color=GREY, linewidth=0.6)
        axes.set_yticks(positions, [short(str(f["feature"]), 22) for f in shown])
        axes.tick_params(axis="y", length=0)
        axes.set_ylim(len(shown) - lines - 0.5, len(shown) - 0.5)
        axes.set_xlabel(form.axis)
    return _described(form, rule, row, shown, left=len(features) - len(shown), paper_source=paper.source)


def _criterion(form: _Form, row: Row, shown: Sequence[Mapping[str, Any]]) -> tuple[str, float] | None:
    """Return the criterion where it is about the largest bar, and not about something counted from all bars."""
    measured = row.finding.measurement
    worst = max((f[form.key] for f in shown), default=None)
    if measured is None or worst is None or measured.estimate != worst:
        return None
    return next(iter(bounds(row.finding.criterion)), None)


def _errors(axes: Any, form: _Form, shown: Sequence[Mapping[str, Any]], positions: Sequence[int]) -> None:
    """Draw the sampling error of each bar that has one."""
    for position, feature in zip(positions, shown, strict=True):
        low, high = feature.get("lower"), feature.get("upper")
        if low is not None and high is not None:
            axes.plot([low, high], [position, position], color=BLACK, linewidth=0.9, marker="|", markersize=4)


def _described(
    form: _Form, rule: Rule, row: Row, shown: Sequence[Mapping[str, Any]], *, left: int, paper_source: str
) -> Figure:
    ranged = any(f.get("lower") is not None for f in shown)
    referred = any(f.get("reference") is not None for f in shown)
    named = any(f.get("method") for f in shown)
    parts = [f"{short(str(f['feature']), 34)} {number(f[form.key])}" for f in shown]
    more = f" The {len(shown)} largest of {len(shown) + left} are shown; findings.json holds all." if left > 0 else ""
    bars = " Black bars are 95 % sampling intervals." if ranged else ""
    columns = ["Feature", form.axis]
    columns += ["95 % interval"] if ranged else []
    columns += ["Reference"] if referred else []
    columns += ["Method"] if named else []
    return Figure(
        source=paper_source,
        width=HALF,
        alt=f"{rule.title}; {form.axis.lower()} by feature, n {row.n}: {listed(parts, _MOST)}.{more}",
        caption=f"{form.axis}, by feature; n {row.n}; {row.method if row.method != NONE else rule.title}.{bars}{more}",
        finding=row.id,
        columns=tuple(columns),
        rows=tuple(
            (
                short(str(f["feature"]), 24),
                number(f[form.key]),
                *([interval(f.get("lower"), f.get("upper"))] if ranged else []),
                *([number(f.get("reference"))] if referred else []),
                *([str(f.get("method", NONE))] if named else []),
            )
            for f in shown
        ),
    )
