"""Rules and their cases, for tests of one law at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from govern.checks import catalogue
from govern.judge import judge
from govern.planning.law import Case
from govern.planning.population import ScoreModel
from govern.policy import Policy
from govern.policy.model import Rule
from govern.scan.scores import Groups, Scores
from govern.types import MANDATORY_FAMILIES, Outcome

REASON = {"reason": "planning is tested here", "person": "Ada Lee"}


def rule(check: str, accept: dict[str, str], **more: Any) -> Rule:
    return Rule.model_validate(
        {"id": check.partition(".")[2].replace("_", "-"), "check": check, "accept": accept, **more}
    )


def policy(*rules: dict[str, Any], **more: Any) -> Policy:
    return Policy.model_validate(
        {
            "schema": "govern/policy/1",
            "id": "small",
            "version": "1",
            "title": "A small policy",
            "checks": list(rules),
            "not_applicable": dict.fromkeys(MANDATORY_FAMILIES, REASON),
            **more,
        }
    )


def case(of: Rule, assumed: float, model: ScoreModel, *, shares: Sequence[float] = (1.0,), **facts: Any) -> Case:
    params = {**catalogue.load(of.check).params, **of.params}
    threshold = float(params.get("threshold", 0.5))
    sensitivity, specificity = model.sensitivity(threshold), model.specificity(threshold)
    p = model.prevalence
    given = {
        "sensitivity": sensitivity,
        "specificity": specificity,
        "flagged": p * sensitivity + (1 - p) * (1 - specificity),
    }
    return Case(
        rule=of,
        params=params,
        assumed=assumed,
        share=shares[0],
        groups=len(shares),
        model=model,
        **{**given, **facts},
    )


def passes(of: Rule, scores: Scores, groups: Groups | None = None) -> bool:
    """Whether the check, judged by the rule as the gate does it, passes; of several groups the first."""
    check = catalogue.load(of.check)
    inputs = {"scores": scores, "groups": groups, "seed": 1}
    measured = check.function(**{name: inputs[name] for name in check.inputs}, **of.params)
    return judge(measured[0] if isinstance(measured, list) else measured, of)[0] is Outcome.PASS


def flags(hits: int, events: int, false: int = 0, others: int = 0) -> Scores:
    """Rows of which ``hits`` of the events and ``false`` of the others are flagged at 0.5."""
    label = np.repeat(np.array([1, 1, 0, 0], dtype=np.int8), [hits, events - hits, false, others - false])
    score = np.repeat([0.9, 0.1, 0.9, 0.1], [hits, events - hits, false, others - false])
    return Scores(label=label, score=score)
