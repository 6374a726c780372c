"""How long commands take that a person waits for, against what they cannot be faster than; into ``startup.json``.

``python -m benchmarks.startup FOLDER``: in FOLDER/demo, the project that ``govern demo`` leaves. Everything is run in
turn, the first time uncounted, so that files are read and compiled, as an installer leaves them. Of each the least of
several times counts, since what else a machine does can only add to it; the median stands beside it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

GOVERN = str(Path(sys.executable).with_name("govern"))
EMPTY = "an empty interpreter"
#: Imported alone by whoever uses them; the slowest is what a check is measured against.
LIBRARIES = ("mlflow", "evidently", "shap", "fairlearn.metrics")
NAME = "support2-mortality"
CHECK, VERIFY = "check, the whole pack", "verify of a PDF, away from the project"
QUICK = {
    "policy lint": ["policy", "lint", "clinical-decision-support"],
    "log list": ["log", "list"],
    "lineage": ["lineage", f"{NAME}/1"],
    VERIFY: ["verify", "dossier.pdf", "--trust", "trust"],
}
#: How many times an empty interpreter's start, or for the check the slowest library's import, each may take.
TARGETS = {"policy lint": 12, "log list": 12, "lineage": 12, VERIFY: 60, CHECK: 1.5}


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
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(folder / "compiled")
    commands = {EMPTY: [sys.executable, "-c", "pass"], **{name: [GOVERN, *words] for name, words in QUICK.items()}}
    slow = {
        **{f"import {name}": [sys.executable, "-c", f"import {name}"] for name in LIBRARIES},
        CHECK: [GOVERN, "check", "--model", model],
    }
    where = {VERIFY: alone}
    taken = {
        **_times(commands, project, where, environment, 15),
        **_times(slow, project, where, environment, 5),
    }
    least = {name: min(times) for name, times in taken.items()}
    slowest = max(least[f"import {name}"] for name in LIBRARIES)
    ratios = {n: least[n] / (slowest if n == CHECK else least[EMPTY]) for n in TARGETS}
    found = {
        "seconds": least,
        "median_seconds": {name: median(times) for name, times in taken.items()},
        "ratios": {n: {"found": round(ratio, 2), "target": TARGETS[n]} for n, ratio in ratios.items()},
    }
    (folder / "startup.json").write_text(json.dumps(found, indent=1))
    for name, ratio in ratios.items():
        print(f"{name:40} {least[name] * 1000:8.0f} ms {ratio:7.1f} times, target {TARGETS[name]}")


def _times(
    commands: dict[str, list[str]], project: Path, where: dict[str, Path], environment: dict[str, str], repeats: int
) -> dict[str, list[float]]:
    """Return the seconds of each command, all run in turn ``repeats`` times."""
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for turn in range(repeats + 1):
        for name, command in commands.items():
            start = time.perf_counter()
            done = subprocess.run(
                command,
                cwd=where.get(name, project),
                env=environment,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                check=False,
            )
            if turn:
                taken[name].append(time.perf_counter() - start)
            if done.returncode not in (0, 1):
                sys.exit(f"{name}: {done.stderr.decode()[-500:]}")
    return taken


if __name__ == "__main__":
    main()
