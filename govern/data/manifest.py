"""A dataset's manifest: the SHA-256 digests and datasheet facts that are kept beside its DVC pointer."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govern import canonical
from govern.data import git
from govern.data.pointer import Pointer
from govern.errors import InputError
from govern.files import replace
from govern.types import Dataset, Role

if TYPE_CHECKING:
    from govern.data.facts import Facts
    from govern.project import Workspace

SCHEMA = "govern/dataset/1"


def beside(path: Path) -> Path:
    """Return where the manifest of a data file lies."""
    return path.with_name(f"{path.name}.manifest.json")


def inside(workspace: Workspace, path: Path) -> Path:
    """Return ``path`` as an absolute path with its folder resolved.

    The last part is left as it is: DVC may have made the file a link into its own cache.

    Raises:
        InputError: it lies outside the project, where nothing is versioned with it.
    """
    absolute = path.parent.resolve() / path.name
    if not absolute.is_relative_to(workspace.root.resolve()) or path.name in ("", ".."):
        raise InputError(
            f"{path}: outside the project {workspace.root}", hint="move or copy the data file into the project"
        )
    return absolute


def describe(workspace: Workspace, path: Path, role: Role, facts: Facts, pointer: Pointer) -> Dataset:
    """Return a data file as a dataset: its facts, the digests of its bytes, and its pointer."""
    files = canonical.manifest(path)
    return Dataset(
        role=role,
        path=_relative(workspace, path),
        sha256=canonical.manifest_sha256(files),
        files=files,
        rows=facts.rows,
        columns=facts.columns,
        patient_id=workspace.project.data.patient_id,
        patients=facts.patients,
        dvc_pointer=_relative(workspace, pointer.file),
        dvc_md5=pointer.md5,
        git_revision=git.revision(pointer.file),
    )


def as_json(dataset: Dataset, roles: Iterable[Role]) -> dict[str, Any]:
    """Return the manifest of a dataset that is used in ``roles``; the commit stays out, it comes afterwards."""
    value: dict[str, Any] = canonical.plain(dataset)
    del value["role"], value["git_revision"]
    size = sum(f.bytes for f in dataset.files)
    return {"schema": SCHEMA, "roles": sorted(r.value for r in roles), "bytes": size, **value}


def read(path: Path) -> dict[str, Any]:
    """Return the manifest of a data file.

    Raises:
        InputError: there is none, or it is not one.
    """
    file = beside(path)
    again = f"run `govern data snapshot {path.name} --role ROLE`"
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{file}: the manifest of {path.name} is missing", hint=again) from None
    except (OSError, ValueError) as e:
        raise InputError(f"{file}: not a readable manifest: {e}", hint=f"bring it back from git, or {again}") from None
    if not isinstance(value, dict) or value.get("schema") != SCHEMA:
        raise InputError(f"{file}: not a manifest of schema {SCHEMA}", hint=f"bring it back from git, or {again}")
    return value


def write(path: Path, value: dict[str, Any]) -> None:
    """Write the manifest of a data file, whole or not at all."""
    text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False)
    replace(beside(path), f"{text}\n".encode())


def _relative(workspace: Workspace, path: Path) -> str:
    return Path(os.path.relpath(path, workspace.root.resolve())).as_posix()
