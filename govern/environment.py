"""Where and with what a gate ran: interpreter, packages, lock, code commit, the checks' own sources."""

from __future__ import annotations

import platform
import re
import subprocess
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import govern
from govern.canonical import file_sha256
from govern.checks.catalogue import source_digests
from govern.types import Environment

#: The lock of the user's own project, where there is one.
_LOCKS = ("requirements.lock", "requirements.txt", "poetry.lock", "uv.lock", "conda-lock.yml")


def describe(root: Path, *, seed: int) -> Environment:
    """Return the environment of a run in the project at ``root``. Holds no clock and no machine name."""
    commit = _git(root, "rev-parse", "HEAD")
    changed = _git(root, "status", "--porcelain", "--untracked-files=no")
    lock = next((root / name for name in _LOCKS if (root / name).is_file()), None)
    return Environment(
        govern=govern.__version__,
        python=platform.python_version(),
        platform=f"{platform.system()} {platform.machine()}",
        packages=_packages(),
        lock_sha256=None if lock is None else file_sha256(lock),
        git_commit=commit,
        git_dirty=None if commit is None or changed is None else bool(changed),
        checks=source_digests(),
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


def _git(root: Path, *arguments: str) -> str | None:
    """Return git's answer, or ``None`` where there is no git, no repository or no commit."""
    try:
        done = subprocess.run(  # noqa: S603
            ["git", "-C", str(root), *arguments],  # noqa: S607 - the user's own git, wherever it lies
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()
