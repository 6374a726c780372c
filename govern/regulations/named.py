"""What a person names as a regulation, found: a region, an instrument, or instruments with a common first word."""

from __future__ import annotations

from govern.errors import PolicyError
from govern.regulations.coverage import DEFAULT_PROFILE
from govern.regulations.model import Catalogue
from govern.strict_yaml import nearest


def instruments(catalogue: Catalogue, name: str) -> tuple[str, tuple[str, ...]]:
    """Return the region, and the ids of the instruments meant; none of them is all of the region's.

    ``eu`` is a region, ``eu-ai-act`` an instrument, and ``fda`` all instruments whose ids begin with ``fda-``.

    Raises:
        PolicyError: nothing is called so; the hint names the nearest word.
    """
    if name in DEFAULT_PROFILE:
        return name, ()
    found = [i for i in catalogue.instruments if i == name] or [i for i in catalogue.instruments if _first(i) == name]
    regions = {i: region for region in DEFAULT_PROFILE for i in (x.id for x in catalogue.region(region))}
    if not found or not all(i in regions for i in found):
        words = (*DEFAULT_PROFILE, *catalogue.instruments)
        raise PolicyError(f"unknown regulation {name!r}", hint=nearest(name, words))
    return regions[found[0]], tuple(found)


def _first(identifier: str) -> str:
    return identifier.partition("-")[0]
