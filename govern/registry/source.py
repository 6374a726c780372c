"""Where the files of a model version lie, found without following anything that can be re-pointed later."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from govern.canonical import manifest_sha256
from govern.errors import InputError
from govern.models.stored import logged_models, stored

_LOGGED_MODEL = re.compile(r"models:/(m-[0-9a-f]{32})")
_OF_RUN = re.compile(r"runs:/([0-9a-f]{32})/(.+)")
_HINT = "name the logged model (models:/m-...), a path of its run (runs:/RUN/PATH), or a folder"


@dataclass(frozen=True, kw_only=True)
class Source:
    """An address that always means the same place: as it is recorded, and where clients download from.

    ``model_id`` and ``run_id`` are of MLflow's own record, where it has one.
    """

    uri: str
    location: str
    model_id: str | None = None
    run_id: str | None = None


def resolve(uri: str, tracking_uri: str) -> Source:
    """Return where ``uri`` leads: ``models:/m-...``, ``runs:/...``, ``mlflow-artifacts:/...``, ``file:`` or a path.

    A path inside a run becomes the concrete place, as MLflow itself does it: what such an address
    means can change when more is logged to the run.

    Args:
        uri: the address in a request or on a stored version.
        tracking_uri: MLflow's tracking store, which knows where runs and logged models keep their files.

    Raises:
        InputError: another kind of address, or one that could lead elsewhere tomorrow (``..``, escapes).
    """
    scheme = urlsplit(uri).scheme
    if scheme == "models":
        if not (match := _LOGGED_MODEL.fullmatch(uri)):
            raise InputError(f"{uri!r} names a model by what can be moved, not by its identity", hint=_HINT)
        return _logged(_reader(tracking_uri).get_logged_model(match[1]))
    if scheme == "runs":
        return _of_run(uri, tracking_uri)
    if scheme == "mlflow-artifacts":
        return Source(uri=uri, location=f"mlflow-artifacts:/{_proxied(uri)}")
    if scheme in ("", "file"):
        path = _local(uri)
        return Source(uri=str(path), location=str(path))
    raise InputError(f"{uri!r}: files behind {scheme}: cannot be checked by this registry", hint=_HINT)


def digest(location: str, tracking_uri: str) -> str:
    """Return the SHA-256 of the manifest of the files at ``location``, read now.

    Raises:
        InputError: nothing is there, or there are symbolic links.
    """
    from govern.models.digest import model_manifest

    with _files(location, tracking_uri) as folder:
        return manifest_sha256(model_manifest(folder))


def artifact_folder(run_id: str, tracking_uri: str) -> Path | None:
    """Return the folder of a run's artifacts, where it is one on this machine.

    Raises:
        InputError: there is no such run.
    """
    address = _reader(tracking_uri).get_run(run_id).info.artifact_uri
    return _local(address) if urlsplit(address).scheme in ("", "file") else None


def tracking_store(uri: str) -> Any:
    """Return MLflow's tracking store: the server's own inside ``mlflow server``."""
    if in_server():
        from mlflow.server.handlers import _get_tracking_store

        return _get_tracking_store()
    from mlflow.tracking._tracking_service.utils import _get_store

    return _get_store(uri)


def _reader(uri: str) -> Any:
    """Return what answers questions about runs and logged models: the database where it is at hand, else the store."""
    return (None if in_server() else stored(uri)) or tracking_store(uri)


def in_server() -> bool:
    """Return whether this process is a worker of ``mlflow server``, which has imported it."""
    if "mlflow.server" not in sys.modules:
        return False
    from mlflow.server.constants import BACKEND_STORE_URI_ENV_VAR

    return BACKEND_STORE_URI_ENV_VAR in os.environ


def _logged(model: Any) -> Source:
    location = model.artifact_location
    if urlsplit(location).scheme in ("", "file"):
        location = str(_local(location))
    return Source(
        uri=f"models:/{model.model_id}", location=location, model_id=model.model_id, run_id=model.source_run_id or None
    )


def _of_run(uri: str, tracking_uri: str) -> Source:
    """Return the one model that the run logged under that name, else the folder among the run's artifacts."""
    match = _OF_RUN.fullmatch(uri)
    if match is None or not _plain_parts(match[2].split("/")) or "'" in uri:
        raise InputError(f"{uri!r} is no path inside a run", hint=_HINT)
    run, models = logged_models(_reader(tracking_uri), match[1], match[2])
    if len(models) > 1:
        raise InputError(f"{uri!r} names {len(models)} models", hint="name the logged model: models:/m-...")
    if models:
        return _logged(models[0])
    inside = resolve(f"{run.info.artifact_uri.rstrip('/')}/{match[2]}", tracking_uri)
    return replace(inside, run_id=match[1])


def _local(uri: str) -> Path:
    """Return the absolute path that a path or a ``file:`` address names.

    Escapes are refused in plain paths since MLflow decodes them there too, on some ways.
    """
    parts = urlsplit(uri)
    if parts.scheme == "file" and (parts.netloc not in ("", "localhost") or parts.query or parts.fragment):
        raise InputError(f"{uri!r} is not a file of this machine", hint=_HINT)
    text = unquote(parts.path) if parts.scheme == "file" else uri
    path = Path(text)
    if "%" in text or "\0" in text or not path.is_absolute() or not _plain_parts(text.split("/")):
        raise InputError(f"{uri!r} is not an absolute path without `..` and escapes", hint=_HINT)
    return path


def _proxied(uri: str) -> str:
    """Return the path of an ``mlflow-artifacts:/`` address, relative to the server's destination."""
    parts = urlsplit(uri)
    path = parts.path.lstrip("/")
    if parts.netloc or parts.query or parts.fragment or "%" in path or "\\" in path:
        raise InputError(f"{uri!r} is not a plain path on this server", hint=_HINT)
    if not path or not _plain_parts(path.split("/")):
        raise InputError(f"{uri!r} is not a path without `..`", hint=_HINT)
    return path


def _plain_parts(parts: list[str]) -> bool:
    return not any(unquote(p) in (".", "..") for p in parts)


@contextmanager
def _files(location: str, tracking_uri: str) -> Iterator[Path]:
    """Give the folder of files at a location; downloaded into a temporary one where they lie elsewhere."""
    if not location.startswith("mlflow-artifacts:"):
        yield _without_links(Path(location))
        return
    path, repository = _proxied(location), _repository(location, tracking_uri)
    if hasattr(repository, "artifact_dir"):  # the server's own disk: read in place, so that links show
        yield _without_links(Path(repository.artifact_dir).absolute() / path)
        return
    with tempfile.TemporaryDirectory() as folder:
        yield Path(repository.download_artifacts(path if in_server() else "", folder))


def _repository(location: str, tracking_uri: str) -> Any:
    """Return what reads proxied artifacts: the server's destination inside the server, else a client of it.

    Inside the server MLflow's own download would ask the server for what it is about to answer.
    """
    if in_server():
        from mlflow.server.handlers import _get_artifact_repo_mlflow_artifacts

        return _get_artifact_repo_mlflow_artifacts()
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    return get_artifact_repository(location, tracking_uri=tracking_uri)


def _without_links(path: Path) -> Path:
    """Return ``path``, refusing a symbolic link in any part of it: what it points at can change afterwards."""
    for part in (path, *path.parents):
        if part.is_symlink():
            raise InputError(f"{part}: a symbolic link on the way to the model's files", hint="name the real folder")
    if not path.is_dir():
        raise InputError(f"{path}: no folder with a model is there", hint=_HINT)
    return path
