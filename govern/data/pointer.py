"""The DVC pointer of a file: a ``.dvc`` file, or an output in ``dvc.lock``. The only home of dvc."""

from __future__ import annotations

import contextlib
import hashlib
import io
import logging
import os
import re
import shlex
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from govern.errors import InputError

#: What ``dvc add`` writes for a file whose name and digest need no quotes in YAML.
_ADDED = re.compile(
    r"outs:\n- md5: (?P<md5>(?=[0-9]*[a-f])[0-9a-f]{32})\n  size: [0-9]+\n  hash: md5\n  path: (?P<path>[\w./-]+)\n"
)


@dataclass(frozen=True, kw_only=True)
class Pointer:
    """Where DVC says which bytes a file has: the pointer's file and the MD5 (hex) it holds."""

    file: Path
    md5: str


def initialise(root: Path, *, subdir: bool) -> None:
    """Make ``root`` a DVC repository that sends no analytics.

    ``subdir`` says that the git repository begins above ``root``.

    Raises:
        InputError: DVC could not, for example in a read-only folder.
    """
    with _dvc(root):
        from dvc.repo import Repo

        with Repo.init(str(root), subdir=subdir) as repo, repo.config.edit() as config:
            config["core"]["analytics"] = False


def find(root: Path, path: Path) -> Pointer | None:
    """Return the pointer of ``path``, or ``None`` where DVC does not know the file.

    Raises:
        InputError: ``root`` is in no DVC repository, a pointer cannot be read, the stage that
            makes the file has not run, or the file is versioned only as part of a folder.
    """
    beside = path.with_name(f"{path.name}.dvc")
    if any((folder / ".dvc").is_dir() for folder in (root, *root.parents)) and (plain := _plain(beside, path.name)):
        return plain
    with _dvc(path), _repo(root) as repo:
        return _find(repo, path)


def add(root: Path, path: Path) -> Pointer:
    """Version the bytes of ``path`` and return its pointer; the file itself is never touched.

    The output of a pipeline stage is versioned by ``dvc repro`` and not added again.

    Raises:
        InputError: git tracks the file, the folder is read-only, or as for :func:`find`.
    """
    from dvc.output import OutputAlreadyTrackedError

    with _dvc(path), _repo(root) as repo:
        known = _find(repo, path)
        if known is not None and known.file.suffix != ".dvc":
            return known
        try:
            repo.add(str(path), relink=False)
        except OutputAlreadyTrackedError:
            raise InputError(
                f"{path}: git tracks this file, so DVC cannot version it",
                hint=f"take it out of git and keep it on disk: `git rm --cached {shlex.quote(str(path))}`, then repeat",
            ) from None
        added = _find(repo, path)
    if added is None:
        raise InputError(f"{path}: DVC added it but knows no pointer of it", hint="look at `dvc status`")
    return added


def md5(path: Path) -> str:
    """Return the MD5 of a file in hex, as DVC computes it. It identifies bytes for DVC and proves nothing."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _plain(file: Path, name: str) -> Pointer | None:
    """Return the pointer in a file of exactly the form that ``dvc add`` writes; ``None`` leaves it to DVC to read.

    Importing DVC takes longer than reading all datasets of an ordinary size.
    """
    try:
        match = _ADDED.fullmatch(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return None
    return Pointer(file=file, md5=match["md5"]) if match and match["path"] == name else None


def _find(repo: Any, path: Path) -> Pointer | None:
    from dvc.exceptions import OutputNotFoundError

    try:
        output = repo.find_outs_by_path(str(path), strict=False)[0]
    except OutputNotFoundError:
        return None
    if Path(output.fs_path) != path:
        raise InputError(
            f"{path}: versioned only as part of the folder {output}",
            hint="version the file by itself: `dvc remove` the folder's pointer, or name the file as an output",
        )
    stage = Path(output.stage.path)
    file = stage if output.stage.is_data_source else stage.with_name("dvc.lock")
    if output.hash_info.value is None:
        raise InputError(f"{path}: {file.name} holds no digest of it", hint="run `dvc repro` (or `dvc commit`) first")
    if output.hash_info.name != "md5":
        raise InputError(
            f"{path}: the pointer holds a {output.hash_info.name} digest, of an older DVC; md5 was expected",
            hint=f"write it anew: `dvc add {shlex.quote(str(path))}`",
        )
    return Pointer(file=file, md5=output.hash_info.value)


def _repo(root: Path) -> Any:
    from dvc.repo import Repo

    return Repo(str(root))


@contextlib.contextmanager
def _dvc(path: Path) -> Iterator[None]:
    """Keep DVC silent, and turn its errors and the operating system's into what the user can mend."""
    os.environ.setdefault("DVC_NO_ANALYTICS", "1")
    from dvc.exceptions import DvcException, NotDvcRepoError
    from scmrepo.exceptions import SCMError

    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with (
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
            warnings.catch_warnings(action="ignore"),
        ):
            yield
    except NotDvcRepoError:
        raise InputError(f"{path}: in no DVC repository", hint="run `govern init` in the project's folder") from None
    except (KeyError, TypeError, ValueError, AttributeError):  # as DVC's own reading of a pointer that was cut
        raise InputError(f"{path}: not a DVC pointer", hint="bring it back from git") from None
    except (DvcException, SCMError, OSError) as e:
        system = e if isinstance(e, OSError) else e.__cause__
        if isinstance(system, OSError) and system.strerror:
            where = f" ({system.filename})" if system.filename else ""
            raise InputError(
                f"{path}: DVC cannot write or read here: {system.strerror}{where}",
                hint="make the folder writable, or work in a copy",
            ) from None
        reason = str(e).strip().splitlines()[0] if str(e).strip() else type(e).__name__
        raise InputError(f"{path}: DVC refuses it: {reason}", hint="mend what DVC names, then repeat") from None
    finally:
        logging.disable(before)
