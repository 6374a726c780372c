"""What git says about a folder or file, asked of the git command itself."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from govern.errors import InputError

#: Set inside hooks, where they would point every command at another repository.
_REDIRECTS = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE")


def require() -> None:
    """Refuse to go on without git.

    Raises:
        InputError: there is no git on PATH.
    """
    if shutil.which("git") is None:
        raise InputError(
            "git is not installed (no `git` on PATH); data is versioned by DVC, which needs it",
            hint="install it, for example with `apt-get install git`, and run the command again",
        )


def top_level(folder: Path) -> Path | None:
    """Return the root of the repository that tracks ``folder``, or ``None``.

    A folder that its repository ignores counts as outside: nothing in it could be tracked there.

    Raises:
        InputError: a repository is there but git refuses to read it.
    """
    answer = _run(folder, "rev-parse", "--show-toplevel")
    if answer.returncode:
        if "not a git repository" in answer.stderr:
            return None
        raise InputError(f"{folder}: git cannot read the repository: {_first(answer)}", hint="mend the repository")
    top = Path(answer.stdout.rstrip("\n")).resolve()
    ignored = folder.resolve() != top and _run(top, "check-ignore", "-q", str(folder.resolve())).returncode == 0
    return None if ignored else top


def initialise(folder: Path) -> None:
    """Make ``folder`` a git repository.

    Raises:
        InputError: git could not, for example in a read-only folder.
    """
    answer = _run(folder, "init", "-q")
    if answer.returncode:
        raise InputError(f"{folder}: `git init` failed: {_first(answer)}", hint="make the folder writable")


def revision(path: Path) -> str | None:
    """Return the commit (40 hex digits) that holds exactly these bytes of ``path``, the last to touch it.

    ``None`` where the file is not committed, has changed since, or there is no git.
    """
    if shutil.which("git") is None or not path.is_file():
        return None
    changes = _run(path.parent, "status", "--porcelain", "--ignored", "--", path.name)
    if changes.returncode or changes.stdout.strip():
        return None
    return _run(path.parent, "log", "-1", "--format=%H", "--", path.name).stdout.strip() or None


def state(folder: Path) -> tuple[str | None, bool | None]:
    """Return the commit that is checked out, and whether a tracked file differs from it.

    Both ``None`` where there is no git, no repository or no commit.
    """
    if shutil.which("git") is None:
        return None, None
    head = _run(folder, "rev-parse", "--verify", "-q", "HEAD")
    changes = _run(folder, "status", "--porcelain", "--untracked-files=no")
    if head.returncode or changes.returncode:
        return None, None
    return head.stdout.strip(), bool(changes.stdout.strip())


def _run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if k not in _REDIRECTS} | {"LC_ALL": "C"}
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)  # noqa: S603


def _first(answer: subprocess.CompletedProcess[str]) -> str:
    return next(iter(answer.stderr.strip().splitlines()), f"exit {answer.returncode}")
