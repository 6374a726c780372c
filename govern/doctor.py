"""What is installed, what is missing, and the exact command that mends it. Mends nothing itself."""

from __future__ import annotations

import ctypes.util
import platform
import shutil
import sys
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from govern import project
from govern.errors import GovernError

#: Library that WeasyPrint opens -> Debian package that holds it.
LIBRARIES = {
    "gobject-2.0": "libpango-1.0-0",
    "pango-1.0": "libpango-1.0-0",
    "pangoft2-1.0": "libpangoft2-1.0-0",
    "harfbuzz": "libharfbuzz0b",
    "harfbuzz-subset": "libharfbuzz-subset0",
    "fontconfig": "libfontconfig1",
}


@dataclass(frozen=True, kw_only=True)
class Item:
    """One thing that is needed: whether it is there, what was found, the command that brings it."""

    name: str
    ok: bool
    found: str
    mend: str = ""


def examine(start: Path) -> list[Item]:
    """Return every need with what was found."""
    return [_python(), *_packages(), *_libraries(), _command("git"), *_project(start)]


def _python() -> Item:
    return Item(
        name="Python 3.11 or newer",
        ok=sys.version_info >= (3, 11),
        found=platform.python_version(),
        mend="install python3.11",
    )


def _packages() -> list[Item]:
    """Return each direct dependency, judged against the range that govern states."""
    from packaging.requirements import Requirement

    items = []
    for text in requires("govern") or []:
        needed = Requirement(text)
        if needed.marker is not None and not needed.marker.evaluate({"extra": ""}):
            continue
        try:
            found = version(needed.name)
        except PackageNotFoundError:
            found = "missing"
        fits = found != "missing" and needed.specifier.contains(found, prereleases=True)
        mend = f"pip install '{needed.name}{needed.specifier}'"
        items.append(Item(name=needed.name, ok=fits, found=found, mend=mend))
    return items


def _libraries() -> list[Item]:
    return [
        Item(
            name=f"lib{name}",
            ok=(found := ctypes.util.find_library(name)) is not None,
            found=found or "missing",
            mend=f"apt-get install --no-install-recommends {package}",
        )
        for name, package in LIBRARIES.items()
    ]


def _command(name: str) -> Item:
    path = shutil.which(name)
    return Item(name=name, ok=path is not None, found=path or "missing", mend=f"apt-get install {name}")


def _project(start: Path) -> list[Item]:
    root = project.find(start)
    if root is None:
        return [Item(name="project", ok=True, found=f"no {project.FILE} here (`govern init` makes one)")]
    try:
        workspace = project.load(root)
    except GovernError as e:
        return [Item(name="project", ok=False, found=e.message, mend=e.hint)]
    return [Item(name="project", ok=True, found=str(root)), _key(workspace), *_datasets(workspace)]


def _key(workspace: project.Workspace) -> Item:
    from govern.signing import identity

    try:
        signer = identity.load(workspace.keys, workspace.project.identity)
    except GovernError as e:
        return Item(name="signing key", ok=False, found=e.message, mend=e.hint)
    kind = "DEVELOPMENT key, not for production" if signer.development else "key"
    return Item(name="signing key", ok=True, found=f"{kind} of {signer.name}")


def _datasets(workspace: project.Workspace) -> list[Item]:
    from govern.data.opened import open_dataset
    from govern.study import read

    items = []
    declared = workspace.project.data
    for role in sorted(declared.roles):
        try:
            dataset, _ = open_dataset(workspace, role, partial(read, declared=declared, features=(), role=role))
        except GovernError as e:
            items.append(Item(name=f"data: {role.value}", ok=False, found=e.message, mend=e.hint))
        else:
            items.append(Item(name=f"data: {role.value}", ok=True, found=f"{dataset.path}, {dataset.rows:,} rows"))
    return items
