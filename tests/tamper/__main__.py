"""``python -m tests.tamper [EDITS] [SEED]``: make a project, edit it by the thousand, print what was found."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

EDITS, SEED = 2400, 20261124


def main() -> int:
    """Return 0 where every edit was found or changed nothing."""
    with tempfile.TemporaryDirectory(prefix="govern-tamper-") as folder:
        os.environ["XDG_CONFIG_HOME"] = str(Path(folder) / "config")
        import tests.conftest  # noqa: F401 - no telemetry, one thread
        from tests.tamper.campaign import run, table
        from tests.tamper.made import make
        from tests.tamper.targets import targets

        total = int(sys.argv[1]) if len(sys.argv) > 1 else EDITS
        seed = int(sys.argv[2]) if len(sys.argv) > 2 else SEED
        begun = time.monotonic()
        rows = run(
            targets(make(Path(folder))), total=total, seed=seed, told=lambda t: sys.stderr.write(f"{t}\n") and None
        )
        taken = time.monotonic() - begun
        sys.stdout.write(f"{table(rows)}\n{sum(r.mutated for r in rows)} edits in {taken:.0f} s, seed {seed}\n")
        return int(any(r.undetected or r.crashed for r in rows))


def _tell(what: str) -> None:
    sys.stderr.write(f"{what}\n")


if __name__ == "__main__":
    sys.exit(main())
