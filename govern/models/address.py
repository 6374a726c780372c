"""Where a model lies: any MLflow model URI turned into a local folder and an address that never moves."""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from govern.errors import InputError
from govern.models.service import asking
from govern.models.stored import logged_models, stored

_KINDS = "models:/NAME/VERSION, models:/NAME@ALIAS, models:/m-ID, runs:/RUN/NAME, or a folder"
#: A version may point to a logged model or a run's model; more steps than that are no honest address.
_HOPS = 4


@dataclass(frozen=True, kw_only=True)
class Location:
    """A model on this machine. ``uri`` is the address given, with an alias replaced by the version it names."""

    name: str
    uri: str
    path: Path
    #: The temporary folder of a download, which lives as long as this does.
    keep: tempfile.TemporaryDirectory[str] | None = None


def locate(uri: str, *, tracking_uri: str, registry_uri: str | None = None) -> Location:
    """Find a model's folder; it is downloaded only where it is not on this machine.

    The folder is found without MLflow's own loader, which would write into it.

    Raises:
        InputError: the URI is of no known form, or nothing is there.
        ServiceError: tracking service, registry or artifact store cannot be reached.
    """
    registry_uri = registry_uri or tracking_uri
    name, fixed, source = "", "", uri
    for _ in range(_HOPS):
        scheme = urlsplit(source).scheme
        if scheme not in ("models", "runs"):
            break
        with asking(uri, tracking_uri, registry_uri):
            tracking, registry = stored(tracking_uri), stored(registry_uri)
            if tracking is None or registry is None:
                from mlflow import MlflowClient

                tracking = registry = MlflowClient(tracking_uri=tracking_uri, registry_uri=registry_uri)
            if scheme == "models":
                found, address, source = _registered(tracking, registry, source)
            else:
                found, address, source = _of_run(tracking, tracking_uri, source)
        name, fixed = name or found, fixed or address
    else:
        raise InputError(f"{uri}: its sources lead from one to the next without end", hint="register it anew")
    if scheme in ("", "file"):
        path = _folder(source, uri)
        return Location(name=name or path.name, uri=fixed or uri, path=path)
    return _download(source, name or source.rstrip("/").rpartition("/")[2], fixed or uri, tracking_uri, registry_uri)


def _folder(address: str, uri: str) -> Path:
    path = _path(address)
    if not path.is_dir():
        raise InputError(f"{uri}: there is no model folder at {path}", hint=f"give {_KINDS}")
    return path


def _path(address: str) -> Path:
    parts = urlsplit(address)
    return (Path(unquote(parts.path)) if parts.scheme == "file" else Path(address)).resolve()


def _registered(tracking: Any, registry: Any, uri: str) -> tuple[str, str, str]:
    path = uri.removeprefix("models:").strip("/")
    if re.fullmatch(r"m-[0-9a-f]+", path):
        logged = tracking.get_logged_model(path)
        return logged.name, uri, logged.artifact_location
    aliased = re.fullmatch(r"(?P<name>[^/@]+)@(?P<alias>[^/@]+)", path)
    versioned = re.fullmatch(r"(?P<name>[^/@]+)/(?P<version>\d+)", path)
    if aliased:
        name = aliased["name"]
        version = str(registry.get_model_version_by_alias(name, aliased["alias"]).version)
    elif versioned:
        name, version = versioned["name"], versioned["version"]
    else:
        raise InputError(f"{uri}: not an address of one model version", hint=f"give {_KINDS}")
    # Clients load from this address, which need not be the version's `source`.
    return name, f"models:/{name}/{version}", registry.get_model_version_download_uri(name, version)


def _of_run(tracking: Any, tracking_uri: str, uri: str) -> tuple[str, str, str]:
    run_id, _, name = uri.removeprefix("runs:").strip("/").partition("/")
    if not run_id or not name or "'" in name:
        raise InputError(f"{uri}: not the address of a model in a run", hint=f"give {_KINDS}")
    run, logged = logged_models(tracking, run_id, name)
    if len(logged) > 1:
        ids = ", ".join(sorted(f"models:/{m.model_id}" for m in logged))
        raise InputError(f"{uri}: the run logged {len(logged)} models of that name", hint=f"name one: {ids}")
    if logged:
        return name, uri, logged[0].artifact_location
    folder = f"{run.info.artifact_uri.rstrip('/')}/{name}"
    if urlsplit(folder).scheme in ("", "file"):
        there = _path(folder).is_dir()
    else:
        from mlflow.artifacts import list_artifacts

        there = bool(list_artifacts(run_id=run_id, artifact_path=name, tracking_uri=tracking_uri))
    if not there:
        raise InputError(f"{uri}: the run has no model and no folder of that name", hint=f"give {_KINDS}")
    return name.rpartition("/")[2], uri, folder


def _download(source: str, name: str, uri: str, tracking_uri: str, registry_uri: str) -> Location:
    with asking(uri, tracking_uri, registry_uri):
        import mlflow.artifacts
        from mlflow.exceptions import MlflowException

        keep = tempfile.TemporaryDirectory(prefix="govern-model-")
        try:
            path = mlflow.artifacts.download_artifacts(
                artifact_uri=source, dst_path=keep.name, tracking_uri=tracking_uri, registry_uri=registry_uri
            )
        except ModuleNotFoundError as e:
            raise InputError(f"{uri}: the package {e.name!r} is missing", hint=f"install {e.name}") from None
        except MlflowException as e:
            if "registered artifact repository" not in str(e):
                raise
            raise InputError(f"{uri}: MLflow knows no such kind of address", hint=f"give {_KINDS}") from None
        except ValueError as e:
            raise InputError(f"{uri}: no model can be fetched from there: {e}", hint=f"give {_KINDS}") from None
    return Location(name=name, uri=uri, path=Path(path).resolve(), keep=keep)
