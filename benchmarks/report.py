"""The page ``docs/benchmarks.md`` and its figure, from raw results."""

from __future__ import annotations

import json
import os
import platform
from collections import defaultdict
from datetime import date
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.jobs import EVERYTHING, JOBS, SCAN, SIZES, TARGETS, Target

#: A profile that was taken once; it is not made anew with the page.
PROFILE = """
## Where the time goes

Profiled once, in CPU milliseconds, with other load on the machine, so that the sums lie above the table's.

| part | 1 M | 10 M |
|---|---|---|
| scan: reading, counting, coding, columns that are kept | 599 | 5,809 |
| scores of each group, sorted and reduced (4 attributes) | 134 | 954 |
| everybody's scores, sorted and reduced | 15 | 167 |
| groups from columns, cells of flags | 27 | 263 |
| Emax and ICI | 163 | 176 |
| Brier reliability (pays for cutting the groups) | 74 | 201 |
| invalid scores, duplicates | 18 | 426 |

Of the scan of 1 M rows (42 columns of numbers, 14 of words) counting and coding take 255 ms (4.6 ns a value, of
which the code that finds copies 1.2), reading Parquet 170 ms; the rest are columns that are kept and the hand-over
between threads. A bare scan only adds values up; it counts nothing. At 100 k rows the measures of 35 slices take
most: Emax and ICI 121 ms, the gaps between groups about 130 ms, Brier reliability 75 ms, AUPRC and AUROC 78 ms,
recalibration 38 ms. At 10 M rows the memory is that of row codes, scores, labels, groups and one buffer for
sorting, about 42 bytes a row; feature columns leave only cells and the sample.
"""

Results = dict[tuple[str, str, int], list[dict[str, Any]]]


def write(results: Path, docs: Path) -> None:
    """Write the page and the figure of time against rows."""
    runs: Results = defaultdict(list)
    for line in results.read_text().splitlines():
        found = json.loads(line)
        runs[found["who"], found["what"], found["rows"]].append(found)
    figure(runs, docs / "benchmarks.svg")
    (docs / "benchmarks.md").write_text(page(runs), encoding="utf-8")


def page(runs: Results) -> str:
    """Return the page: conditions, ratios with their aims, medians of every job."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    libraries = ", ".join(f"{name} {version(name)}" for name in ("numpy", "pandas", "pyarrow", "scipy"))
    lines = [
        "# Benchmarks",
        "",
        "Made by `make bench` (`benchmarks/`): one seeded workload, every job in a process of its own, all jobs in turn"
        " and the whole round repeated, so that they meet the same machine. Numbers are medians; a ratio is one of two "
        "medians of this run and says nothing about another machine.",
        "",
        f"Machine: {len(os.sched_getaffinity(0))} cores, {memory:.0f} GiB, {platform.system()}, "
        f"Python {platform.python_version()}; {libraries}. Run of {date.today().isoformat()}. Peers have environments "
        "of their own with the versions in `benchmarks/peers/*.txt`.",
        "",
        "*Seconds* are those of the job alone: without imports and, for the peers, without reading the file, which is "
        "in govern's. *Process* is the whole process with both. Files lie in the page cache.",
        "",
        "*Everything* is every performance, bias, calibration, drift and data measure with its interval, for everybody "
        "and for each group of four attributes (34 groups), against a reference whose cells are stored with its "
        "snapshot. Model scoring, SHAP and Evidently's own report work on declared samples and are not in it.",
        "",
        "![Seconds against rows](benchmarks.svg)",
        "",
        "## Ratios",
        "",
        "| what | measured | aim | |",
        "|---|---|---|---|",
        *(_ratio(runs, target) for target in TARGETS),
        *_absolute(runs),
        "",
        "## Medians",
        "",
        "| who | what | rows | seconds | CPU seconds | process | peak MB | runs | note |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    seen = set()
    for job in JOBS:
        key = (job.who, job.what, job.rows)
        if key not in seen and key in runs:
            seen.add(key)
            lines.append(_row(*key, runs[key]))
    return "\n".join(lines) + "\n" + PROFILE


def seconds(runs: Results, who: str, what: str, rows: int) -> float | None:
    """Return the median seconds of a job; of ``bare``, those of the fastest engine."""
    if who == "bare":
        found = [s for w in ("duckdb", "polars", "pyarrow") if (s := seconds(runs, w, what, rows)) is not None]
        return min(found) if found else None
    wall = [run["wall"] for run in runs.get((who, what, rows), []) if "wall" in run]
    return median(wall) if wall else None


def _ratio(runs: Results, target: Target) -> str:
    ours = seconds(runs, "govern", *target.ours)
    theirs = seconds(runs, *target.theirs)
    if ours is None or theirs is None:
        return f"| {target.text} | not measured | {_aim(target)} | |"
    ratio = theirs / ours if target.faster else ours / theirs
    met = ratio >= target.aim if target.faster else ratio <= target.aim
    shown = f"{ratio:,.0f} times faster" if target.faster else f"{ratio:.2f} times its time"
    return f"| {target.text} | {shown} ({ours:.3g} s, {theirs:.3g} s) | {_aim(target)} | {'' if met else 'missed'} |"


def _aim(target: Target) -> str:
    return f"{target.aim:,.0f} times faster" if target.faster else f"at most {target.aim:g} times"


def _absolute(runs: Results) -> list[str]:
    lines = []
    if (warm := seconds(runs, "govern", EVERYTHING, 100_000)) is not None:
        lines.append(f"| everything, 100 k, warm | {warm:.2f} s | under 0.5 s | {'' if warm < 0.5 else 'missed'} |")
    if peak := [r["peak_mb"] for r in runs.get(("govern", EVERYTHING, 10_000_000), []) if "peak_mb" in r]:
        high = max(peak)
        lines.append(f"| peak memory, everything, 10 M | {high:,.0f} MB | under 700 MB | {_missed(high < 700)} |")
    return lines


def _missed(met: bool) -> str:
    return "" if met else "missed"


def _row(who: str, what: str, rows: int, found: list[dict[str, Any]]) -> str:
    good = [run for run in found if "wall" in run]
    if not good:
        return f"| {who} | {what} | {SIZES[rows]} | | | | | {len(found)} | {found[0]['failed']} |"
    middle = {k: median(run[k] for run in good) for k in ("wall", "cpu", "process", "peak_mb")}
    note = f"extrapolated from {good[0]['share']:.1%} of the replicates" if good[0]["share"] < 1 else ""
    if len(good) < len(found):
        note = f"{note}; {len(found) - len(good)} runs failed".lstrip("; ")
    return (
        f"| {who} | {what} | {SIZES[rows]} | {middle['wall']:,.3g} | {middle['cpu']:,.3g} | "
        f"{middle['process']:,.3g} | {middle['peak_mb']:,.0f} | {len(good)} | {note} |"
    )


def figure(runs: Results, file: Path) -> None:
    """Draw seconds against rows, both logarithmic; told apart by marker and dash, so in grey too."""
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot as plt

    mpl.rcParams["svg.hashsalt"] = "govern"
    lines: dict[tuple[str, str], list[tuple[int, float]]] = defaultdict(list)
    for who, what, rows in runs:
        if (found := seconds(runs, who, what, rows)) is not None and who not in ("polars", "duckdb", "pyarrow"):
            lines[who, what].append((rows, found))
    for rows in SIZES:
        if (found := seconds(runs, "bare", SCAN, rows)) is not None:
            lines["bare scan", "one file"].append((rows, found))
    shape, axes = plt.subplots(figsize=(8, 5))
    for i, ((who, what), points) in enumerate(sorted(lines.items())):
        x, y = zip(*sorted(points), strict=True)
        ours = who == "govern"
        axes.plot(
            x,
            y,
            marker="osD^vP*X<>hp"[i % 12],
            linestyle="-" if ours else "--",
            linewidth=2 if ours else 1,
            color="black" if ours else str(0.25 + 0.04 * (i % 12)),
            label=f"{who}: {what}",
        )
    axes.set(xscale="log", yscale="log", xlabel="rows", ylabel="seconds (median)")
    axes.grid(visible=True, which="major", alpha=0.3)
    axes.legend(fontsize=7, loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
    shape.savefig(file, bbox_inches="tight", metadata={"Date": None})
    plt.close(shape)
