"""Kill a child process at any named step: what it writes, renames, removes or asks of a database.

No line of the product knows of it. Python tells an audit hook (PEP 578) of every file that is opened for writing,
renamed or removed; SQLite tells of each statement on a connection; `sqlite3.connect` and `os.fsync` are wrapped in
the child. The child is a fork, so that nothing is imported twice.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
import sqlite3.dbapi2
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

#: Audit events that change a folder.
_CHANGES = {"os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.truncate", "os.link", "os.symlink"}
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_STATEMENTS = ("BEGIN IMMEDIATE", "CREATE", "INSERT", "UPDATE", "DELETE", "PRAGMA USER_VERSION =", "COMMIT")
_PATIENCE_SECONDS = 120


class Points:
    """The steps of a process in a folder, counted from 0; it is killed before one of them."""

    def __init__(self, root: Path, *, kill_at: int | None, names: int) -> None:
        """Count from now on, for the rest of this process.

        Args:
            root: the folder.
            kill_at: the step before which the process dies, if any.
            names: the descriptor to which each step's name is written.
        """
        self._root, self._kill_at, self._names = str(root), kill_at, names
        self._passed = 0
        fsync, connect = os.fsync, sqlite3.connect

        def told(descriptor: Any) -> None:
            self.reach("fsync", str(Path(f"/proc/self/fd/{descriptor}").resolve()))
            fsync(descriptor)

        def connected(database: Any, *arguments: Any, **named: Any) -> sqlite3.Connection:
            connection: sqlite3.Connection = connect(database, *arguments, **named)
            file = os.fsdecode(database).removeprefix("file://").partition("?")[0]
            connection.set_trace_callback(self._statements(file))
            return connection

        sqlite3.connect = sqlite3.dbapi2.connect = connected  # type: ignore[assignment]
        if Path("/proc/self/fd").is_dir():
            os.fsync = told
        sys.addaudithook(self._hook)

    def reach(self, step: str, where: str) -> None:
        """Count a step in the folder, and die if it is the one."""
        if where != self._root and not where.startswith(self._root + os.sep):
            return
        if self._kill_at == self._passed:
            os.kill(os.getpid(), signal.SIGKILL)
        self._passed += 1
        os.write(self._names, f"{step} {os.path.relpath(where, self._root)}\n".encode())

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            if isinstance(flags, int) and flags & _WRITES and isinstance(path, str | bytes | os.PathLike):
                self.reach("open", os.fsdecode(path))
        elif event in _CHANGES and isinstance(arguments[0], str | bytes | os.PathLike):
            self.reach(event, os.fsdecode(arguments[0]))

    def _statements(self, database: str) -> Callable[[str], None]:
        def told(statement: str) -> None:
            words = statement.split()
            step = next((s for s in _STATEMENTS if " ".join(words).upper().startswith(s)), None)
            if step is not None:
                table = words[2].strip('("') if step in ("INSERT", "CREATE", "DELETE") else ""
                self.reach(f"{step} {table}".strip(), database)

        return told


def steps(root: Path, work: Callable[[], object]) -> list[str]:
    """Run work in a child to its end, and return the names of its steps in a folder."""
    code, told = _child(root, work, None)
    assert code == 0, f"the work failed with {code}"
    return told


def killed(root: Path, work: Callable[[], object], at: int) -> bool:
    """Run work in a child that is killed before a step; return whether it came that far."""
    return _child(root, work, at)[0] == -signal.SIGKILL


def _child(root: Path, work: Callable[[], object], kill_at: int | None) -> tuple[int | None, list[str]]:
    reading, writing = os.pipe()

    def run() -> None:
        Points(root, kill_at=kill_at, names=writing)
        work()

    process = multiprocessing.get_context("fork").Process(target=run)
    process.start()
    os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        told = stream.read().decode().splitlines()
    process.join(_PATIENCE_SECONDS)
    if process.exitcode is None:
        process.kill()
    return process.exitcode, told
