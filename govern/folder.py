"""A project's folder: where its file ``govern.yaml`` lies, and where govern keeps what it makes."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import urlsplit

from govern import canonical
from govern.errors import InputError
from govern.files import replace

FILE = "govern.yaml"
_LOG = re.compile(r"\blog\b")


class Folder:
    """The places in a project's folder, which hold whatever its file says."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.evidence = root / "evidence"
        self.artifacts = root / "artifacts"
        self.state = root / ".govern"
        self.keys = self.state / "keys"
        self.trust = self.state / "trust"
        #: The log, unless the project's file names another.
        self.own_log = self.state / "log.db"

    def may_name_log(self) -> bool:
        """Whether the project's file could name another log: the word stands in it, outside of comments."""
        lines = (self.root / FILE).read_text(encoding="utf-8", errors="replace").splitlines()
        return any(_LOG.search(line) for line in lines if not line.lstrip().startswith("#"))

    def keep(self, report: bytes, suffix: str) -> str:
        """Keep a report under its SHA-256 in ``artifacts/``, and return that."""
        sha256 = canonical.sha256(report)
        self.artifacts.mkdir(exist_ok=True)
        replace(self.artifacts / f"{sha256}{suffix}", report)
        return sha256

    def relative(self, path: Path) -> str:
        """Return a path as seen from the project's folder (POSIX), so that it means the same on every machine."""
        return Path(os.path.relpath(path.resolve(), self.root)).as_posix()

    def located(self, uri: str) -> str:
        """Return a model's address with a path, which :meth:`relative` gave, made absolute again."""
        return uri if urlsplit(uri).scheme else str((self.root / uri).resolve())


def find(start: Path) -> Path | None:
    """Return the nearest folder at or above ``start`` that holds a ``govern.yaml``."""
    start = start.resolve()
    return next((p for p in (start, *start.parents) if (p / FILE).is_file()), None)


def enclosing(start: Path | None = None) -> Folder:
    """Return the project's folder at or above ``start`` (the current folder by default); its file is not read.

    Raises:
        InputError: there is no project here.
    """
    start = start or Path.cwd()
    root = find(start)
    if root is None:
        raise InputError(f"no {FILE} in {start} or above it", hint="run `govern init` first, or change folder")
    return Folder(root)
