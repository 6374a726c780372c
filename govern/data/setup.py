"""A folder made ready for versioned data: a git repository and a DVC repository, where absent."""

from __future__ import annotations

import shutil
from pathlib import Path

from govern.data import git, pointer
from govern.errors import InputError


def initialise(root: Path) -> list[str]:
    """Set up git and DVC in ``root`` where they are absent; return what was done, in order.

    A repository above ``root`` serves, unless it ignores ``root``. Nothing is printed, committed
    or sent; what one half made is taken back if the other fails.

    Raises:
        InputError: ``root`` is no folder, git is not installed, or nothing can be written here.
    """
    if not root.is_dir():
        raise InputError(f"{root}: not a folder", hint="make it, or name another")
    git.require()
    root = root.resolve()
    done: list[str] = []
    top = git.top_level(root)
    if top is None:
        git.initialise(root)
        top = root
        done.append("git init")
    if _dvc_between(root, top):
        return done
    try:
        pointer.initialise(root, subdir=top != root)
    except BaseException:
        for made in (root / ".dvc", *([root / ".git"] if done else [])):
            shutil.rmtree(made, ignore_errors=True)
        raise
    done.append("dvc init")
    return done


def _dvc_between(root: Path, top: Path) -> bool:
    """Whether a DVC repository lies at ``root`` or above it, within the git repository."""
    folders = (p for p in (root, *root.parents) if p.is_relative_to(top))
    return any((p / ".dvc").is_dir() for p in folders)
