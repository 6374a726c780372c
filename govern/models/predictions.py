"""Recorded predictions as the subject: for a model that only its vendor can run."""

from __future__ import annotations

from pathlib import Path

from govern import canonical
from govern.errors import InputError
from govern.types import Subject


def open_predictions(path: Path, *, name: str, version: str | None) -> Subject:
    """Return the subject for a file of predictions of the vendor's model ``name``, declared ``version``.

    Raises:
        InputError: the file is absent or a folder, or name or version is blank, so that nobody
            could tell which model the evidence is about.
    """
    for what, value in (("name", name), ("version", version)):
        if not (value or "").strip():
            raise InputError(
                f"{path}: recorded predictions without the model's {what}",
                hint=f"give the {what} that the vendor declares",
            )
    if path.is_dir():
        raise InputError(f"{path}: a folder; a file of predictions was expected", hint="name the file")
    files = canonical.manifest(path)
    return Subject(
        kind="predictions",
        name=name,
        uri=path.as_posix(),
        sha256=canonical.manifest_sha256(files),
        files=files,
        version=version,
    )
