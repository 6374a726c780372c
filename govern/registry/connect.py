"""The project's MLflow registry, as a store; what MLflow raises becomes an error that a person can act on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from govern.errors import InputError
from govern.project import Workspace

#: Query parameter that names the project's folder, where it is not above the database's.
PROJECT = "project"


def tracking_uri(workspace: Workspace) -> str:
    """Return the address of the tracking store, independent of the current folder."""
    return workspace.absolute_uri(workspace.project.registry.tracking_uri)


def addresses(workspace: Workspace) -> tuple[str, str]:
    """Return the addresses of tracking store and registry."""
    return tracking_uri(workspace), workspace.absolute_uri(workspace.project.registry.registry_uri)


def is_local(workspace: Workspace) -> bool:
    """Return whether the registry is a database file on this machine."""
    return workspace.project.registry.registry_uri.partition(":")[0] in ("sqlite", "govern+sqlite")


def reader(workspace: Workspace) -> Any:
    """Return what answers questions about registered versions: the database where it is at hand, else the store."""
    from govern.models.stored import stored

    return stored(addresses(workspace)[1]) or registry(workspace)


def registry(workspace: Workspace) -> Any:
    """Return the registry's store.

    A local database is opened through the gate even where the project names it plainly: govern has
    one way of writing a version.
    """
    from mlflow.tracking._model_registry.utils import _get_store

    tracking, uri = addresses(workspace)
    if is_local(workspace):
        uri = f"govern+{uri.removeprefix('govern+')}"
        if f"{PROJECT}=" not in uri:
            uri += f"{'&' if '?' in uri else '?'}{PROJECT}={quote(str(workspace.root))}"
    return _get_store(uri, tracking)


@contextmanager
def errors(*addresses: str) -> Iterator[None]:
    """Ask MLflow in silence, without minutes of retries; what it raises becomes an error of govern.

    Args:
        addresses: of the stores that are asked, for the hint.

    Raises:
        InputError: the registry refused, or what was asked for is not there.
        ServiceError: it does not answer, or answers nonsense.
    """
    from govern.models.service import asking, loaded

    with asking("the registry", *addresses):
        try:
            yield
        except loaded("mlflow.exceptions", "MlflowException") as e:
            if getattr(e, "error_code", "") != "PERMISSION_DENIED":
                raise
            raise InputError(str(getattr(e, "message", e)), hint="do what the message says") from None
