from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from govern.errors import InputError, PolicyError
from govern.evaluate import evaluate
from govern.inputs import Inputs
from govern.judge import judge
from govern.policy import Policy
from govern.policy.model import Rule
from govern.project import Data
from govern.scan.local import scan
from govern.scan.request import Columns
from govern.types import Measurement, Outcome, Role


def rule(**changes: object) -> Rule:
    plain = {"id": "r", "check": "performance.sensitivity", "accept": {"lower": ">= 0.60"}}
    return Rule.model_validate({**plain, **changes})


def measured(estimate: float | None, lower: float | None, upper: float | None, **changes: object) -> Measurement:
    plain = {"n": 500, "support": 200, "method": "m"}
    return Measurement(estimate=estimate, lower=lower, upper=upper, **{**plain, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "outcome"),
    [
        (measured(0.70, 0.61, 0.78), Outcome.PASS),
        (measured(0.70, 0.60, 0.78), Outcome.PASS),
        (measured(0.50, 0.40, 0.58), Outcome.FAIL),
        (measured(0.59, 0.50, 0.68), Outcome.FAIL),
        (measured(0.65, 0.55, 0.75), Outcome.INCONCLUSIVE),
        (measured(0.95, 0.90, 0.99, support=19), Outcome.INCONCLUSIVE),
        (measured(0.95, 0.90, 0.99, support=20), Outcome.PASS),
        (measured(0.95, 0.90, 0.99, sufficient=False), Outcome.INCONCLUSIVE),
        (measured(None, None, None), Outcome.INCONCLUSIVE),
        (measured(0.95, None, None), Outcome.INCONCLUSIVE),
    ],
)
def test_judging(given: Measurement, outcome: Outcome) -> None:
    assert judge(given, rule())[0] is outcome


@pytest.mark.parametrize(
    "given",
    [
        measured(float("nan"), 0.9, 0.95),
        measured(0.9, 0.85, float("inf")),
        measured(0.5, 0.8, 0.9),
        measured(0.95, 0.8, 0.9),
        measured(0.85, 0.9, 0.8),
    ],
)
def test_numbers_that_contradict_each_other_are_an_error(given: Measurement) -> None:
    assert judge(given, rule())[0] is Outcome.ERROR


def test_every_criterion_must_hold() -> None:
    both = rule(accept={"lower": ">= 0.8", "upper": "<= 1.25"})
    assert judge(measured(1.0, 0.9, 1.1), both)[0] is Outcome.PASS
    assert judge(measured(1.2, 1.1, 1.3), both)[0] is Outcome.INCONCLUSIVE
    assert judge(measured(1.3, 1.2, 1.4), both)[0] is Outcome.FAIL


def test_the_message_says_what_was_found_and_required() -> None:
    assert judge(measured(0.50, 0.4, 0.6), rule())[1] == "0.500 where >= 0.6 is required"
    assert "its lower bound 0.550 does not" in judge(measured(0.65, 0.55, 0.75), rule())[1]
    assert judge(measured(0.9, 0.8, 0.95, support=40), rule())[1] == "thin evidence (40)"


def policy(*rules: dict[str, object]) -> Policy:
    return Policy.model_validate(
        {"schema": "govern/policy/1", "id": "p", "version": "1", "title": "t", "checks": list(rules)}
    )


@pytest.fixture
def inputs() -> Inputs:
    rng = np.random.default_rng(1)
    n = 600
    risk = rng.uniform(0.05, 0.95, n)
    frame = pd.DataFrame(
        {"y": (rng.uniform(size=n) < risk).astype(int), "p": risk, "site": ["a"] * 550 + ["b"] * 50, "x": risk}
    )
    declared = Data(label="y", score="p", features=["x"], groups={"site": "site"})
    columns = Columns(label="y", features=("x",), groups={"site": "site"}, carried=("y", "p", "site"))
    return Inputs(declared=declared, scans={Role.TEST: scan(frame, columns)}, seed=1)


def test_a_slice_is_measured_for_each_group(inputs: Inputs) -> None:
    found = evaluate(
        policy({"id": "r", "check": "performance.auroc", "by": ["site"], "accept": {"lower": ">= 0.5"}}), inputs
    )
    assert [f.id for f in found] == ["r[site=a]", "r[site=b]"]
    assert [f.measurement.n for f in found if f.measurement] == [550, 50]


def test_an_input_that_is_not_there_is_not_available(inputs: Inputs) -> None:
    found = evaluate(
        policy(
            {"id": "d", "check": "drift.psi", "accept": {"upper": "<= 0.2"}},
            {"id": "e", "check": "explainability.concentration", "accept": {"upper": "<= 0.2"}},
            {"id": "f", "check": "documentation.completeness", "accept": {"estimate": ">= 1"}},
        ),
        inputs,
    )
    assert [f.outcome for f in found] == [Outcome.NOT_AVAILABLE] * 3


@pytest.mark.parametrize("crashed", [ZeroDivisionError("boom"), SystemExit("boom"), SystemExit(0)])
def test_a_check_that_crashes_is_an_error(
    inputs: Inputs, monkeypatch: pytest.MonkeyPatch, crashed: BaseException
) -> None:
    from govern.checks.performance import auroc

    def crash(*_: object, **__: object) -> None:
        raise crashed

    monkeypatch.setattr(auroc, "auroc", crash)
    from govern.checks import catalogue

    catalogue.load.cache_clear()
    monkeypatch.setattr(catalogue, "_inputs", lambda *_: ("scores",))
    found = evaluate(policy({"id": "r", "check": "performance.auroc", "accept": {"lower": ">= 0.5"}}), inputs)
    catalogue.load.cache_clear()
    assert found[0].outcome is Outcome.ERROR
    assert "the check crashed" in found[0].message


def test_an_unknown_group_is_refused(inputs: Inputs) -> None:
    with pytest.raises(InputError, match="unknown group 'sit'"):
        inputs.groups("sit")


def test_a_parameter_out_of_range_is_a_mistake_of_the_policy(inputs: Inputs) -> None:
    rule = {"id": "r", "check": "performance.sensitivity", "params": {"threshold": 30}, "accept": {"lower": ">= 0.5"}}
    with pytest.raises(PolicyError, match=r"rule r: .*sensitivity: threshold: 30 is out of range"):
        evaluate(policy(rule), inputs)


def test_rejected_inputs_count_as_wrong_in_decisions_and_not_in_what_risks_mean(inputs: Inputs) -> None:
    frame = inputs.scans[Role.TEST].data.sample.copy()
    frame.loc[:19, "p"] = np.nan
    declared = Data(label="y", score="p", features=["x"], rejected=True)
    columns = Columns(label="y", features=("x",), carried=("y", "p"))
    partly = Inputs(declared=declared, scans={Role.TEST: scan(frame, columns)}, seed=1)
    rules = [("s", "performance.sensitivity", "lower", ">= 0"), ("c", "calibration.ece", "upper", "<= 1")]
    rules += [("v", "data.invalid_scores", "estimate", "<= 0"), ("e", "data.exact_extremes", "estimate", "<= 0")]
    found = evaluate(policy(*({"id": i, "check": c, "accept": {on: text}} for i, c, on, text in rules)), partly)
    readings = [(f.rule, f.slice.get("reading")) for f in found]
    assert readings == [
        ("s", "rejected inputs left out"),
        ("s", "rejected inputs as wrong"),
        ("c", "rejected inputs left out"),
        ("v", None),
        ("e", None),
    ]
    assert [f.outcome for f in found] == [Outcome.PASS] * 5
