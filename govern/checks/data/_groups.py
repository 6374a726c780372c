"""The group columns that two datasets share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govern.checks.drift._features import Feature, comparable

if TYPE_CHECKING:
    from govern.scan.dataset import Data


def shared_groups(test: Data, reference: Data) -> tuple[list[Feature], list[str]]:
    """Return the declared group columns that are no inputs, as both datasets hold them, and those that one lacks.

    Raises:
        InputError: as :func:`govern.checks.drift._features.comparable`.
    """
    inputs = {*test.features, *reference.features}
    names = [name for name in dict.fromkeys((*test.groups, *reference.groups)) if name not in inputs]
    held = [name for name in names if name in test.columns and name in reference.columns]
    found = [
        Feature(
            name=name,
            kind=comparable(name, {"reference": reference, "test": test}),
            reference=reference.columns[name],
            current=test.columns[name],
        )
        for name in held
    ]
    return found, [name for name in names if name not in held]
