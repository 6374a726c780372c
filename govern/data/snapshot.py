"""A data file becomes a dataset: versioned by DVC, described by a manifest, declared in a role."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from govern import project
from govern.data import manifest, pointer, roles
from govern.data.facts import facts
from govern.errors import InputError
from govern.files import replace
from govern.scan import stored
from govern.types import Role

if TYPE_CHECKING:
    from govern.project import Workspace
    from govern.types import Dataset


def snapshot(workspace: Workspace, path: Path, role: Role) -> Dataset:
    """Version ``path`` with DVC, write its manifest beside the pointer and declare it in ``role``.

    The file may be an output of a ``dvc.yaml`` stage, which ``dvc repro`` has versioned already.
    Equal bytes give equal files; changed bytes update pointer and manifest. ``workspace`` then
    knows the new role. On any error the pointer, the manifest and ``govern.yaml`` are as before.

    Raises:
        InputError: not a readable table, outside the project, a symbolic link, tracked by git
            itself, without the declared patient column, or in a read-only folder.
    """
    file = manifest.inside(workspace, path)
    if file.is_symlink() and pointer.find(workspace.root, file) is None:
        raise InputError(f"{path}: a symbolic link, not a data file", hint="replace it by the file")
    known = facts(file, workspace.project.data.patient_id)
    touched = (
        file.with_name(f"{file.name}.dvc"),
        file.with_name(".gitignore"),
        manifest.beside(file),
        file.with_name(f"{file.name}{stored.SUFFIX}"),
        workspace.root / project.FILE,
    )
    with _undone_on_failure(*touched):
        dataset = manifest.describe(workspace, file, role, known, pointer.add(workspace.root, file))
        if pointer.md5(file) != dataset.dvc_md5:
            raise InputError(
                f"{path}: its bytes are not those of {dataset.dvc_pointer}",
                hint="run `dvc repro` if a stage makes it; otherwise snapshot it again once nothing writes to it",
            )
        roles.declare(workspace, role, dataset.path)
        declared = workspace.project.data.roles
        if role is Role.REFERENCE:
            _keep_cells(workspace, file, dataset)
        manifest.write(file, manifest.as_json(dataset, [r for r in declared if declared[r] == dataset.path]))
    return dataset


def _keep_cells(workspace: Workspace, file: Path, dataset: Dataset) -> None:
    """Keep the cells of a reference beside it, so that drift of new data is one scan of the new data alone.

    They hold values that occur, if no rows of them, so git is told to leave them where they are.
    """
    from govern.scan.local import scan
    from govern.scan.request import Columns

    declared = workspace.project.data
    columns = Columns(
        label=declared.label if any(c.name == declared.label for c in dataset.columns) else "",
        positive=declared.positive,
        patient_id=declared.patient_id or "",
    )
    kept = file.with_name(f"{file.name}{stored.SUFFIX}")
    stored.write(kept, scan(file, columns).data, dataset.sha256)
    ignored = file.with_name(".gitignore")
    lines = ignored.read_text(encoding="utf-8").splitlines() if ignored.is_file() else []
    if f"/{kept.name}" not in lines:
        replace(ignored, "".join(f"{line}\n" for line in [*lines, f"/{kept.name}"]).encode())


@contextlib.contextmanager
def _undone_on_failure(*files: Path) -> Iterator[None]:
    before = {f: f.read_bytes() if f.is_file() else None for f in files}
    try:
        yield
    except BaseException:
        for file, content in before.items():
            # Where nothing can be written, nothing was.
            with contextlib.suppress(OSError, InputError):
                if content is None:
                    file.unlink(missing_ok=True)
                elif file.read_bytes() != content:
                    replace(file, content)
        raise
