"""What a run validates and on what: subject, datasets, and what one pass over each of them left."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from govern.errors import InputError, PolicyError
from govern.project import Cut, Data, Workspace
from govern.strict_yaml import nearest
from govern.types import Dataset, Role, Subject

if TYPE_CHECKING:
    from collections.abc import Callable

    from govern.inputs import Predict
    from govern.scan import dataset
    from govern.scan.cells import ColumnCells, Grid
    from govern.scan.local import Scan
    from govern.scan.request import Columns


@dataclass(frozen=True, kw_only=True)
class Study:
    """A subject, the datasets it is validated on, and how its rows are scored (``None`` for recorded predictions)."""

    subject: Subject
    datasets: tuple[Dataset, ...]
    scans: Mapping[Role, Scan]
    predict: Predict | None = None
    features: tuple[str, ...] = field(default=())


def of_model(workspace: Workspace, uri: str) -> Study:
    """Return the study of a model on the project's datasets; each row of the test set is scored as it is read.

    Raises:
        PolicyError: nobody says what the model's inputs are, or the label is one of them.
        InputError: a dataset or the model is missing or bad.
    """
    from govern.models.model import open_model

    declared, registry = workspace.project.data, workspace.project.registry
    workspace.data_path(Role.TEST)
    address = _address(workspace, uri)
    model = open_model(
        workspace.located(address),
        tracking_uri=workspace.absolute_uri(registry.tracking_uri),
        registry_uri=workspace.absolute_uri(registry.registry_uri),
        positive=declared.positive,
    )
    features = tuple(declared.features) or model.inputs
    if not features:
        raise PolicyError(
            "neither govern.yaml nor the model's signature says what its inputs are",
            hint="list them: `features:` under `data:`",
        )
    if declared.label in features:
        raise PolicyError(f"the label {declared.label!r} is declared as a feature", hint="remove it")
    datasets, scans = _opened(workspace, sorted(declared.roles), features, predict=model.predict)
    return Study(
        subject=dataclasses.replace(model.subject, uri=address) if _is_path(uri) else model.subject,
        datasets=datasets,
        scans=scans,
        predict=model.predict,
        features=features,
    )


def of_predictions(workspace: Workspace, path: Path, version: str | None) -> Study:
    """Return the study of a vendor's predictions: one table with labels, scores and groups.

    Raises:
        PolicyError: the project names no column of scores.
        InputError: the file or a dataset is missing or bad.
    """
    from govern.models.predictions import open_predictions

    declared = workspace.project.data
    if declared.score is None and not declared.probabilities:
        raise PolicyError("govern.yaml names no column of scores", hint="add `score: COLUMN` under `data:`")
    features = tuple(declared.features)
    others = [role for role in sorted(declared.roles) if role is not Role.TEST]
    datasets, scans = _opened(workspace, others, features)
    test = read(path, declared, features, role=Role.TEST, within=grids(scans))
    subject = open_predictions(path, name=workspace.project.system.name, version=version or "not declared")
    return Study(
        subject=dataclasses.replace(subject, uri=workspace.relative(path)),
        datasets=datasets,
        scans={Role.TEST: test, **scans},
        features=features,
    )


def read(
    path: Path,
    declared: Data,
    features: Sequence[str],
    *,
    role: Role,
    within: Mapping[str, Grid] | None = None,
    whole: bool = True,
    predict: Predict | None = None,
    progress: Callable[[float], None] | None = None,
) -> Scan:
    """Read a data file once, in a role; without ``whole``, only the columns that mean something.

    Raises:
        InputError: it is no readable table, or lacks a column that this role needs (the nearest is named).
    """
    from govern.scan import stored, table
    from govern.scan.local import Scan, scan

    if role is not Role.TEST and stored.is_cells(path):
        return Scan(data=_of_cells(stored.read(path, _digest_beside(path)), declared, features, path), carried={})
    wanted = columns(declared, features, table.names(path), role=role, scored=predict is not None, path=path)
    return scan(path, dataclasses.replace(wanted, grids=within or {}, whole=whole), predict=predict, progress=progress)


def _digest_beside(path: Path) -> str | None:
    """Return the digest of the data that a file of cells lies beside, where its manifest is there."""
    from govern.data import manifest
    from govern.scan.stored import SUFFIX

    data = path.with_name(path.name.removesuffix(SUFFIX))
    return str(manifest.read(data).get("sha256")) if manifest.beside(data).is_file() else None


def _of_cells(cells: Mapping[str, ColumnCells], declared: Data, features: Sequence[str], path: Path) -> dataset.Data:
    """Return a dataset of which nothing but the cells of its columns is known."""
    from govern.scan.dataset import Data

    if missing := [name for name in features if name not in cells]:
        raise InputError(f"{path}: no cells of a column {missing[0]!r}", hint=nearest(missing[0], cells))
    rows = max((column.rows for column in cells.values()), default=0)
    label = declared.label if declared.label in cells else None
    return Data(rows=rows, columns=cells, features=tuple(features), label=label)


def columns(
    declared: Data, features: Sequence[str], available: Sequence[str], *, role: Role, scored: bool, path: Path
) -> Columns:
    """Return what is read of a file with these columns. The test set needs all that is declared, others its inputs.

    Raises:
        InputError: a column that this role needs is not there.
    """
    from govern.scan.request import Columns

    groups = {
        name: (source.column, tuple(source.cut)) if isinstance(source, Cut) else source
        for name, source in declared.groups.items()
    }
    of_groups = {name: source if isinstance(source, str) else source[0] for name, source in groups.items()}
    rows = [declared.label, declared.comparator, declared.lower, declared.upper, declared.follow_up]
    rows += [*declared.probabilities.values(), *of_groups.values()]
    if not scored:
        rows.append(declared.score)
    named = [name for name in dict.fromkeys(rows) if name]
    needed = [*features, *([*named, declared.patient_id, declared.time] if role is Role.TEST else [])]
    if missing := [name for name in needed if name and name not in available]:
        where = path if role is Role.TEST and not scored else f"dataset {role.value} ({path.name})"
        raise InputError(f"{where}: no column {missing[0]!r}", hint=nearest(missing[0], available))
    present = set(available)

    def known(name: str | None) -> str:
        return name if name in present and name is not None else ""

    return Columns(
        label=known(declared.label),
        positive=declared.positive,
        features=tuple(features),
        patient_id=known(declared.patient_id),
        time=known(declared.time),
        groups={name: source for name, source in groups.items() if of_groups[name] in present},
        carried=tuple(name for name in named if name in present),
    )


def _opened(
    workspace: Workspace, roles: Sequence[Role], features: Sequence[str], *, predict: Predict | None = None
) -> tuple[tuple[Dataset, ...], dict[Role, Scan]]:
    """Open the datasets in these roles, the reference first, since its cells are those in which others are counted."""
    from govern.data.opened import open_dataset

    datasets: dict[Role, Dataset] = {}
    scans: dict[Role, Scan] = {}
    for role in sorted(roles, key=lambda r: r is not Role.REFERENCE):
        scored = predict if role is Role.TEST else None
        reading = partial(
            read, declared=workspace.project.data, features=features, role=role, within=grids(scans), predict=scored
        )
        datasets[role], scans[role] = open_dataset(workspace, role, reading)
    return tuple(datasets[role] for role in roles), scans


def grids(scans: Mapping[Role, Scan]) -> dict[str, Grid]:
    """Return the grids in which the reference's columns were counted, for other datasets to be counted in the same."""
    reference = scans.get(Role.REFERENCE)
    if reference is None:
        return {}
    return {name: cells.grid for name, cells in reference.data.columns.items() if cells.grid is not None}


def _is_path(uri: str) -> bool:
    return urlsplit(uri).scheme in ("", "file")


def _address(workspace: Workspace, uri: str) -> str:
    """Return a model's address; a path, taken from the current folder, becomes one from the project's."""
    return workspace.relative(Path(unquote(urlsplit(uri).path))) if _is_path(uri) else uri
