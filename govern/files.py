"""A file written whole or not at all."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from govern.errors import InputError


def replace(path: Path, data: bytes) -> None:
    """Give ``path`` new content in one step, keeping the mode of a file that is there.

    Raises:
        InputError: the folder is absent or read-only, or the name is taken by a folder.
    """
    if path.is_dir():
        raise InputError(f"{path}: is a folder", hint="give the name of a file")
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        if path.exists():
            shutil.copymode(path, temporary)
        temporary.replace(path)
    except OSError as e:
        raise InputError(f"{path}: cannot be written: {e.strerror}", hint="give a path in a folder you own") from None
    finally:
        if path.parent.is_dir():
            temporary.unlink(missing_ok=True)
