"""Folders of keys and trust while they are changed: one process at a time, and errors that name the folder."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from govern.errors import ServiceError, SigningError
from govern.signing.keystore import guard

_SECONDS, _PAUSE = 60.0, 0.05


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a folder against other processes that change it; it is made where it is absent.

    Raises:
        ServiceError: another process held it for a minute.
        SigningError: it cannot be made or opened, or everyone may write to it.
    """
    with writing(folder):
        descriptor = os.open(folder, os.O_RDONLY)
    try:
        deadline = time.monotonic() + _SECONDS
        while not _taken(descriptor):
            if time.monotonic() > deadline:
                raise ServiceError(f"{folder}: another process is changing it", hint="try again")
            time.sleep(_PAUSE)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Make a folder where it is absent; what cannot be written in it becomes an error that says what to do.

    Raises:
        SigningError: it cannot be made or written to, or everyone may write to it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        guard(folder)
        yield
    except OSError as e:
        raise SigningError(
            f"{e.filename or folder}: cannot be written: {e.strerror}", hint="make the folder writable"
        ) from None


def _taken(descriptor: int) -> bool:
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
