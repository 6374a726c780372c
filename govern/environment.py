"""Where and with what a gate ran: interpreter, packages, lock, code commit, the checks' own sources."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import govern
from govern.canonical import file_sha256
from govern.checks.catalogue import source_digests
from govern.data import git
from govern.types import Environment

#: The lock of the user's own project, where there is one.
_LOCKS = ("requirements.lock", "requirements.txt", "poetry.lock", "uv.lock", "conda-lock.yml")


def describe(root: Path, *, checks: Iterable[str], seed: int) -> Environment:
    """Return the environment of a run of ``checks`` in the project at ``root``. Holds no clock and no machine name."""
    commit, dirty = git.state(root)
    lock = next((root / name for name in _LOCKS if (root / name).is_file()), None)
    return Environment(
        govern=govern.__version__,
        python=platform.python_version(),
        platform=f"{platform.system()} {platform.machine()}",
        packages=_packages(),
        lock_sha256=None if lock is None else file_sha256(lock),
        git_commit=commit,
        git_dirty=dirty,
        checks=source_digests(checks),
        seed=seed,
    )


def _packages() -> dict[str, str]:
    """Return the versions of govern's direct dependencies."""
    try:
        needed = requires("govern") or []
    except PackageNotFoundError:
        needed = []
    names = sorted({re.split(r"[^A-Za-z0-9._-]", r, maxsplit=1)[0] for r in needed if "extra ==" not in r})
    return {name: version(name) for name in names}
