"""Datasets that are what was snapshot: bytes, DVC pointer and manifest agree, or nothing is opened."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govern import canonical
from govern.data import manifest, pointer
from govern.errors import GovernError, InputError
from govern.types import Column, Dataset, Role, Step

if TYPE_CHECKING:
    from collections.abc import Callable

    from govern.data.facts import Facts
    from govern.project import Workspace
    from govern.scan.local import Scan


def open_dataset(workspace: Workspace, role: Role, read: Callable[[Path], Scan]) -> tuple[Dataset, Scan]:
    """Return the dataset in ``role`` and what ``read`` makes of its file.

    The bytes must have the MD5 of the DVC pointer and the SHA-256 of the manifest, before and after they are
    read, and the facts in the manifest must be true of the file. Of a file of more than
    :data:`govern.scan.cells.EXACT` rows only what was read is compared: the rest was counted when the same
    bytes were snapshot.

    Raises:
        InputError: the data, pointer or manifest is missing, or one of them was changed.
    """
    path = manifest.inside(workspace, workspace.data_path(role))
    name = path.relative_to(workspace.root.resolve()).as_posix()
    again = f"`govern data snapshot {shlex.quote(name)} --role {role.value}`"
    claimed = manifest.read(path)
    found = pointer.find(workspace.root, path)
    if found is None:
        raise InputError(f"{name}: no DVC pointer ({name}.dvc, or an output in dvc.lock)", hint=f"run {again}")
    if not path.is_file():
        raise InputError(
            f"{name}: the data file is missing; its pointer is there, with MD5 {found.md5}",
            hint=f"`dvc checkout {shlex.quote(name)}` from the local cache, or `dvc pull {shlex.quote(name)}`",
        )
    before = _state(path)
    md5 = pointer.md5(path)
    if md5 != found.md5:
        raise InputError(
            f"{name}: the bytes are not those of the DVC pointer: found MD5 {md5}, expected {found.md5}",
            hint=f"`dvc checkout {shlex.quote(name)}` brings the snapshot back; if the change is meant, run {again}",
        )
    scan = read(path)
    dataset = manifest.describe(workspace, path, role, _facts(workspace, path, scan, claimed), found)
    if _state(path) != before:
        raise InputError(f"{name}: the file changed while it was read", hint="repeat once nothing writes to it")
    _agree(name, manifest.as_json(dataset, []), claimed, again)
    roles = claimed.get("roles")
    if not isinstance(roles, list) or role.value not in roles:
        raise InputError(
            f"{name}: its manifest gives it the roles {roles}, not {role.value!r}",
            hint=f"run {again} if it is meant to serve as {role.value}",
        )
    return dataset, scan


def _facts(workspace: Workspace, path: Path, scan: Scan, claimed: dict[str, Any]) -> Facts:
    """Return the facts of a file: all counted again, or of a large one what was read, beside what is claimed."""
    from govern.data.facts import Facts, facts
    from govern.scan.cells import EXACT

    if scan.data.rows <= EXACT:
        return facts(path, workspace.project.data.patient_id)
    columns = []
    for column in claimed.get("columns", []):
        read = scan.data.columns.get(column.get("name"))
        columns.append(Column(**column if read is None else {**column, "missing": read.missing}))
    return Facts(rows=scan.data.rows, columns=tuple(columns), patients=claimed.get("patients"))


def check_pointer(workspace: Workspace, dataset: Dataset) -> Step:
    """Compare a recorded dataset with what lies on disk now. Never raises: what is wrong is ``found``."""
    expected = _digests(dataset.sha256, dataset.dvc_md5)
    try:
        found = _on_disk(workspace, dataset)
    except GovernError as e:
        found = e.message
    except OSError as e:
        found = f"cannot be read: {e.strerror}"
    return Step(name=f"data {dataset.role.value}: {dataset.path}", ok=found == expected, expected=expected, found=found)


def _on_disk(workspace: Workspace, dataset: Dataset) -> str:
    path = manifest.inside(workspace, workspace.root / dataset.path)
    if not path.is_file():
        return "missing"
    sha256 = canonical.manifest_sha256(canonical.manifest(path))
    if dataset.dvc_md5 is None:
        return _digests(sha256, None)
    now = pointer.find(workspace.root, path)
    if now is None:
        return f"{_digests(sha256, None)}, no DVC pointer"
    return _digests(sha256, now.md5)


def _digests(sha256: str, md5: str | None) -> str:
    return f"sha256 {sha256}" + (f", DVC md5 {md5}" if md5 else "")


def _agree(name: str, found: dict[str, Any], claimed: dict[str, Any], again: str) -> None:
    """Refuse a manifest of which any fact is not true of the file."""
    for key in ("sha256", "dvc_md5", *sorted(found)):
        if key != "roles" and claimed.get(key) != found[key]:
            raise InputError(
                f"{name}: the manifest is not true of the file: {key}: "
                f"the manifest says {_short(claimed.get(key))}, found {_short(found[key])}",
                hint=f"bring {name}.manifest.json back from git; if data or project file were meant to change, "
                f"run {again}",
            )


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _state(path: Path) -> tuple[int, int, int]:
    """Return what changes when anybody writes to a file; the change time cannot be set back."""
    status = path.stat()
    return status.st_ino, status.st_size, status.st_ctime_ns
