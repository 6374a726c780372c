"""The form of a policy file, as strict as a form can be; what words are valid is checked in ``lint``."""

from __future__ import annotations

import math
import re
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from govern import canonical
from govern.types import MANDATORY_FAMILIES, Criterion, Insufficient, Severity, Signatory

_CRITERION = re.compile(r"\s*(<=|>=|<|>|==)\s*([-+]?[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?)\s*")
_ID = r"^[a-z0-9][a-z0-9/_-]*$"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, ignored_types=(cached_property,))


def _criterion(text: object) -> object:
    """Check the form ``OPERATOR NUMBER``, such as ``>= 0.70``."""
    match = _CRITERION.fullmatch(text) if isinstance(text, str) else None
    if match is None or not math.isfinite(float(match[2])):
        raise ValueError("an operator (<= >= < > ==) and a number were expected, such as '>= 0.70'")
    return text


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


CriterionText = Annotated[str, BeforeValidator(_criterion)]


class Accept(_Strict):
    """Acceptance criteria; all that are given must hold. A confidence bound is the rule, the estimate an exception."""

    lower: CriterionText | None = None
    upper: CriterionText | None = None
    estimate: CriterionText | None = None

    @model_validator(mode="after")
    def _one_at_least(self) -> Accept:
        if not self.criteria:
            raise ValueError("one of lower, upper, estimate was expected")
        for bound, operators in (("lower", (">", ">=")), ("upper", ("<", "<="))):
            for c in self.criteria:
                if c.on == bound and c.operator not in operators:
                    raise ValueError(f"{bound} can only be held by {' or '.join(operators)}, or a wide interval passes")
        held = {c.on: c.bound for c in self.criteria}
        if "lower" in held and "upper" in held and held["lower"] > held["upper"]:
            raise ValueError(f"no interval lies above {held['lower']:g} and below {held['upper']:g}")
        return self

    def __str__(self) -> str:
        """``lower >= 0.8 and upper <= 1.25``."""
        return " and ".join(map(str, self.criteria))

    @property
    def criteria(self) -> tuple[Criterion, ...]:
        """The criteria in the order lower, upper, estimate."""
        found = []
        for on in ("lower", "upper", "estimate"):
            if (text := getattr(self, on)) is not None:
                match = _CRITERION.fullmatch(text)
                assert match is not None  # noqa: S101 - _criterion has checked the form
                found.append(Criterion(on=on, operator=match[1], bound=float(match[2])))
        return tuple(found)


class Rule(_Strict):
    """One check, for whom, and what must hold of it."""

    id: str = Field(pattern=_ID)
    check: str
    params: dict[str, str | int | float | bool | list[str]] = Field(default_factory=dict)
    by: Annotated[list[str], BeforeValidator(_listed)] = Field(default_factory=list)
    #: Rules that must pass before this one counts: a hierarchy of endpoints, tested in a fixed order.
    after: Annotated[list[str], BeforeValidator(_listed)] = Field(default_factory=list)
    min_events: int = Field(default=20, ge=0)
    accept: Accept
    severity: Severity = Severity.BLOCK
    insufficient: Insufficient = Insufficient.BLOCK
    controls: list[str] = Field(default_factory=list)
    #: Why the threshold is what it is; printed in the dossier.
    because: str = ""

    @property
    def family(self) -> str:
        """The check's family."""
        return self.check.partition(".")[0]


class DataRequirement(_Strict):
    """The least a dataset must hold for the gate to look at it at all."""

    min_rows: int = Field(default=1, ge=1)
    min_events: int | None = Field(default=None, ge=1)
    #: How often the data may be looked at, by other subjects or policies too, before a look is exploratory.
    looks: int = Field(default=1, ge=1)


class Approval(_Strict):
    """A role that must sign before promotion."""

    role: Signatory


class Documented(_Strict):
    """Facts that ``govern.yaml`` must declare."""

    required: list[str] = Field(default_factory=list)


class WaiverTerms(_Strict):
    """What a waiver may cover, and for how long.

    By default not ``error`` and ``not_available``: where nothing was measured nobody knows what they would accept.
    """

    max_days: int = Field(default=365, ge=1, le=3650)
    outcomes: list[Literal["fail", "inconclusive", "not_available", "error"]] = Field(default=["fail", "inconclusive"])


class EvidenceTerms(_Strict):
    """How long after its decision evidence admits and promotes a model."""

    valid_days: int = Field(default=365, ge=1, le=3650)


class NotApplicable(_Strict):
    """Why a mandatory family does not apply, and who says so."""

    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=10)]
    person: Annotated[str, StringConstraints(strip_whitespace=True, min_length=2)]


class Policy(_Strict):
    """A policy with everything that it extends merged in."""

    schema_: Literal["govern/policy/1"] = Field(alias="schema")
    id: str = Field(pattern=_ID)
    version: str
    title: str
    extends: Annotated[list[str], BeforeValidator(_listed)] = Field(default_factory=list)
    task: Literal["binary", "multiclass", "regression", "survival"] = "binary"
    data: dict[Literal["train", "reference", "test", "external", "production"], DataRequirement] = Field(
        default_factory=dict
    )
    checks: list[Rule] = Field(default_factory=list)
    approvals: list[Approval] = Field(default_factory=list)
    waivers: WaiverTerms = WaiverTerms()
    evidence: EvidenceTerms = EvidenceTerms()
    documentation: Documented = Documented()
    not_applicable: dict[str, NotApplicable] = Field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return the resolved policy as plain JSON values, with its digest under ``sha256``."""
        body = self._body()
        return {**body, "sha256": canonical.digest(body)}

    @cached_property
    def sha256(self) -> str:
        """SHA-256 (hex) of the canonical JSON of the resolved policy, without this key."""
        return canonical.digest(self._body())

    def missing_families(self) -> list[str]:
        """Return the mandatory families with neither a blocking check nor a declared reason."""
        covered = {r.family for r in self.checks if r.severity is Severity.BLOCK} | set(self.not_applicable)
        return [f for f in MANDATORY_FAMILIES if f not in covered]

    def _body(self) -> dict[str, Any]:
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)
