"""What a plan takes to be true: stated by the user, declared by the project, or a default that is said to be one."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from govern import strict_yaml
from govern.checks import catalogue
from govern.errors import PolicyError
from govern.judge import holds
from govern.planning.laws import KNOWN
from govern.planning.population import ScoreModel
from govern.policy.model import Policy, Rule
from govern.strict_yaml import nearest

STATED, DEFAULT = "stated", "default"
_PREVALENCE, _AUROC = 0.2, 0.8
#: Shares that were rounded for reading may miss 1 by this much.
_ROUNDING = 0.011


@dataclass(frozen=True, kw_only=True)
class Assumed:
    """A value with where it comes from."""

    value: float
    source: str


@dataclass(frozen=True, kw_only=True)
class Shares:
    """The share of each group of an attribute, adding up to 1, with where they come from."""

    of: Mapping[str, float]
    source: str


@dataclass(frozen=True, kw_only=True)
class Study:
    """What is assumed of the study: the patients, the groups, and the values of rules that somebody stated.

    ``expected`` maps the id of a rule, or of one of its groups (``rule[race=black]``), to the true value.
    ``test_rows`` are the rows of the declared test set, ``reference_rows`` those of the reference; 0 if unknown.
    """

    prevalence: Assumed = Assumed(value=_PREVALENCE, source=DEFAULT)
    auroc: Assumed | None = None
    groups: Mapping[str, Shares] = field(default_factory=dict)
    expected: Mapping[str, float] = field(default_factory=dict)
    power: float = 0.8
    design_effect: float = 1.0
    replicates: int = 200
    features: int = 0
    reference_rows: int = 0
    test_rows: int = 0

    def __post_init__(self) -> None:
        for name, value, low, high in (
            ("--prevalence", self.prevalence.value, 0.0, 1.0),
            ("--power", self.power, 0.0, 1.0),
            ("--auroc", self.auroc.value if self.auroc else 0.75, 0.5, 1.0),
        ):
            if not low < value < high:
                raise PolicyError(f"{name} {value:g}: between {low:g} and {high:g} was expected", hint="give a share")
        if not 1 <= self.design_effect < math.inf:
            raise PolicyError(
                f"--design-effect {self.design_effect:g}: 1 or more was expected", hint="1 is no clusters"
            )
        if not 50 <= self.replicates <= 100_000:
            raise PolicyError(f"--replicates {self.replicates}: 50 to 100,000 were expected", hint="200 is usual")


class Expectations:
    """The assumed true value of every rule, and the model whose scores the patients get."""

    def __init__(self, policy: Policy, study: Study) -> None:
        self._policy, self._study = policy, study
        _check_names(policy, study)
        self.auroc = self._auroc()
        if not 0.5 < self.auroc.value < 1:
            raise PolicyError(
                f"an AUROC of {self.auroc.value:g} is assumed: above 0.5 and below 1 was expected",
                hint="state one: --auroc 0.8, or --expect RULE=0.8",
            )
        self.model = ScoreModel(prevalence=study.prevalence.value, auroc=self.auroc.value)

    def of(self, rule: Rule, group: str = "") -> Assumed | None:
        """Return the assumed value of a rule (``group`` as in ``[race=black]``); ``None`` where the model implies it.

        Stated for the group, or for the rule; else what is assumed for everybody, if another rule measures the same;
        else halfway from the bound to the ideal, or the ideal where the criteria hold it from both sides. A criterion
        that the ideal itself does not meet guards against what is too good to be true: what is assumed besides counts.
        """
        for name in (rule.id + group, rule.id):
            if name in self._study.expected:
                return Assumed(value=self._study.expected[name], source=STATED)
        known = KNOWN.get(rule.check)
        if rule.by and (whole := self._overall(rule.check, rule.params)) is not None:
            found = self.of(whole)
            return found and Assumed(value=found.value, source=f"as {whole.id}")
        if known is None or not set(rule.params) <= known.params:
            return None
        bounds = [c.bound for c in rule.accept.criteria]
        if not _ideal_meets(rule):
            return self._besides(rule)
        if min(bounds) < known.ideal < max(bounds):
            return Assumed(value=known.ideal, source=f"{DEFAULT}: ideal")
        nearest_bound = min(bounds, key=lambda b: abs(b - known.ideal))
        return Assumed(value=(nearest_bound + known.ideal) / 2, source=f"{DEFAULT}: halfway to the ideal")

    def sensitivity(self, threshold: float) -> Assumed:
        """Return the assumed sensitivity at a threshold: that of a rule, else the score model's."""
        return self._rate("performance.sensitivity", threshold, self.model.sensitivity(threshold))

    def specificity(self, threshold: float) -> Assumed:
        """Return the assumed specificity at a threshold: that of a rule, else the score model's."""
        return self._rate("performance.specificity", threshold, self.model.specificity(threshold))

    def _besides(self, rule: Rule) -> Assumed | None:
        """Return what is assumed besides a rule of what it measures; ``None`` where the model implies it."""
        same = (r for r in self._policy.checks if (r.check, r.params) == (rule.check, rule.params) and not r.by)
        if (other := next(filter(_ideal_meets, same), None)) is not None and (found := self.of(other)) is not None:
            return Assumed(value=found.value, source=f"as {other.id}")
        return self.auroc if rule.check == "performance.auroc" else None

    def _rate(self, check: str, threshold: float, implied: float) -> Assumed:
        rule = next((r for r in self._policy.checks if r.check == check and not r.by and _at(r) == threshold), None)
        found = None if rule is None else self.of(rule)
        return found or Assumed(value=implied, source="score model")

    def _auroc(self) -> Assumed:
        areas = (r for r in self._policy.checks if r.check == "performance.auroc" and not r.by)
        rule = next((r for r in areas if r.id in self._study.expected or _ideal_meets(r)), None)
        if self._study.auroc is not None:
            return self._study.auroc
        found = None if rule is None else self.of(rule)
        if rule is None or found is None:
            return Assumed(value=_AUROC, source=DEFAULT)
        return Assumed(value=found.value, source=f"{found.source}, rule {rule.id}")

    def _overall(self, check: str, params: Mapping[str, object]) -> Rule | None:
        same = (r for r in self._policy.checks if r.check == check and not r.by and r.params == params)
        return next(same, None)


def read_expected(given: Sequence[str]) -> dict[str, float]:
    """Return ``RULE=VALUE`` texts, or YAML files that map rules to values, as one mapping; the later one counts.

    Raises:
        PolicyError: a text has another form, or a value is no finite number.
    """
    found: dict[str, float] = {}
    for text in given:
        name, separator, value = text.rpartition("=")
        pairs = [(name, value)] if separator else _of_file(Path(text))
        for rule, number in pairs:
            try:
                found[rule] = float(number)
            except (TypeError, ValueError):
                raise PolicyError(f"--expect {rule}: a number was expected, found {number!r}") from None
            if not math.isfinite(found[rule]):
                raise PolicyError(f"--expect {rule}: a finite number was expected", hint="such as discrimination=0.78")
    return found


def read_groups(given: Sequence[str]) -> dict[str, Shares]:
    """Return ``ATTRIBUTE=GROUP:SHARE,GROUP:SHARE`` texts as shares.

    Raises:
        PolicyError: a text has another form, or the shares do not add up to 1.
    """
    found = {}
    for text in given:
        attribute, separator, rest = text.partition("=")
        shares: dict[str, float] = {}
        for part in rest.split(","):
            name, colon, share = part.rpartition(":")
            try:
                shares[name.strip()] = float(share)
            except ValueError:
                colon = ""
            if not (separator and colon and name.strip()):
                raise PolicyError(
                    f"--group {text}: ATTRIBUTE=GROUP:SHARE,GROUP:SHARE was expected",
                    hint="such as sex=female:0.48,male:0.52",
                )
        found[attribute.strip()] = as_shares(attribute.strip(), shares, STATED)
    return found


def as_shares(attribute: str, shares: Mapping[str, float], source: str) -> Shares:
    """Return shares scaled to add up to exactly 1.

    Raises:
        PolicyError: one is not positive, or they miss 1 by more than rounding.
    """
    total = math.fsum(shares.values())
    if not all(0 < share <= 1 for share in shares.values()) or abs(total - 1) > _ROUNDING:
        raise PolicyError(
            f"the shares of {attribute} add up to {total:g}: positive shares that add up to 1 were expected",
            hint="name every group; put the others into one: other:0.05",
        )
    return Shares(of={name: share / total for name, share in shares.items()}, source=source)


def _of_file(path: Path) -> Iterator[tuple[str, Any]]:
    document = strict_yaml.read(path)
    yield from document.value.items()


def _check_names(policy: Policy, study: Study) -> None:
    rules = {r.id: r for r in policy.checks}
    for name in study.expected:
        rule, bracket, group = name.partition("[")
        if rule not in rules:
            raise PolicyError(f"--expect {name}: no rule {rule!r} in {policy.id}", hint=nearest(rule, rules))
        attribute, _, value = group.removesuffix("]").partition("=")
        known = study.groups.get(attribute)
        if bracket and (attribute not in rules[rule].by or (known and value not in known.of)):
            raise PolicyError(f"--expect {name}: {rule} has no such group", hint="such as rule[race=black]=0.7")


def _ideal_meets(rule: Rule) -> bool:
    """Whether a rule accepts the best value of what it measures, where that is known."""
    known = KNOWN.get(rule.check)
    return known is None or all(holds(c.operator, known.ideal, c.bound) for c in rule.accept.criteria)


def _at(rule: Rule) -> object:
    """Return the threshold of a rule, its check's default where it names none."""
    return rule.params.get("threshold", catalogue.load(rule.check).params.get("threshold"))
