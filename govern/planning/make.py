"""Policy and assumptions to a plan: for each rule and group the least counts at which it can be decided."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np

from govern.checks import catalogue
from govern.judge import holds
from govern.planning import simulation
from govern.planning.assumptions import STATED, Assumed, Expectations, Study
from govern.planning.law import Case, Count, Law, NotPlanned
from govern.planning.laws import KNOWN
from govern.planning.need import NEVER, NOT_PLANNED, Need, Plan
from govern.planning.search import LARGEST, least, rows_for
from govern.types import Insufficient, Severity

if TYPE_CHECKING:
    from govern.policy.model import Policy, Rule

#: Sizes at which a curve is drawn, as shares of the size that is needed.
_CURVE = np.linspace(0.1, 2.0, 20)
_REASONS = {
    "documentation": "counted, not estimated",
    "datasets": "counted, not estimated",
    "attributions": "rests on explained rows, which its own parameters set, not on the number of patients",
    "model": "rests on the model's answers to changed inputs, not on a sample of patients alone",
    "recorded": "counted, not estimated",
    "population": "compares the groups' shares with declared ones; choose the shares when you recruit",
    "comparator": "depends on how alike the two sets of scores are",
    "classes": "no multiclass outcome is modelled here",
    "values": "no numeric outcome is modelled here",
    "survival": "no time to an event is modelled here",
    "test": "depends on how the two datasets are distributed",
}


def plan(policy: Policy, study: Study, *, progress: Callable[[str], None] = lambda rule: None) -> Plan:
    """Return the plan of a study: the power of the very rule that the gate will apply, of each bound that it judges.

    Raises:
        PolicyError: an assumption is out of its range, or names no rule or group of the policy.
    """
    from threadpoolctl import threadpool_limits

    planner = _Planner(policy, study)
    needs: list[Need] = []
    with threadpool_limits(limits=1):  # of thousands of small matrices: threads would only wait for each other
        for i, rule in enumerate(policy.checks, start=1):
            progress(f"planning {rule.id} ({i} of {len(policy.checks)})")
            needs.extend(planner.needs(rule))
    return Plan(policy=policy, study=study, assumptions=planner.assumptions(), needs=tuple(needs))


class _Planner:
    """One policy under one set of assumptions; a simulation is made once for all groups that it holds for."""

    def __init__(self, policy: Policy, study: Study) -> None:
        self._policy, self._study = policy, study
        self._expected = Expectations(policy, study)
        self._simulated: dict[Any, simulation.Simulated] = {}

    def needs(self, rule: Rule) -> Iterator[Need]:
        if not rule.by:
            yield self._need(rule, {}, (1.0,))
        for attribute in rule.by:
            shares = self._study.groups.get(attribute)
            if shares is None:
                yield self._need(rule, {attribute: "each group"}, ())
                continue
            for name, share in shares.of.items():
                others = [s for other, s in shares.of.items() if other != name]
                yield self._need(rule, {attribute: name}, (share, *others))

    def assumptions(self) -> tuple[tuple[str, str, str], ...]:
        """Return what is assumed of the patients: what, the value as text, and where it is from."""
        study, model = self._study, self._expected.model
        found = [
            ("prevalence", f"{model.prevalence:g}", study.prevalence.source),
            ("AUROC of the score model", f"{model.auroc:g}", self._expected.auroc.source),
            ("score model", "binormal, equal variances, calibrated", "fixed"),
            ("prevalence and accuracy", "the same in every group unless stated", "fixed"),
        ]
        if study.design_effect != 1:
            found.append(("design effect of clustering", f"{study.design_effect:g}", STATED))
        if study.reference_rows:
            found.append(("rows of the reference", f"{study.reference_rows:,}", "manifest"))
        for name, shares in study.groups.items():
            found.append((f"shares of {name}", ", ".join(f"{g} {s:.3g}" for g, s in shares.of.items()), shares.source))
        return tuple(found)

    def _need(self, rule: Rule, group: dict[str, str], shares: Sequence[float]) -> Need:
        need = Need(
            rule=rule.id,
            check=rule.check,
            slice=group,
            share=shares[0] if shares else None,
            criterion=str(rule.accept),
            blocks=rule.severity is Severity.BLOCK,
            limits=rule.insufficient is Insufficient.LIMIT,
        )
        try:
            assumed = self._expected.of(rule, "".join(f"[{k}={v}]" for k, v in group.items()))
            known = KNOWN.get(rule.check)
            if known is not None and set(rule.params) <= known.params and assumed is not None:
                need = replace(need, assumed=assumed)
                _possible(rule, assumed)
                case = self._case(rule, assumed, shares)
                return self._from_law(need, known.law(case))
            return self._from_draws(need, rule, assumed, shares)
        except NotPlanned as e:
            return replace(need, outcome=NOT_PLANNED, message=str(e))
        except _Impossible as e:
            return replace(need, outcome=NEVER, assumed=e.assumed, message=str(e))

    def _case(self, rule: Rule, assumed: Assumed, shares: Sequence[float]) -> Case:
        params = {**catalogue.load(rule.check).params, **rule.params}
        threshold = float(params.get("threshold", 0.5))
        model = self._expected.model
        sensitivity, specificity = (
            rate(threshold).value for rate in (self._expected.sensitivity, self._expected.specificity)
        )
        p = model.prevalence
        return Case(
            rule=rule,
            params=params,
            assumed=assumed.value,
            share=shares[0] if shares else 1.0,
            groups=len(shares),
            model=model,
            sensitivity=sensitivity,
            specificity=specificity,
            flagged=p * sensitivity + (1 - p) * (1 - specificity),
            reference=self._study.reference_rows,
            features=self._study.features,
        )

    def _from_law(self, need: Need, law: Law) -> Need:
        size = least(law.power, self._study.power, start=law.floor, every=law.every)
        if size is None:
            text = f"not with {LARGEST:,} {law.unit} either; an assumed value nearer to the ideal is needed"
            return replace(need, outcome=NEVER, message=text, method=law.method)
        sizes = np.unique(np.maximum(1, np.rint(size * _CURVE)).astype(np.int64))
        floor = "min_events decides" if size == law.floor and law.floor > 1 else ""
        return replace(
            need,
            power=float(law.power(np.array([size]))[0]),
            unit=law.unit,
            method=law.method,
            message=floor,
            curve=self._inflated(sizes.tolist(), law.power(sizes).tolist()),
            **self._counted(need, law.counts(size)),
        )

    def _from_draws(self, need: Need, rule: Rule, assumed: Assumed | None, shares: Sequence[float]) -> Need:
        """Return a need by simulation of the check; a check that cannot be simulated says why."""
        check = catalogue.load(rule.check)
        if not simulation.simulable(check):
            raise NotPlanned(next((_REASONS[i] for i in _REASONS if i in check.inputs), "no power is known for it"))
        if check.family == "data":
            raise NotPlanned(_REASONS["datasets"])
        if check.grouped and len(shares) < 2:
            raise NotPlanned("a gap needs the shares of at least two groups: --group")
        case = self._case(rule, assumed or Assumed(value=0.0, source=""), shares)
        compared = tuple(shares) if check.grouped else ()
        model = case.model
        if assumed is not None and check.grouped:
            raise NotPlanned("it is simulated for groups that do not differ: no other value can be assumed")
        if assumed is not None:
            model = simulation.assume(check, case, assumed.value)
        else:
            found = simulation.value(check, case, model, compared)
            assumed = Assumed(value=found, source="score model")
        need = replace(need, assumed=assumed)
        _possible(rule, assumed)
        key = (rule.id, assumed.value, compared)
        if key not in self._simulated:
            self._simulated[key] = simulation.simulate(
                check, case, model, self._study.power, replicates=self._study.replicates, shares=compared
            )
        result = self._simulated[key]
        method = f"simulated by the check itself, {self._study.replicates} replicates"
        if result.rows is None:
            text = f"a power of {result.power:.2f} at {result.points[-1][0]:,} rows; more are not simulated"
            return replace(need, outcome=NEVER, message=text, method=method, curve=result.points)
        own = round(result.rows * shares[0]) if compared else result.rows
        return replace(
            need,
            power=result.power,
            error=result.error,
            unit="rows in all" if compared else "rows",
            method=method,
            curve=self._inflated(*zip(*result.points, strict=True)),
            **self._counted(need, case.both(own)),
        )

    def _counted(self, need: Need, counts: Sequence[Count]) -> dict[str, Any]:
        """Return counts and rows in all, with the design effect; no rows where a group's share is not known."""
        inflated = [replace(c, n=ceil(c.n * self._study.design_effect - 1e-9)) for c in counts]
        rows = None if need.share is None else rows_for([(c.n, c.share) for c in inflated])
        return {"counts": {c.name: c.n for c in inflated}, "rows": rows}

    def _inflated(self, sizes: Sequence[int], powers: Sequence[float]) -> tuple[tuple[int, float], ...]:
        return tuple((ceil(s * self._study.design_effect), p) for s, p in zip(sizes, powers, strict=True))


class _Impossible(Exception):  # noqa: N818 - no error: the assumed truth itself does not meet the rule
    def __init__(self, message: str, assumed: Assumed) -> None:
        super().__init__(message)
        self.assumed = assumed


def _possible(rule: Rule, assumed: Assumed) -> None:
    """Refuse to look for a size where the assumed truth itself does not meet the rule."""
    for c in rule.accept.criteria:
        if not holds(c.operator, assumed.value, c.bound):
            text = f"the assumed value {assumed.value:.3g} is not {c.operator} {c.bound:g}: no number is enough"
            raise _Impossible(text, assumed)
