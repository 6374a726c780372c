"""From a distance of each feature to one measurement: that of the worst feature, held for all of them together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from govern.stats.multiplicity import holm
from govern.types import Measurement

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from govern.stats.drift import Distance


@dataclass(frozen=True, kw_only=True)
class Compared:
    """A feature's distance, and more facts of it."""

    feature: str
    distance: Distance
    facts: Mapping[str, Any] = field(default_factory=dict)


def worst(
    found: Sequence[Compared],
    *,
    what: str,
    method: str,
    n: int,
    support: float,
    chance: float,
    notes: Sequence[str] = (),
    sufficient: bool = True,
    details: Mapping[str, Any] | None = None,
) -> Measurement:
    """Return the measurement of the feature with the largest distance.

    The upper bound is the largest of all, the lower bound the largest of those that hold together. Inconclusive if
    identical populations would exceed ``chance`` in 1 of 20 windows of this size.
    """
    adjusted = holm([c.distance.p for c in found])
    listed = [
        {
            "feature": c.feature,
            "value": c.distance.estimate,
            "lower": c.distance.lower,
            "upper": c.distance.upper,
            "raw": c.distance.raw,
            "chance": c.distance.chance,
            "chance_limit": c.distance.chance_limit,
            "p": c.distance.p,
            "p_holm": float(p),
            **c.facts,
        }
        for c, p in zip(found, adjusted, strict=True)
    ]
    listed.sort(key=lambda entry: (-entry["value"], entry["feature"]))
    first = listed[0]
    limit = max(c.distance.chance_limit for c in found)
    message = [
        f"{first['feature']} has shifted most: {what} {first['raw']:.3f}, of which {first['chance']:.3f} is chance"
    ]
    if limit > chance:
        message.append(f"identical populations would reach {limit:.3f} in windows of this size, above {chance:g}")
    return Measurement(
        estimate=first["value"],
        lower=max(c.distance.together for c in found),
        upper=max(c.distance.upper for c in found),
        n=n,
        support=int(support),
        method=method,
        sufficient=sufficient and limit <= chance,
        message="; ".join([*message, *notes]),
        details={"features": listed, "worst": first["feature"], **(details or {})},
    )
