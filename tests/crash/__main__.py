"""``python -m tests.crash [MOST]``: kill each command at each of its steps (at most MOST), print what held."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path


def main() -> int:
    """Return 0 where after every kill there was nothing or a complete record, and a second run completed it."""
    with tempfile.TemporaryDirectory(prefix="govern-crash-") as folder:
        os.environ["XDG_CONFIG_HOME"] = str(Path(folder) / "config")
        import tests.conftest  # noqa: F401 - no telemetry, one thread
        from tests.crash.campaign import run, table, template

        most = int(sys.argv[1]) if len(sys.argv) > 1 else None
        rows = run(template(Path(folder)), Path(folder), most=most, told=_tell)
        sys.stdout.write("".join(f"{r.command}: {n}: {s}\n" for r in rows for n, s in enumerate(r.steps)))
        sys.stdout.write(f"{table(rows)}\n")
        return int(any(r.broken for r in rows))


def _tell(what: str) -> None:
    sys.stderr.write(f"{what}\n")


if __name__ == "__main__":
    sys.exit(main())
