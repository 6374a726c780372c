"""MLflow asked for something: in silence, without minutes of retries, its errors told in govern's terms."""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
import sys
import warnings
from collections.abc import Iterator

from govern.errors import InputError, ServiceError
from govern.models.stored import NotStoredError, database

#: MLflow's codes for a wrong question; every other code means that the service did not answer it.
_NOT_THERE = {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE", "NOT_FOUND", "BAD_REQUEST", "FEATURE_DISABLED"}
#: The defaults retry a dead server for minutes and draw progress bars.
_SETTINGS = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false"}


@contextlib.contextmanager
def silent() -> Iterator[None]:
    """Keep warnings and information of MLflow and model libraries from the console; errors still come through."""
    before = logging.root.manager.disable
    logging.disable(max(before, logging.WARNING))
    try:
        with warnings.catch_warnings(action="ignore"):
            # MLflow shows some warnings whatever the filters say.
            warnings.showwarning = lambda *_arguments, **_named: None
            yield
    finally:
        logging.disable(before)


@contextlib.contextmanager
def asking(what: str, *addresses: str) -> Iterator[None]:
    """Ask MLflow for ``what`` at tracking or registry ``addresses``.

    Raises:
        InputError: there is no such thing, or an address names no MLflow store.
        ServiceError: the service cannot be reached or failed.
    """
    addresses = tuple(dict.fromkeys(addresses))
    for address in addresses:
        _check(address)
    before = {name: os.environ.get(name) for name in _SETTINGS}
    os.environ.update({name: value for name, value in _SETTINGS.items() if before[name] is None})
    try:
        with silent():
            yield
    except loaded("mlflow.exceptions", "MlflowException", NotStoredError) as e:
        if isinstance(e, NotStoredError) or getattr(e, "error_code", "") in _NOT_THERE:
            raise InputError(
                f"{what}: {first_line(e)}",
                hint=f"check the name, and that these are the right addresses: {' '.join(addresses)}",
            ) from None
        raise _failed(what, e, addresses) from None
    except loaded("sqlalchemy.exc", "SQLAlchemyError", OSError, sqlite3.Error) as e:
        raise _failed(what, e, addresses) from None
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)


def loaded(module: str, name: str, *others: type[Exception]) -> tuple[type[Exception], ...]:
    """Return what to catch: a library's class of errors, unless nothing has imported it and so raised one; others."""
    return (getattr(sys.modules[module], name), *others) if module in sys.modules else others


def first_line(error: BaseException) -> str:
    """Return the first line of an error that says something, or its type."""
    lines = (line.strip() for line in str(error).splitlines())
    return next((line for line in lines if line), type(error).__name__)


def _failed(what: str, error: Exception, addresses: tuple[str, ...]) -> ServiceError:
    return ServiceError(
        f"{what}: MLflow did not answer: {first_line(error)[:300]}",
        hint=f"check that it runs and can be reached: {' '.join(addresses)}",
    )


def _check(address: str) -> None:
    """Refuse a SQLite address without an MLflow database: MLflow would make one there and find it empty."""
    path = database(address)
    if path is None:
        return
    hint = "check the address under `registry:` in govern.yaml; relative ones start at the current folder"
    if not path.is_file():
        raise InputError(f"{address}: there is no MLflow database at {path}", hint=hint)
    try:
        with contextlib.closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as opened:
            found = opened.execute("SELECT count(*) FROM sqlite_master WHERE name = 'alembic_version'").fetchone()
    except sqlite3.Error as e:
        raise InputError(f"{path}: not a database: {e}", hint=hint) from None
    if not found[0]:
        raise InputError(f"{path}: a database, but not MLflow's", hint=hint)
