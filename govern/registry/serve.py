"""``mlflow server`` in front of the governed registry, started so that nothing in it goes around the gate."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points

from govern.errors import GovernError, InputError, ServiceError
from govern.models.service import silent
from govern.project import Workspace
from govern.registry import connect

_GROUP, _STORE = "mlflow.model_registry_store", "govern.registry.store:GovernRegistryStore"
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
#: MLflow's own several workspaces in one database have no gate.
_SETTINGS: Mapping[str, str] = {"MLFLOW_ENABLE_WORKSPACES": "false"}


@dataclass(frozen=True, kw_only=True)
class Server:
    """A server that is to be started: its command, and what it does in words."""

    command: Sequence[str]
    told: Sequence[str]


def prepare(workspace: Workspace, host: str, port: int, workers: int, database: str | None = None) -> Server:
    """Return the server of a project's registry.

    Artifacts go through the server into ``mlartifacts`` in the project, where the gate can read them.

    Args:
        workspace: the project.
        host: where it listens.
        port: 1 to 65535.
        workers: processes that answer.
        database: of registry and tracking (``sqlite:///...``, ``postgresql://...``), where the project names a server.

    Raises:
        InputError: the plugin is not what MLflow would load, or no database is named.
    """
    if database is None and not connect.is_direct(workspace):
        raise InputError(
            "the project names a server and no database as its registry", hint="give the database: --database URL"
        )
    tracking, registry = connect.addresses(workspace)
    registry = workspace.absolute_uri(database or registry)
    uri = connect.governed(registry, workspace.root)
    must_load(uri.partition(":")[0])
    backend = connect.plain(workspace.absolute_uri(database) if database else tracking)
    artifacts = workspace.root / "mlartifacts"
    command = [
        *(sys.executable, "-m", "mlflow", "server", "--host", host, "--port", str(port), "--workers", str(workers)),
        *("--backend-store-uri", backend, "--registry-store-uri", uri),
        *(
            "--serve-artifacts",
            "--artifacts-destination",
            str(artifacts),
            "--default-artifact-root",
            "mlflow-artifacts:/",
        ),
    ]
    told = [
        f"http://{host}:{port}: every change of a registered model asks the evidence of {workspace.root}",
        f"registry   {connect.shown(uri)}",
        f"runs       {connect.shown(backend)}",
        f"artifacts  {artifacts} (through the server)",
        f"log        {_signs(workspace)}",
        "whoever can write to the database goes around the gate: `govern registry reconcile` finds it",
    ]
    return Server(command=command, told=told)


def must_load(scheme: str) -> None:
    """Return if MLflow loads govern's store, and nothing else, for a scheme.

    Raises:
        InputError: it does not.
    """
    found = [e for e in entry_points(group=_GROUP) if e.name == scheme]
    if [e.value for e in found] == [_STORE]:
        try:
            with silent():
                found[0].load()
        except Exception as e:  # a plugin may fail in any way
            raise InputError(
                f"the registry's plugin for {scheme}:// cannot be loaded ({type(e).__name__}: {e})",
                hint="`govern doctor` says what is missing",
            ) from None
        return
    raise InputError(
        f"MLflow would load {', '.join(e.value for e in found) or 'nothing'} for {scheme}://, and not {_STORE}",
        hint="install govern again into this Python: `pip install --force-reinstall govern`",
    )


def run(server: Server) -> None:
    """Run a server until it ends; what stops this process stops it and all its workers.

    Raises:
        ServiceError: it ended by itself, or could not start.
    """
    asked: list[int] = []
    try:
        process = subprocess.Popen(  # noqa: S603 - the command is made above
            server.command, env={**os.environ, **_SETTINGS}, start_new_session=True
        )
    except OSError as e:
        raise ServiceError(f"mlflow server cannot be started: {e.strerror}") from None

    def pass_on(number: int, frame: object) -> None:
        asked.append(number)
        _tell(process, number)

    before = {s: signal.signal(s, pass_on) for s in _SIGNALS}
    try:
        code = process.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        _tell(process, signal.SIGTERM)  # workers of a server that was killed
    if not asked:
        raise ServiceError(f"mlflow server ended with code {code}", hint="its own messages stand above")


def _tell(process: subprocess.Popen[bytes], number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def _signs(workspace: Workspace) -> str:
    """Say whether promotions and refusals will be entered in the log."""
    from govern.signing import identity

    try:
        signer = identity.load(workspace.keys, workspace.project.identity)
    except GovernError as e:
        return f"promotions and refusals are NOT entered, since no key is open here ({e.message})"
    return f"promotions and refusals are entered as {signer.name}"
