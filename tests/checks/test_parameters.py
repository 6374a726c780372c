"""A parameter out of its range is refused before anything is measured, wherever it comes from."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any, Literal

import pytest

from govern.checks import catalogue
from govern.checks.measures import MEASURED
from govern.checks.parameters import RANGES, Range, parameters, require
from govern.errors import PolicyError
from govern.evaluate import measure
from govern.inputs import Inputs
from govern.project import Data


def refused(check: str, **given: Any) -> PolicyError:
    with pytest.raises(PolicyError) as caught:
        require(check, catalogue.load(check).parameters, given)
    return caught.value


def test_every_number_that_a_policy_may_set_has_a_range() -> None:
    checks = [catalogue.load(name) for name in catalogue.names()]
    numbers = [(c.id, p) for c in checks for p in c.parameters.values() if type(p.default) in (int, float)]
    assert [(c, p.name) for c, p in numbers if p.range is None] == []
    assert set(MEASURED) <= set(catalogue.names()), "a measure of a check that is gone"
    used = {name for c, p in numbers for name in (p.name, f"{c} {p.name}")}
    assert set(RANGES) <= used, "a range of a parameter that no check has"


def test_every_default_is_allowed() -> None:
    for name in catalogue.names():
        require(name, catalogue.load(name).parameters, catalogue.load(name).params)


@pytest.mark.parametrize(
    ("check", "given", "message", "hint"),
    [
        ("performance.sensitivity", {"threshold": 30}, "threshold: 30 is out of range", "above 0 and at most 1"),
        ("performance.sensitivity", {"threshold": 0}, "out of range", "above 0"),
        ("performance.sensitivity", {"threshold": True}, "float expected", "mend"),
        ("performance.sensitivity", {"treshold": 0.3}, "unknown parameter", "'threshold'"),
        ("performance.net_benefit", {"threshold": 1.0}, "out of range", "below 1"),
        ("performance.ppv", {"prevalence": 1.5}, "out of range", "share of patients"),
        ("performance.sensitivity", {"interval": "wilsn"}, "unknown word 'wilsn'", "'wilson'"),
        ("performance.auroc", {"interval": "delong"}, "unknown word 'delong'", "logit"),
        ("calibration.ece", {"binning": "equal-width-ish"}, "unknown word", "'equal-width'"),
        ("performance.auprc", {"replicates": 10}, "out of range", "100 to 100000"),
        ("calibration.ece", {"bins": 0}, "out of range", "2 to 1000"),
        ("calibration.ece", {"bins": 2.5}, "int expected", "mend"),
        ("calibration.hosmer_lemeshow", {"groups": 1}, "out of range", "2 to 1000"),
        ("drift.psi", {"chance": 1.0}, "out of range", "above 0 and below 1"),
        ("drift.psi", {"chance": math.nan}, "finite", "mend"),
        ("drift.domain_classifier", {"chance": 0.5}, "out of range", "above 0.5 and at most 1"),
        ("drift.domain_classifier", {"sample": 0}, "out of range", "1 or more"),
        ("drift.features", {"threshold": math.inf}, "finite", "mend"),
        ("explainability.additivity", {"rows": 0}, "out of range", "1 or more"),
        ("explainability.additivity", {"background": 0}, "out of range", "1 or more"),
        ("explainability.stability", {"draws": 1}, "out of range", "2 or more"),
        ("explainability.stability", {"compare": "ranks"}, "unknown word 'ranks'", "'rank'"),
        ("explainability.protected_share", {"protected": [1]}, "texts were expected", "mend"),
        ("robustness.noise", {"sd": 0.0}, "out of range", "above 0"),
        ("robustness.noise", {"flip": 1.5}, "out of range", "0 to 1"),
        ("robustness.rounding", {"digits": 16}, "out of range", "1 to 15"),
        ("robustness.rounding", {"tolerance": 0.0}, "out of range", "above 0"),
        ("robustness.unit_shift", {"factor": 1.0}, "out of range", "above 1"),
        ("documentation.completeness", {"words": 0}, "out of range", "1 or more"),
    ],
)
def test_what_is_out_of_range_is_refused(check: str, given: dict[str, Any], message: str, hint: str) -> None:
    error = refused(check, **given)
    assert error.message.startswith(f"{check}: ") or message == "unknown parameter"
    assert message in error.message
    assert hint in error.hint
    # The Python interface refuses the same, before it asks for any data.
    with pytest.raises(PolicyError) as caught:
        measure(catalogue.load(check), Inputs(declared=Data(label="y"), scans={}, seed=1), **given)
    assert caught.value.message == error.message


@pytest.mark.parametrize("name", sorted(RANGES))
def test_the_ends_of_a_range_are_as_it_says(name: str) -> None:
    span = RANGES[name]
    for end, outside, excluded in ((span.low, -1, span.above), (span.high, 1, span.below)):
        if math.isfinite(end):
            assert (end in span) is not excluded
            assert math.nextafter(end, outside * math.inf) not in span
            assert math.nextafter(end, -outside * math.inf) in span
    assert math.nan not in span
    assert math.inf not in span


def test_a_range_reads_as_a_person_would_say_it() -> None:
    spans = (Range(low=0, high=1), Range(low=1), Range(high=1, below=True), Range(low=0, high=1, above=True), Range())
    assert [str(s) for s in spans] == ["0 to 1", "1 or more", "below 1", "above 0 and at most 1", ""]
    assert all(a != b for a, b in pairwise(map(str, spans)))


def test_words_come_from_the_signature_and_an_unreadable_type_is_told() -> None:
    def good(scores: NotImported, *, kind: Literal["a", "b"] = "a", free: str = "") -> None:  # type: ignore[name-defined] # noqa: F821
        """Measure."""

    def bad(*, kind: NotImported = "a") -> None:  # type: ignore[name-defined] # noqa: F821
        """Measure."""

    found = parameters("x.good", good)
    assert (found["kind"].words, found["free"].words) == (("a", "b"), ())
    with pytest.raises(PolicyError, match="cannot be read"):
        parameters("x.bad", bad)
