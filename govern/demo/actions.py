"""What is done in the folder of the demonstration, with what the command line calls."""

from __future__ import annotations

import contextlib
import io
import os
import runpy
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from govern import project
from govern.demo.stage import NAME, Stage, claim
from govern.errors import InputError
from govern.project import Workspace
from govern.resources import shared

if TYPE_CHECKING:
    from govern.evidence.bundle import Bundle

#: The column of the table that candidate A is given and should not be.
LEAK = "model_risk_180d"
#: Says that a folder was made by the demonstration, so that it may be made anew.
MARK = ".govern-demo"
FILES = ("support2.csv.gz", "DATASHEET.md", "govern.yaml", "prepare.py", "train.py")
_LAST_INPUT = "disease_group]"


def make_room(folder: Path) -> None:
    """Make ``folder`` an empty one, in place of an earlier demonstration.

    Raises:
        InputError: it holds something else, or cannot be written to.
    """
    if folder.is_dir() and any(folder.iterdir()):
        if not (folder / MARK).is_file():
            raise InputError(f"{folder}: is not empty, and no demonstration made it", hint="name a new folder")
        shutil.rmtree(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MARK).write_text("made by `govern demo`, which may replace this folder\n", encoding="utf-8")
    except OSError as e:
        raise InputError(f"{folder}: cannot be written to: {e.strerror}", hint="name a folder you own") from None


def prepare(stage: Stage) -> None:
    """Copy the example, make it a project in a git repository of its own, and snapshot the three parts."""
    from govern.data import git
    from govern.data.snapshot import snapshot
    from govern.initialise import initialise
    from govern.looks import freeze_policy
    from govern.policy import policy_of
    from govern.types import Role

    git.require()
    git.initialise(stage.folder)  # even inside another repository, in which nothing must be committed
    source = shared("examples") / "support2"
    for name in FILES:
        shutil.copyfile(source / name, stage.folder / name)
    stage.typed("govern", "init")
    with stage.work("setting up git, DVC, a key and MLflow"):
        initialise(stage.folder, pack="clinical-decision-support")
    stage.typed("python", "prepare.py")
    parts = runpy.run_path(str(stage.folder / "prepare.py"))["prepare"](stage.folder)
    workspace = stage.workspace
    for name, path in parts.items():
        stage.typed("govern", "data", "snapshot", path.relative_to(stage.folder).as_posix(), "--role", name)
        with stage.work(f"versioning {path.name}"):
            dataset = snapshot(workspace, path, Role(name))
        stage.say(f"  {dataset.rows:,} patients, sha256 {dataset.sha256[:16]}")
    stage.typed("govern", "policy", "freeze")
    policy = policy_of(stage.workspace)
    frozen = freeze_policy(stage.workspace, policy)
    stage.say(
        f"  {policy.id} {policy.version} frozen at {frozen.entry.time}, before anybody looks at the test patients"
    )
    _commit(stage, "SUPPORT2: patients, policy and code")


def candidate(stage: Stage, which: str) -> Bundle:
    """Train a candidate and take it through the gate, registration included."""
    from govern.register import gate_and_register

    stage.typed("python", "train.py", "--candidate", which)
    with stage.work("training"):
        uri = runpy.run_path(str(stage.folder / "train.py"))["train"](which, stage.folder)
    stage.typed("govern", "register", uri, "--name", NAME)
    with stage.work("opening the gate") as status:
        bundle, _ = gate_and_register(
            stage.workspace, uri, name=NAME, progress=lambda what: status.update(f"gate: {what}")
        )
    return bundle


def edit_inputs(stage: Stage, *, leaking: bool) -> None:
    """Declare the model's inputs with or without the leaking column, as a person would in an editor."""
    path = stage.folder / project.FILE
    plain, leaked = _LAST_INPUT, f"{_LAST_INPUT[:-1]}, {LEAK}]"
    before, after = (plain, leaked) if leaking else (leaked, plain)
    text = path.read_text(encoding="utf-8")
    claim(before in text, f"govern.yaml lists its inputs up to {before!r}")
    path.write_text(text.replace(before, after), encoding="utf-8")
    _commit(stage, f"{'Add' if leaking else 'Remove'} {LEAK}")


def versions(stage: Stage) -> int:
    """Return how many versions the registry holds, of whatever name."""
    from mlflow.tracking import MlflowClient

    tracking = stage.workspace.absolute_uri(stage.workspace.project.registry.tracking_uri)
    client = MlflowClient(tracking_uri=tracking, registry_uri=tracking)
    return len(client.search_model_versions())


def register_directly(workspace: Workspace, uri: str) -> tuple[int, str]:
    """Return status and message of MLflow's own registration, through the project's registry address."""
    import mlflow
    from mlflow.exceptions import MlflowException

    registry = workspace.project.registry
    mlflow.set_tracking_uri(workspace.absolute_uri(registry.tracking_uri))
    mlflow.set_registry_uri(workspace.absolute_uri(registry.registry_uri))
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            made = mlflow.register_model(uri, NAME)
    except MlflowException as e:
        return e.get_http_status_code(), f"{e.error_code}: {e.message}"
    return 200, f"version {made.version}"


def one_byte_changed(data: bytes) -> bytes:
    """Return ``data`` with the lowest bit of its middle byte flipped."""
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


def _commit(stage: Stage, message: str) -> None:
    """Commit the project's files, so that the evidence can name the commit."""
    who = ("-c", "user.name=govern demo", "-c", "user.email=demo@example.org", "-c", "commit.gpgsign=false")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    for command in (("add", "--all"), ("commit", "--quiet", "--no-verify", "--message", message)):
        git = ["git", "-C", str(stage.folder), *who, *command]
        done = subprocess.run(git, capture_output=True, text=True, check=False, env=environment)  # noqa: S603
        claim(done.returncode == 0, f"git {command[0]} works: {done.stderr.strip()}")
