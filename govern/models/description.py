"""What a model says of itself in its file ``MLmodel``, read without MLflow: importing that takes seconds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from govern.errors import InputError
from govern.models.service import first_line


@dataclass(frozen=True, kw_only=True)
class Description:
    """Flavours with their settings, the run that logged it, and the columns of its signature where it has some."""

    flavors: Mapping[str, Any]
    run_id: str | None
    inputs: tuple[str, ...]


def read(uri: str, folder: Path) -> Description:
    """Return what the model in a folder says of itself.

    Raises:
        InputError: it is no MLflow model, its description is damaged, or it cannot be run in Python.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    path = folder / "MLmodel"
    if not path.is_file():
        found = ", ".join(sorted(p.name for p in folder.iterdir())[:5]) or "nothing"
        raise InputError(
            f"{uri}: not an MLflow model: no file MLmodel in {folder} (found: {found})",
            hint="log the model with MLflow, for example mlflow.sklearn.log_model",
        )
    try:
        value = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
        flavors, run_id = value.get("flavors"), value.get("run_id")
        inputs = _names((value.get("signature") or {}).get("inputs"))
        if not isinstance(flavors, dict) or not isinstance(run_id, str | None):
            raise TypeError("flavours and a run were expected")
    except (YAMLError, OSError, ValueError, TypeError, AttributeError, RecursionError) as e:
        raise InputError(
            f"{uri}: its file MLmodel cannot be read: {first_line(e)[:300]}", hint="log the model again"
        ) from None
    if "python_function" not in flavors:
        raise InputError(
            f"{uri}: has no python_function flavour (found: {', '.join(map(str, flavors)) or 'none'})",
            hint="log it with a flavour that MLflow can run in Python",
        )
    return Description(flavors=flavors, run_id=run_id, inputs=inputs)


def _names(inputs: Any) -> tuple[str, ...]:
    """Return the names in a signature's inputs (JSON in text); none where one has no name, as in a tensor's."""
    names = [column.get("name") for column in json.loads(inputs)] if inputs else []
    return tuple(names) if all(isinstance(name, str) for name in names) else ()
