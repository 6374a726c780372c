"""How often the 95 % intervals of the checks hold what they say, from 3 events to 200.

Data are drawn from populations of known truth and measured by the checks themselves; the intervals that contain the
truth are counted. Prints the Markdown tables of docs/statistics.md, or puts them there, in about eight minutes. Every
cell has its own seed: equal arguments give equal tables, and a cell can be made again alone.

    python scripts/simulate_intervals.py [--quick] [--write]
"""

from __future__ import annotations

import argparse
import sys
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from math import exp, log, pi, sqrt
from pathlib import Path
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

from govern.checks.calibration.brier_reliability import brier_reliability
from govern.checks.calibration.ece import ece
from govern.checks.calibration.hosmer_lemeshow import hosmer_lemeshow
from govern.checks.calibration.ici import ici
from govern.checks.calibration.in_the_large import in_the_large
from govern.checks.calibration.joint_intercept import joint_intercept
from govern.checks.calibration.observed_expected import observed_expected
from govern.checks.calibration.slope import slope
from govern.checks.performance.auprc import auprc
from govern.checks.performance.auroc import auroc
from govern.checks.performance.auroc_difference import auroc_difference
from govern.checks.performance.balanced_accuracy import balanced_accuracy
from govern.checks.performance.brier import brier
from govern.checks.performance.concordance import concordance
from govern.checks.performance.f1 import f1
from govern.checks.performance.mae import mae
from govern.checks.performance.net_benefit import net_benefit
from govern.checks.performance.ppv import ppv
from govern.checks.performance.quadratic_kappa import quadratic_kappa
from govern.checks.performance.rmse import rmse
from govern.checks.performance.sensitivity import sensitivity
from govern.scan.outcomes import Classes, Comparator, Survival, Values
from govern.scan.scores import Scores
from govern.stats.distances import jensen_shannon, kolmogorov_smirnov, wasserstein
from govern.stats.drift import into, numeric_edges, spread, stability_index
from govern.stats.proportion import newcombe

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from govern.types import Measurement

PAGE = Path(__file__).parent.parent / "docs" / "statistics.md"
EVENTS, ROWS = (3, 5, 10, 20, 50, 100, 200), (50, 100, 200, 500, 1000, 5000)
#: Rows without the event for each with it, and simulations: of most intervals, and of those that resample.
CONTROLS, SIMULATIONS, RESAMPLED = 10, 4000, 800
QUICK = 20

_NORMAL = NormalDist()
#: Distance of two normal markers of which the higher is the event's with this probability.
AREA, WORSE_AREA = 0.76, 0.70
_APART, _WORSE_APART = (sqrt(2) * _NORMAL.inv_cdf(a) for a in (AREA, WORSE_AREA))
#: The risk at which decisions are taken, and a threshold that finds nine in ten events.
RISK, PREVALENCE, SHIFT = 0.1, 0.02, 0.3

Limits = tuple[float | None, float | None]


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A row of the table: data of a size, what measures them, and the truth that is to be covered."""

    name: str
    draw: Callable[[Generator, int], Any]
    measure: Callable[[Any, int], Measurement | Limits]
    truth: Callable[[], float]
    simulations: int = SIMULATIONS


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """Of how many data sets there was an interval, and how many lay above the truth, or below it."""

    simulations: int
    known: int
    above: int
    below: int

    @property
    def share(self) -> float:
        """The share of intervals that contain the truth."""
        return 1 - (self.above + self.below) / self.known

    @property
    def error(self) -> float:
        """The Monte-Carlo standard error of the share, by Agresti and Coull's estimate: never 0."""
        p = ((1 - self.share) * self.known + 2) / (self.known + 4)
        return sqrt(p * (1 - p) / self.known)


def simulate(interval: Interval, size: int, simulations: int, *, seed: int = 0) -> Coverage:
    """Return how an interval fares on so many data sets of a size."""
    truth, name = interval.truth(), zlib.crc32(interval.name.encode())
    known = above = below = 0
    for i in range(simulations):
        measured = interval.measure(interval.draw(np.random.default_rng([seed, name, size, i]), size), i)
        lower, upper = measured if isinstance(measured, tuple) else (measured.lower, measured.upper)
        if lower is None or upper is None:
            continue
        known += 1
        above += lower > truth + 1e-12
        below += upper < truth - 1e-12
    return Coverage(simulations=simulations, known=known, above=above, below=below)


def score(marker: NDArray[np.float64], stretch: float = 1.0) -> NDArray[np.float64]:
    """Return the risk that a marker means: normal about 0 without the event, as far apart with it as the area says.

    Calibrated where one row in eleven has the event; with ``stretch`` above 1 the logits lie so much too far apart.
    """
    logit = _APART * marker - _APART**2 / 2 - log(CONTROLS)
    centre = -log(CONTROLS)
    return np.asarray(1 / (1 + np.exp(-(centre + stretch * (logit - centre)))))


NINE_IN_TEN = float(score(np.array([_APART - _NORMAL.inv_cdf(0.9)]))[0])


def cases(rng: Generator, events: int) -> Scores:
    """Draw exactly so many events, and ten times as many others."""
    label = np.repeat(np.array([1, 0], dtype=np.int8), [events, CONTROLS * events])
    return Scores(label=label, score=score(rng.standard_normal(len(label)) + _APART * label))


def cohort(rng: Generator, events: int, *, stretch: float = 1.0) -> Scores:
    """Draw patients of whom one in eleven has the event."""
    label = (rng.random((1 + CONTROLS) * events) < 1 / (1 + CONTROLS)).astype(np.int8)
    return Scores(label=label, score=score(rng.standard_normal(len(label)) + _APART * label, stretch))


def repeated(rng: Generator, events: int, *, exactly: bool = True) -> Scores:
    """Draw patients with 1 to 5 rows each, alike by a half, so many (or so many on average) with the event."""
    size = (1 + CONTROLS) * events
    label = (np.arange(size) < events if exactly else rng.random(size) < 1 / (1 + CONTROLS)).astype(np.int8)
    patient = np.repeat(np.arange(len(label)), rng.integers(1, 6, len(label)))
    common, own = rng.standard_normal(len(label)), rng.standard_normal(len(patient))
    marker = sqrt(0.5) * (common[patient] + own) + _APART * label[patient]
    return Scores(label=label[patient], score=score(marker), patient=patient)


def pairs(rng: Generator, events: int) -> tuple[Scores, Comparator]:
    """Draw as :func:`cases`, with the scores of a worse marker that goes along with the first by a half."""
    label = np.repeat(np.array([1, 0], dtype=np.int8), [events, CONTROLS * events])
    first, other = rng.standard_normal((2, len(label)))
    worse = 0.5 * first + sqrt(0.75) * other + _WORSE_APART * label
    return Scores(label=label, score=score(first + _APART * label)), Comparator(name="worse", score=worse)


@cache
def population(stretch: float = 1.0) -> Scores:
    """Return everybody, as cells: what a check measures of them is what intervals are to contain."""
    edges = np.linspace(-6.0, 7.0, 20_001)
    marker, step = (edges[1:] + edges[:-1]) / 2, edges[1] - edges[0]
    density = [np.exp(-((marker - at) ** 2) / 2) / sqrt(2 * pi) * step for at in (0.0, _APART)]
    weight = np.concatenate([density[0] * CONTROLS, density[1]]) * 1e8
    label = np.repeat(np.array([0, 1], dtype=np.int8), len(marker))
    there = weight >= 1
    everybody = np.tile(score(marker, stretch), 2)
    return Scores(label=label[there], score=everybody[there], weight=np.rint(weight[there]).astype(np.int64))


CLASSES = np.array([0.6, 0.3, 0.1])
#: Of each true class, the share of each answer.
ANSWERS = np.array([[0.80, 0.15, 0.05], [0.20, 0.65, 0.15], [0.05, 0.25, 0.70]])


def grades(rng: Generator, rarest: int) -> Classes:
    """Draw rows of three ordered classes, so many on average of the rarest."""
    true = rng.choice(3, size=10 * rarest, p=CLASSES)
    predicted = (rng.random(len(true))[:, None] > ANSWERS.cumsum(axis=1)[true]).sum(axis=1)
    return Classes(names=("mild", "moderate", "severe"), true=true, predicted=predicted, ordered=True)


def _kappa() -> float:
    far = np.subtract.outer(range(3), range(3)) ** 2
    by_chance = np.outer(CLASSES, CLASSES @ ANSWERS)
    return float(1 - (far * CLASSES[:, None] * ANSWERS).sum() / (far * by_chance).sum())


def numbers(rng: Generator, rows: int, *, skewed: bool = False) -> Values:
    """Draw errors that are standard normal, or log-normal: exp of standard normal."""
    error = rng.standard_normal(rows)
    return Values(true=np.zeros(rows), predicted=np.exp(error) if skewed else error)


_HAZARD = 0.8


def times(rng: Generator, events: int) -> Survival:
    """Draw twice as many patients as events: exponential times, log hazard 0.8 times the risk, half censored."""
    risk = rng.standard_normal(2 * events)
    event, censored = rng.exponential(np.exp(-_HAZARD * risk)), rng.exponential(1.0, len(risk))
    return Survival(time=np.minimum(event, censored), event=(event <= censored).astype(np.int8), risk=risk)


@cache
def concordant() -> float:
    """Return the concordance of :func:`times`: which of two hazards and two censoring clocks rings first."""
    place = (np.arange(2000) + 0.5) / 2000
    hazard = np.exp(_HAZARD * np.array([_NORMAL.inv_cdf(p) for p in place]))
    both = hazard[:, None] + hazard[None, :]
    return float((np.maximum.outer(hazard, hazard) / (both + 2)).mean() / (both / (both + 2)).mean())


def proportions(rng: Generator, events: int) -> tuple[int, int, int, int]:
    """Draw how many events are found of a group (eight in ten) and of a rest three times as large (nine in ten)."""
    return int(rng.binomial(events, 0.8)), events, int(rng.binomial(3 * events, 0.9)), 3 * events


def windows(rng: Generator, rows: int, *, shift: float) -> tuple[NDArray[np.float64], ...]:
    """Draw a reference and a window as large whose values lie ``shift`` standard deviations higher, as counts."""
    values = rng.standard_normal((2, rows)) + np.array([[0.0], [shift]])
    place, code = np.unique(values, return_inverse=True)
    then, now = (np.bincount(side, minlength=len(place)).astype(float) for side in code.reshape(2, rows))
    return place, then, now


def _deciles(distance: str, shift: float) -> float:
    """Return the true index or distance over the deciles of a standard normal."""
    edges = [_NORMAL.inv_cdf(i / 10) - shift for i in range(1, 10)]
    q = np.diff([0.0, *map(_NORMAL.cdf, edges), 1.0])
    if distance == "psi":
        return float(((q - 0.1) * np.log(q / 0.1)).sum())
    middle = (q + 0.1) / 2
    return sqrt(max(0.0, float((0.1 * np.log(0.1 / middle) + q * np.log(q / middle)).sum()) / 2))


def _drift(distance: str, sample: tuple[NDArray[np.float64], ...]) -> Limits:
    value, then, now = sample
    n, m = float(then.sum()), float(now.sum())
    if distance == "ks":
        found = kolmogorov_smirnov(then, now, n_reference=n, n_current=m)
    elif distance == "wasserstein":
        found = wasserstein(value, then, now, scale=spread(value, then), n_reference=n, n_current=m)
    else:
        edges = numeric_edges(value, then, 10)
        measure = stability_index if distance == "psi" else jensen_shannon
        found = measure(into(edges, value, then), into(edges, value, now), n_reference=n, n_current=m)
    return found.lower, found.upper


def _scored(
    name: str, check: Callable[..., Measurement], draw: Any, *, seeded: bool = False, **params: Any
) -> Interval:
    """Return an interval of a check of scores, whose truth is what the check finds in the whole population."""
    stretch = getattr(draw, "keywords", {}).get("stretch", 1.0)

    def measure(sample: Scores, seed: int) -> Measurement:
        return check(sample, seed, **params) if seeded else check(sample, **params)

    @cache
    def truth() -> float:
        return float(measure(population(stretch), 0).estimate or 0.0)

    count = RESAMPLED if check is ici or params.get("interval") == "bootstrap" else SIMULATIONS
    return Interval(name=name, draw=draw, measure=measure, truth=truth, simulations=count)


def _other(name: str, draw: Any, measure: Callable[[Any], Any], truth: Callable[[], float]) -> Interval:
    return Interval(name=name, draw=draw, measure=lambda sample, seed: measure(sample), truth=truth)


_stretched, _visits = partial(cohort, stretch=1.5), partial(repeated, exactly=False)
INTERVALS = (
    _scored("AUROC, DeLong, logit", auroc, cases),
    _scored("AUROC, DeLong, Wald", auroc, cases, interval="wald"),
    _scored("AUROC, patients with 1-5 rows", auroc, repeated),
    _other("AUROC difference, paired", pairs, lambda s: auroc_difference(*s), lambda: AREA - WORSE_AREA),
    _scored("AUPRC, logit", auprc, cohort, seeded=True),
    _scored("AUPRC, bootstrap", auprc, cohort, seeded=True, interval="bootstrap"),
    _scored("Brier", brier, cohort),
    _scored("Brier, patients with 1-5 rows", brier, _visits),
    _scored("sensitivity, Wilson", sensitivity, cases, threshold=NINE_IN_TEN),
    _scored("sensitivity, Clopper-Pearson", sensitivity, cases, threshold=NINE_IN_TEN, interval="clopper-pearson"),
    _scored("sensitivity, patients with 1-5 rows", sensitivity, repeated, threshold=NINE_IN_TEN),
    _other("difference of sensitivities, Newcombe", proportions, lambda s: newcombe(*s), lambda: 0.8 - 0.9),
    _scored("PPV in the study", ppv, cohort, threshold=RISK),
    _scored("PPV at a declared prevalence", ppv, cases, threshold=RISK, prevalence=PREVALENCE),
    _scored("F1", f1, cohort, threshold=RISK),
    _scored("net benefit at 0.1", net_benefit, cohort, threshold=RISK),
    _scored("net benefit at 0.2", net_benefit, cohort, threshold=2 * RISK),
    _scored("slope", slope, cohort),
    _scored("slope, true one 0.67", slope, _stretched),
    _scored("slope, patients with 1-5 rows", slope, _visits),
    _scored("joint intercept", joint_intercept, cohort),
    _scored("in-the-large", in_the_large, cohort),
    _scored("in-the-large, patients with 1-5 rows", in_the_large, _visits),
    _scored("O/E", observed_expected, cohort),
    _scored("ECE, calibrated", ece, cohort, seeded=True),
    _scored("ECE, true slope 0.67", ece, _stretched, seeded=True),
    _scored("ICI, calibrated", ici, cohort, seeded=True),
    _scored("ICI, true slope 0.67", ici, _stretched, seeded=True),
    _scored("Brier reliability, true slope 0.67", brier_reliability, _stretched, seeded=True),
    _scored("Hosmer-Lemeshow misfit, true slope 0.67", hosmer_lemeshow, _stretched),
    _other("balanced accuracy", grades, balanced_accuracy, lambda: float(np.diag(ANSWERS).mean())),
    _other("quadratic kappa", grades, quadratic_kappa, _kappa),
    _other("concordance", times, concordance, concordant),
    _other("MAE, normal errors", numbers, mae, lambda: sqrt(2 / pi)),
    _other("MAE, log-normal errors", partial(numbers, skewed=True), mae, lambda: exp(0.5)),
    _other("RMSE, normal errors", numbers, rmse, lambda: 1.0),
    _other("RMSE, log-normal errors", partial(numbers, skewed=True), rmse, lambda: exp(1.0)),
)
_TRUE: dict[str, tuple[str, Callable[[float], float]]] = {
    "PSI": ("psi", partial(_deciles, "psi")),
    "Jensen-Shannon": ("jensen_shannon", partial(_deciles, "jensen_shannon")),
    "Kolmogorov-Smirnov": ("ks", lambda shift: 2 * _NORMAL.cdf(shift / 2) - 1),
    "Wasserstein": ("wasserstein", lambda shift: shift),
}
DRIFT = tuple(
    _other(
        f"{name}, {'no shift' if not shift else f'shift of {shift:g} SD'}",
        partial(windows, shift=shift),
        partial(_drift, distance),
        partial(truth, shift),
    )
    for name, (distance, truth) in _TRUE.items()
    for shift in (0.0, SHIFT)
)


def table(*, simulations: int | None = None) -> str:
    """Return the Markdown tables and what falls short in them; ``simulations`` of each cell, else each row's own."""
    text = []
    for intervals, sizes, what in ((INTERVALS, EVENTS, "events"), (DRIFT, ROWS, "rows in each window")):
        found = {i.name: [simulate(i, size, simulations or i.simulations) for size in sizes] for i in intervals}
        text += [
            f"Covers the truth, in %, with the Monte-Carlo standard error, by {what}:\n",
            _markdown(found, sizes, covers),
            f"\nLower limit above the truth / upper limit below it, in % (2.5 / 2.5 are meant), by {what}:\n",
            _markdown(found, sizes, misses),
            "\nCovers less than 95 % by more than three errors: " + _listed(found, sizes, _short),
            "\nNo interval was given, and so none counted, in % of the data sets: " + _listed(found, sizes, _absent),
            "",
        ]
    return "\n".join(text).rstrip()


def covers(c: Coverage) -> str:
    """Return the coverage and its error as a cell of the table."""
    return f"{100 * c.share:.1f} ± {100 * c.error:.1f}" if c.known else "none"


def misses(c: Coverage) -> str:
    """Return on which side intervals miss, as a cell of the table."""
    return f"{100 * c.above / c.known:.1f} / {100 * c.below / c.known:.1f}" if c.known else "none"


def _short(c: Coverage) -> str:
    return f"{100 * c.share:.1f}" if c.share + 3 * c.error < 0.95 else ""


def _absent(c: Coverage) -> str:
    share = 100 * (1 - c.known / c.simulations)
    return "" if not share else f"{share:.1f}" if share >= 0.1 else "under 0.1"


def _markdown(found: dict[str, list[Coverage]], sizes: Sequence[int], cell: Callable[[Coverage], str]) -> str:
    lines = [f"| interval | {' | '.join(map(str, sizes))} |", f"|---|{'---|' * len(sizes)}"]
    return "\n".join([*lines, *(f"| {name} | {' | '.join(map(cell, row))} |" for name, row in found.items())])


def _listed(found: dict[str, list[Coverage]], sizes: Sequence[int], figure: Callable[[Coverage], str]) -> str:
    parts = []
    for name, row in found.items():
        at = [f"{text} at {size}" for size, c in zip(sizes, row, strict=True) if c.known and (text := figure(c))]
        parts += [f"{name} ({', '.join(at)})"] if at else []
    return "; ".join(parts) + "." if parts else "none."


def placed(page: str, name: str, text: str) -> str:
    """Return a page with ``text`` between its markers of this name."""
    begin, end = f"<!-- begin: {name} -->", f"<!-- end: {name} -->"
    before, rest = page.split(begin)
    return f"{before}{begin}\n{text}\n{end}{rest.split(end)[1]}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} data sets a cell: to see that it runs")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/statistics.md")
    given = parser.parse_args()
    made = table(simulations=QUICK if given.quick else None)
    if given.write:
        PAGE.write_text(placed(PAGE.read_text(), "coverage", made))
    else:
        sys.stdout.write(made + "\n")
