"""One check on one file, without a project or a policy: nothing is judged, signed or kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from govern import canonical, study
from govern.checks import catalogue
from govern.checks.catalogue import Check
from govern.checks.inputs import DATASETS
from govern.checks.parameters import require
from govern.errors import PolicyError
from govern.evaluate import measure
from govern.inputs import Inputs
from govern.project import Data, parts
from govern.strict_yaml import nearest
from govern.types import Measurement, Role


def measure_file(
    check_id: str,
    *,
    data: Path,
    columns: Data,
    by: Sequence[str] = (),
    reference: Path | None = None,
    params: Sequence[str] = (),
) -> list[Measurement]:
    """Return what a check measures on a data file, of everybody or of each group of each attribute in ``by``.

    ``columns`` says what the file's columns mean, as ``data:`` of a project does; what neither it nor ``by`` names
    is a feature. ``params`` are ``NAME=VALUE``, typed like the check's defaults. The seed is derived from the file.

    Raises:
        PolicyError: an unknown check or parameter, or a comparison of groups without ``by``.
        InputError: a file or column is missing or not fit to be measured.
    """
    from govern.scan import table

    check = catalogue.load(check_id)
    chosen = _params(check, params)
    require(check.id, check.parameters, chosen)  # before any data are read
    if empty := [name for name in by if not all(parts(name))]:
        raise PolicyError(
            f"--by {empty[0]}: the name of a column is missing",
            hint="--by sex,race for groups by each, --by 'sex*race' for their intersections",
        )
    if check.grouped and not by:
        raise PolicyError(f"{check_id} compares groups", hint="name the columns of the groups: --by sex,race")
    declared = columns.model_copy(update={"groups": {part: part for name in by for part in parts(name)}})
    whole = bool(DATASETS & set(check.inputs))
    features = declared.features or (_others(declared, table.names(data)) if whole else [])
    scans = {}
    if reference is not None:
        scans[Role.REFERENCE] = study.read(reference, declared, features, role=Role.REFERENCE, whole=whole)
    scans[Role.TEST] = study.read(data, declared, features, role=Role.TEST, within=study.grids(scans), whole=whole)
    inputs = Inputs(
        declared=declared,
        scans=scans,
        thresholds=[chosen.get("threshold", check.params.get("threshold", 0.5))],
        seed=int(canonical.file_sha256(data)[:8], 16),
    )
    attributes: list[str | None] = [*by] or [None]
    return [m for attribute in attributes for m in measure(check, inputs, by=attribute, **chosen)]


def _others(declared: Data, names: Sequence[str]) -> list[str]:
    """Return the columns that mean nothing else: these are the model's inputs."""
    known = declared.model_dump(mode="json")
    told = {value for value in known.values() if isinstance(value, str)}
    return [name for name in names if name not in {*told, *declared.probabilities.values(), *declared.groups}]


def _params(check: Check, given: Sequence[str]) -> dict[str, Any]:
    chosen: dict[str, Any] = {}
    for text in given:
        name, separator, value = text.partition("=")
        if not separator:
            raise PolicyError(f"--param {text}: NAME=VALUE was expected", hint="such as --param threshold=0.3")
        if name not in check.params:
            raise PolicyError(f"unknown parameter of {check.id}: {name!r}", hint=nearest(name, check.params))
        chosen[name] = _typed(name, value, check.params[name])
    return chosen


def _typed(name: str, value: str, default: object) -> object:
    """Return the text as a value of the default's type."""
    if isinstance(default, bool):
        if value.lower() not in ("true", "false"):
            raise PolicyError(f"--param {name}: true or false was expected, found {value!r}")
        return value.lower() == "true"
    if isinstance(default, int | float):
        try:
            return type(default)(value)
        except ValueError:
            raise PolicyError(f"--param {name}: a number was expected, found {value!r}") from None
    if isinstance(default, list):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value
