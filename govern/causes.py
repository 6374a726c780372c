"""One cause, many findings: a column that cannot be read stops every rule that asks for it, and is told once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from govern.types import Finding, Outcome

#: Outcomes of which a message says what stood in the way of measuring; all others are about a measurement.
_STOPPED = (Outcome.ERROR, Outcome.NOT_AVAILABLE)


@dataclass(frozen=True, kw_only=True, eq=False)
class Cause:
    """What stopped more than one rule, with the findings that say so in the same words."""

    findings: tuple[Finding, ...]

    @property
    def message(self) -> str:
        """What was in the way."""
        return self.findings[0].message

    @property
    def fix(self) -> str:
        """What to do about it."""
        return self.findings[0].fix

    @property
    def outcome(self) -> Outcome:
        """The outcome of all of its findings."""
        return self.findings[0].outcome

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules that it stops, in the order of the policy."""
        return tuple(dict.fromkeys(f.rule for f in self.findings))

    def __str__(self) -> str:
        """Say ``stops 2 rules: auroc, brier``."""
        return f"stops {len(self.rules)} rules: {', '.join(self.rules)}"


def causes(findings: Iterable[Finding]) -> dict[str, Cause]:
    """Return, by the id of each finding that has one, the cause that it shares with findings of other rules."""
    alike: dict[tuple[Outcome, str], list[Finding]] = {}
    for finding in findings:
        if finding.outcome in _STOPPED:
            alike.setdefault((finding.outcome, finding.message), []).append(finding)
    shared = (Cause(findings=tuple(found)) for found in alike.values())
    return {f.id: cause for cause in shared if len(cause.rules) > 1 for f in cause.findings}
