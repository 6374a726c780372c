"""The digest of a model: the SHA-256 of each of its files."""

from __future__ import annotations

from pathlib import Path

from govern import canonical
from govern.types import FileDigest

#: MLflow writes this file into the artifact folder whenever somebody *loads* ``models:/NAME/VERSION``
#: from a local store. It holds only that name and version, and no loader reads it; were it part of the
#: digest, looking at a model would change it.
LEFT_OUT = ("registered_model_meta",)


def model_manifest(path: Path) -> tuple[FileDigest, ...]:
    """Return the digests of all files of a model folder, in path order, without :data:`LEFT_OUT`.

    Compiled Python files are part of it: Python runs them in place of the source beside them.

    Raises:
        InputError: the folder is absent or empty, or holds a symbolic link.
    """
    return canonical.manifest(path, skip=LEFT_OUT)
