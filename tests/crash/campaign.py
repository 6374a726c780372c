"""Each command killed at each of its steps, and then run again."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from govern import project as projects
from govern.signing import identity
from tests.crash.commands import Command, Commands, copied
from tests.crash.points import killed, steps
from tests.lifecycle.conftest import PEOPLE, enrol
from tests.registry.conftest import YAML, Project, _train


@dataclass
class Row:
    """What became of a command."""

    command: str
    steps: list[str]
    #: Where it was killed.
    points: int = 0
    #: What did not hold, and after which step.
    broken: list[str] = field(default_factory=list)


def template(folder: Path) -> Project:
    """Make the project of which every kill gets a copy."""
    root = folder / "template"
    root.mkdir()
    (root / "govern.yaml").write_text(YAML)
    workspace = projects.load(root)
    identity.create_development(workspace.keys, workspace.trust, identity="author", name="Ada Lee")
    enrol(workspace, {"clinical": PEOPLE["clinical"]})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # MLflow warns about its own type hints
        return Project(root, *_train(root))


def run(
    made: Project, folder: Path, *, most: int | None = None, told: Callable[[str], None] = lambda _: None
) -> list[Row]:
    """Kill every command before each of its steps, or at ``most`` of them, evenly spread; a third in what is long."""
    rows = []
    for command in Commands(made, folder).all():
        ready = copied(made, folder / f"ready-{command.name.replace(' ', '-')}")
        steps(ready.root, partial(command.prepared, ready))
        whole = copied(ready, folder / f"{ready.root.name}-whole")
        row = Row(command.name, steps(whole.root, partial(command.work, whole)))
        command.sound(whole)
        shutil.rmtree(whole.root)
        for at in _spread(len(row.steps), most and (most // 3 if command.long else most)):
            row.points += 1
            _kill(command, ready, folder / f"{ready.root.name}-{at}", at, row)
        rows.append(row)
        told(f"{command.name}: {row.points} kills, {len(row.broken)} of them left something broken")
    return rows


def _kill(command: Command, ready: Project, root: Path, at: int, row: Row) -> None:
    copy = copied(ready, root)
    before = f"before step {at}, {row.steps[at]}"
    try:
        assert killed(root, lambda: command.work(copy), at), "it was not killed"
        command.sound(copy)
        steps(root, lambda: command.work(copy))
        command.complete(copy)
    except Exception as e:  # the campaign is about finding these
        row.broken.append(f"{before}: {type(e).__name__}: {e}")
    shutil.rmtree(root)


def _spread(count: int, most: int | None) -> Sequence[int]:
    if most is None or count <= most:
        return range(count)
    if most < 2:
        return [count // 2]
    return sorted({round(i * (count - 1) / (most - 1)) for i in range(most)})


def table(rows: Sequence[Row]) -> str:
    """Return the rows as text."""
    lines = [f"{'command':16} {'steps':>6} {'killed':>7} {'broken':>7}"]
    lines += [f"{r.command:16} {len(r.steps):6} {r.points:7} {len(r.broken):7}" for r in rows]
    lines.append(f"{'all':16} {sum(len(r.steps) for r in rows):6} {sum(r.points for r in rows):7} ")
    lines += [f"BROKEN {r.command} {told}" for r in rows for told in r.broken]
    return "\n".join(lines)
