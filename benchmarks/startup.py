"""How long commands take that a person waits for, against what they cannot be faster than; into ``startup.json``.

``python -m benchmarks.startup FOLDER``: in FOLDER/demo, the project that ``govern demo`` leaves.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

GOVERN = str(Path(sys.executable).with_name("govern"))
EMPTY = [sys.executable, "-c", "pass"]
#: Imported alone by whoever uses them; the slowest is what a check is measured against.
LIBRARIES = ("mlflow", "evidently", "shap", "fairlearn.metrics")
NAME = "support2-mortality"
QUICK = {
    "policy lint": ["policy", "lint", "clinical-decision-support"],
    "log list": ["log", "list"],
    "lineage": ["lineage", f"{NAME}/1"],
    "verify of a PDF, away from the project": ["verify", "dossier.pdf", "--trust", "trust"],
}


def main() -> None:
    folder = Path(sys.argv[1]).resolve()
    project, alone = folder / "demo", folder / "alone"
    if not (project / "mlflow.db").is_file():
        subprocess.run([GOVERN, "demo", str(project)], check=True, stdout=subprocess.DEVNULL)
    (alone / "trust").mkdir(parents=True, exist_ok=True)
    (alone / "dossier.pdf").write_bytes((project / "dossier-fda.pdf").read_bytes())
    for root in (project / ".govern" / "trust").iterdir():
        (alone / "trust" / root.name).write_bytes(root.read_bytes())
    model = (project / "model.uri").read_text().strip() if (project / "model.uri").is_file() else f"models:/{NAME}/1"
    commands = {"empty": EMPTY, **{name: [GOVERN, *arguments] for name, arguments in QUICK.items()}}
    slow = {
        **{f"import {name}": [sys.executable, "-c", f"import {name}"] for name in LIBRARIES},
        "check": [GOVERN, "check", "--model", model],
    }
    found = {**_times(commands, project, alone, 11), **_times(slow, project, alone, 5)}
    (folder / "startup.json").write_text(json.dumps(found, indent=1))


def _times(commands: dict[str, list[str]], project: Path, alone: Path, repeats: int) -> dict[str, float]:
    """Return the median seconds of each command, all run in turn ``repeats`` times."""
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(repeats):
        for name, command in commands.items():
            where = alone if "away" in name else project
            start = time.perf_counter()
            done = subprocess.run(command, cwd=where, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
            taken[name].append(time.perf_counter() - start)
            if done.returncode not in (0, 1):
                sys.exit(f"{name}: {done.stderr.decode()[-500:]}")
    return {name: median(times) for name, times in taken.items()}


if __name__ == "__main__":
    main()
