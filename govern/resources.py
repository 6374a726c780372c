"""Where the files that come with govern lie: policy packs, templates, the example."""

from __future__ import annotations

from pathlib import Path

from govern.errors import GovernError


def shared(name: str) -> Path:
    """Return the path of a file or folder that is shipped with govern, such as ``policies``.

    In a source checkout it lies beside the package; in an installed wheel, inside it.

    Raises:
        GovernError: the installation is broken.
    """
    package = Path(__file__).parent
    checkout = package.parent
    root = checkout if (checkout / "pyproject.toml").is_file() else package / "_share"
    path = root / name
    if not path.exists():
        raise GovernError(f"{path} is missing from this installation", hint="install govern again")
    return path
