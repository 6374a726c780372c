"""One check on one file, without a project or a policy: nothing is judged, signed or kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govern import canonical
from govern.checks import catalogue
from govern.checks.catalogue import Check
from govern.errors import PolicyError
from govern.evaluate import measure
from govern.inputs import Inputs
from govern.strict_yaml import nearest
from govern.types import Measurement, Role

if TYPE_CHECKING:
    import pandas as pd


def measure_file(
    check_id: str,
    *,
    data: Path,
    label: str | None = None,
    score: str | None = None,
    by: Sequence[str] = (),
    patient_id: str | None = None,
    positive: str | None = None,
    reference: Path | None = None,
    params: Sequence[str] = (),
) -> list[Measurement]:
    """Return what a check measures on a data file, of everybody or of each group of each attribute in ``by``.

    ``params`` are ``NAME=VALUE``, typed like the check's defaults. The seed is derived from the files.

    Raises:
        PolicyError: an unknown check or parameter, or a comparison of groups without ``by``.
        InputError: a file or column is missing or not fit to be measured.
    """
    from govern.scan import table

    check = catalogue.load(check_id)
    chosen = _params(check, params)
    if check.grouped and not by:
        raise PolicyError(f"{check_id} compares groups", hint="name the columns of the groups: --by sex,race")
    frames = {Role.TEST: table.read(data)}
    if reference is not None:
        frames[Role.REFERENCE] = table.read(reference)
    for column in by:
        table.column(frames[Role.TEST], column, path=data)
    inputs = Inputs(
        scores=_scores(check, frames[Role.TEST], data, label, score, patient_id, positive),
        frames=frames,
        group_columns={name: name for name in by},
        features=tuple(c for c in frames[Role.TEST].columns if c not in {label, score, patient_id, *by}),
        label=label,
        patient_id=patient_id,
        reference_scores=_reference_scores(frames.get(Role.REFERENCE), score, reference),
        seed=int(canonical.file_sha256(data)[:8], 16),
    )
    attributes: list[str | None] = [*by] or [None]
    return [m for attribute in attributes for m in measure(check, inputs, by=attribute, **chosen)]


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
    return value


def _scores(
    check: Check,
    frame: pd.DataFrame,
    data: Path,
    label: str | None,
    score: str | None,
    patient_id: str | None,
    positive: str | None,
) -> Any:
    """Return the validated scores, or ``None`` where the check asks for none."""
    from govern.scan import table
    from govern.scan.scores import scores

    if not {"scores", "groups"} & set(check.inputs):
        return None
    if label is None or score is None:
        raise PolicyError(f"{check.id} needs labels and scores", hint="name their columns: --label COL --score COL")
    return scores(
        table.column(frame, label, path=data),
        table.column(frame, score, path=data),
        patient=None if patient_id is None else table.column(frame, patient_id, path=data),
        positive=positive,
        label_name=label,
        score_name=score,
    )


def _reference_scores(frame: pd.DataFrame | None, score: str | None, path: Path | None) -> Any:
    from govern.scan.scores import probabilities

    if frame is None or score is None or score not in frame.columns:
        return None
    return probabilities(frame[score].to_numpy(), f"{path}: {score}")
