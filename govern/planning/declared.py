"""What a project declares of its patients: shares, prevalence and sizes; the test set itself is not opened."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from govern.errors import GovernError
from govern.planning.assumptions import Assumed, Shares, as_shares
from govern.project import Cut, parts
from govern.types import Role

if TYPE_CHECKING:
    import pandas as pd

    from govern.project import Workspace

#: Where patients are counted, the first that is declared. Planning must be no look at the test set.
_COUNTED = (Role.REFERENCE, Role.TRAIN)


@dataclass(frozen=True, kw_only=True)
class Declared:
    """Facts of a project; what it does not declare is empty or 0."""

    prevalence: Assumed | None = None
    groups: dict[str, Shares] = field(default_factory=dict)
    features: int = 0
    reference_rows: int = 0
    test_rows: int = 0


def declared(workspace: Workspace, attributes: set[str], *, counted: bool = True) -> Declared:
    """Return what a project declares: the target population first, else what its reference or train data hold.

    ``attributes`` are those that a policy slices by; without ``counted`` no data are read.

    Raises:
        InputError: the data are missing or bad.
    """
    data = workspace.project.data
    groups = {
        name: as_shares(name, shares, "target_population in govern.yaml")
        for name, shares in data.target_population.items()
        if name in attributes
    }
    prevalence = None
    role = next((r for r in _COUNTED if r in data.roles), None)
    if counted and role is not None:
        from govern.scan import table

        frame = table.read(workspace.data_path(role))
        prevalence = _prevalence(workspace, frame, role)
        for name in sorted(attributes - set(groups)):
            if all(part in data.groups for part in parts(name)):
                groups[name] = _shares(workspace, frame, name, role)
    return Declared(
        prevalence=prevalence,
        groups=groups,
        features=len(data.features),
        reference_rows=_rows(workspace, Role.REFERENCE),
        test_rows=_rows(workspace, Role.TEST),
    )


def _prevalence(workspace: Workspace, frame: pd.DataFrame, role: Role) -> Assumed:
    from govern.scan import table
    from govern.scan.scores import labels

    data = workspace.project.data
    label = labels(table.column(frame, data.label, path=f"dataset {role.value}"), data.positive, data.label)
    return Assumed(value=round(float(label.mean()), 4), source=f"{role.value} data")


def _shares(workspace: Workspace, frame: pd.DataFrame, name: str, role: Role) -> Shares:
    from govern.scan import scores, table
    from govern.scan.groups import intersection

    of = []
    for part in parts(name):
        source = workspace.project.data.groups[part]
        column, cut = (source.column, source.cut) if isinstance(source, Cut) else (source, None)
        of.append(scores.groups(part, table.column(frame, column, path=f"dataset {role.value}"), cut=cut))
    groups = of[0] if len(of) == 1 else intersection(name, of)
    counts = {g: int((groups.codes == i).sum()) for i, g in enumerate(groups.names)}
    return as_shares(name, {g: c / len(frame) for g, c in counts.items()}, f"{role.value} data")


def _rows(workspace: Workspace, role: Role) -> int:
    """Return the rows that the manifest states; 0 where there is none."""
    from govern.data import manifest

    try:
        rows = manifest.read(workspace.data_path(role)).get("rows")
    except GovernError:
        return 0
    return rows if isinstance(rows, int) else 0
