"""Check ``data.coding_consistency``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from govern.types import Measurement, Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from govern.scan.cells import ColumnCells
    from govern.scan.dataset import Data

#: How many columns, and how many sets of words of one, a finding lists.
_LISTED, _EXAMPLES = 50, 10


def coding_consistency(test: Data, datasets: Mapping[Role, Data]) -> Measurement:
    """Columns in which one thing is written in several ways.

    Why: To a model "Male", "male " and "M" are three sexes, and a missing value that was written as -9 is a patient who
        is far from everybody. A group that is split by its spelling is too small to be judged.
    How: A count of columns among the model's inputs, the groups and the label (of all columns where no inputs are
        declared), over all declared datasets together, in which: words differ only by case, space, accent, leading
        zeros or punctuation beside a letter; or mean the same (m/male/man, f/female/woman, y/yes/true/1,
        n/no/false/0); or several words stand for missing; at least 5 different numbers are stored as words and half of
        the rows have them; one dataset holds words and another numbers; or a code such as -1, -9, 99 or 999 repeats
        among numbers (at least 3 rows) and lies further beyond all others than 3 of their interquartile ranges or
        than their whole range, or is the only negative value. The details name the columns and what was found.
    Limits: Spelling mistakes and synonyms that are not listed are not found, nor a code inside the range of the values
        (99 as an age). A code that is far away may be a true value: look at it. Inconclusive if a column holds more
        than 100,000 different words, which are not counted one by one, unless something is found all the same.
    Fix: Map the values to one coding before the datasets are made; leave what is missing empty.
    See: Kahn MG et al. A harmonized data quality assessment terminology. eGEMs 4(1):1244, 2016 (conformance).
    """
    method = "exact count of columns"
    sides = {**datasets, Role.TEST: test}
    names = _names(test)
    if not names:
        return Measurement.unknown(n=test.rows, method=method, message="there are no columns to look at")
    uncounted = []
    listed: list[dict[str, Any]] = []
    for name in names:
        columns = {role.value: data.columns[name] for role, data in sides.items() if name in data.columns}
        problems = list(_problems(columns))
        listed += [{"column": name, **problem} for problem in problems]
        if not problems and any(_uncounted(column) for column in columns.values()):
            uncounted.append(name)
    affected = list(dict.fromkeys(entry["column"] for entry in listed))
    known = len(affected) if affected or not uncounted else None
    message = f"{len(affected)} of {len(names)} columns are coded in several ways"
    if affected:
        message += ": " + "; ".join(f"{e['column']}: {e['problem']} {e['examples'][0]}" for e in listed[:3])
    if uncounted:
        message += f"; {', '.join(uncounted[:5])} hold more different words than are counted"
    return Measurement.counted(
        known,
        n=test.rows,
        method=method,
        message=message,
        details={"columns": listed[:_LISTED], "affected": affected, "uncounted": uncounted, "looked_at": len(names)},
    )


def _names(test: Data) -> list[str]:
    """Return the columns that are looked at: what the model and the evaluation use, or all but patient and time."""
    if test.features:
        used = (*test.features, *test.groups, *([test.label] if test.label else []))
        return [name for name in dict.fromkeys(used) if name in test.columns]
    return [name for name in test.columns if name not in (test.patient_id, test.time)]


def _problems(columns: Mapping[str, ColumnCells]) -> Iterator[dict[str, Any]]:
    from govern.checks.data._codes import numbers, sentinels, variants

    kinds = {role: column.kind for role, column in columns.items() if column.kind != "empty"}
    if len(set(kinds.values())) > 1:
        yield {"problem": "of several kinds", "examples": [f"{kind} in {role}" for role, kind in kinds.items()]}
    words: Counter[str] = Counter()
    codes: dict[float, None] = {}
    for column in columns.values():
        if column.kind == "words" and not _uncounted(column):
            words.update(dict(zip(column.value.tolist(), column.count.tolist(), strict=True)))
        elif column.kind == "numbers":
            codes.update(dict.fromkeys(sentinels(column)))
    if found := variants(words):
        yield {"problem": "one word in several spellings", "examples": found[:_EXAMPLES]}
    if stored := numbers(words):
        yield {"problem": "numbers stored as words", "examples": stored}
    if codes:
        yield {"problem": "a code among the numbers", "examples": list(codes)}


def _uncounted(column: ColumnCells) -> bool:
    from govern.scan.cells import OTHER

    return column.kind == "words" and OTHER in column.value
