"""What a policy may set a check's parameters to: numbers within a range, or one of the words in its signature."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Literal, get_args, get_origin, get_type_hints

from govern.errors import PolicyError
from govern.strict_yaml import nearest


@dataclass(frozen=True, kw_only=True)
class Range:
    """Numbers from ``low`` to ``high``; ``above`` and ``below`` say that an end itself is outside."""

    low: float = -math.inf
    high: float = math.inf
    above: bool = False
    below: bool = False
    unit: str = ""

    def __contains__(self, value: float) -> bool:
        """Whether a number is finite and within the range."""
        low = self.low < value if self.above else self.low <= value
        high = value < self.high if self.below else value <= self.high
        return math.isfinite(value) and low and high

    def __str__(self) -> str:
        """``above 0 and below 1``, or ``0 to 1``, with the unit."""
        if math.isfinite(self.low) and math.isfinite(self.high) and not (self.above or self.below):
            ends = f"{self.low:g} to {self.high:g}"
        else:
            low = f"above {self.low:g}" if self.above else f"{self.low:g} or more"
            high = f"below {self.high:g}" if self.below else f"at most {self.high:g}"
            ends = " and ".join(t for t, end in ((low, self.low), (high, self.high)) if math.isfinite(end))
        return f"{ends} ({self.unit})" if self.unit else ends


#: A parameter's name means one thing in every check. Only where a method asks for more does a check's own id stand
#: before the name.
RANGES: Mapping[str, Range] = {
    "background": Range(low=1, unit="reference rows that stand for the average patient"),
    "bins": Range(low=2, high=1000, unit="cells of a distribution"),
    "chance": Range(low=0, high=1, above=True, below=True, unit="what chance alone may reach, in the measure's unit"),
    "digits": Range(low=1, high=15, unit="significant digits"),
    "draws": Range(low=2, unit="repetitions"),
    "factor": Range(low=1, above=True, unit="by which a value is multiplied and divided"),
    "flip": Range(low=0, high=1, unit="probability"),
    "groups": Range(low=2, high=1000, unit="groups of risk"),
    "nominal": Range(low=0, high=1, above=True, below=True, unit="probability"),
    "per": Range(low=1, unit="patients"),
    "prevalence": Range(low=0, high=1, below=True, unit="share of patients; 0 is the study's own"),
    "replicates": Range(low=100, high=100_000, unit="bootstrap samples"),
    "rows": Range(low=1, unit="test rows"),
    "sample": Range(low=1, unit="rows of each dataset"),
    "sd": Range(low=0, above=True, unit="standard deviations of the reference"),
    "threshold": Range(low=0, high=1, above=True, unit="risk"),
    "tolerance": Range(low=0, high=1, above=True, unit="change in risk"),
    "words": Range(low=1, unit="words"),
    "drift.domain_classifier chance": Range(low=0.5, high=1, above=True, unit="area under the ROC curve"),
    "drift.features threshold": Range(low=0, above=True, unit="Evidently's distance"),
    "performance.net_benefit threshold": Range(low=0, high=1, above=True, below=True, unit="risk"),
}


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One parameter of a check: its default, and what else it may be."""

    name: str
    default: Any
    #: Of a number, ``None`` where nobody has said it.
    range: Range | None = None
    #: Of a text, empty where any will do.
    words: tuple[str, ...] = ()

    def wrong(self, value: object) -> tuple[str, str] | None:
        """Return what is wrong with a value and what to do about it; ``None`` where nothing is."""
        kind = type(self.default)
        if isinstance(value, float) and not math.isfinite(value):
            return f"{self.name}: a finite number was expected, found {value}", "mend the value"
        if isinstance(value, list) and (odd := [v for v in value if not isinstance(v, str)]):
            return f"{self.name}: texts were expected, found {odd[0]!r}", "mend the value"
        fits = isinstance(value, kind) and isinstance(value, bool) == isinstance(self.default, bool)
        if not fits and not (kind is float and type(value) is int):  # a whole number may stand for a float
            return f"{self.name}: {kind.__name__} expected, found {value!r} ({type(value).__name__})", "mend the value"
        if self.words and value not in self.words:
            return f"{self.name}: unknown word {value!r}", nearest(str(value), self.words)
        if self.range is not None and isinstance(value, int | float) and value not in self.range:
            return f"{self.name}: {value:g} is out of range", f"allowed: {self.range}"
        return None

    @property
    def allowed(self) -> str:
        """What it may be, in words: ``0 to 1 (risk)``, ``wald, wilson``; empty where anything of its type may be."""
        return ", ".join(self.words) if self.words else "" if self.range is None else str(self.range)


def parameters(check_id: str, function: Callable[..., Any]) -> dict[str, Parameter]:
    """Return the parameters of a check's function by name: those that are keyword-only.

    Raises:
        PolicyError: the type of one cannot be read.
    """
    found = {p.name: p for p in inspect.signature(function).parameters.values() if p.kind is p.KEYWORD_ONLY}
    # Inputs' types are imported for type checkers alone, so those of parameters are read without them.
    typed = SimpleNamespace(__annotations__={n: p.annotation for n, p in found.items() if p.annotation is not p.empty})
    try:
        hints = get_type_hints(typed, globalns=getattr(inspect.unwrap(function), "__globals__", {}))
    except (NameError, TypeError) as e:
        raise PolicyError(f"check {check_id}: the type of a parameter cannot be read: {e}") from None
    made = {}
    for name, p in found.items():
        words = get_args(hints.get(name)) if get_origin(hints.get(name)) is Literal else ()
        number = isinstance(p.default, int | float) and not isinstance(p.default, bool)
        span = RANGES.get(f"{check_id} {name}", RANGES.get(name)) if number else None
        made[name] = Parameter(name=name, default=p.default, range=span, words=words)
    return made


def require(check_id: str, known: Mapping[str, Parameter], given: Mapping[str, Any]) -> None:
    """Refuse what a check's parameters cannot be.

    Raises:
        PolicyError: an unknown name, another type, a number out of its range or a word that is none of the choices.
    """
    for name, value in given.items():
        if name not in known:
            raise PolicyError(f"unknown parameter of {check_id}: {name!r}", hint=nearest(name, known))
        if (wrong := known[name].wrong(value)) is not None:
            raise PolicyError(f"{check_id}: {wrong[0]}", hint=wrong[1])
