"""An MLflow model under validation: found, digested, looked through, loaded once, asked for risks in batches."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from govern import canonical
from govern.errors import GovernError, InputError
from govern.models import columns, risk, safety
from govern.models.address import Location, locate
from govern.models.digest import model_manifest
from govern.models.progress import batches
from govern.models.service import first_line, silent
from govern.types import Subject

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


class Model:
    """A loaded model. ``path`` is the folder of its files, valid as long as this object lives."""

    def __init__(self, subject: Subject, location: Location, answer: Callable[[Any], Any], schema: Any) -> None:
        self.subject = subject
        self.path = location.path
        self._location = location
        self._answer = answer
        self._schema = schema

    @property
    def run_id(self) -> str | None:
        """The MLflow run that logged it."""
        return self.subject.run_id

    @property
    def inputs(self) -> tuple[str, ...]:
        """The columns of its signature; empty where it has none, and then it takes what it is given."""
        return self.subject.inputs

    def predict(self, frame: pd.DataFrame) -> NDArray[np.float64]:
        """Return the risk of the event of each row of ``frame`` (only features), in [0, 1], shape (n,).

        Raises:
            InputError: the columns do not fit the signature, the model fails, or its answer is no
                probability a row (see :mod:`govern.models.risk`).
        """
        from govern.scan.scores import probabilities

        if frame.empty:
            raise InputError(f"{self.subject.name}: no rows to score", hint="give a table with rows")
        fitted = frame if self._schema is None else columns.fit(frame, self._schema)
        answers = [self._ask(fitted, rows) for rows in batches(len(fitted))]
        if len({a.shape[1:] for a in answers}) > 1:
            raise InputError(f"{self.subject.name}: batches with answers of different shapes", hint="mend the model")
        return probabilities(risk.risk(np.concatenate(answers)), f"risks from {self.subject.name}")

    def _ask(self, fitted: Any, rows: slice) -> NDArray[np.generic]:
        batch = fitted[rows] if isinstance(fitted, np.ndarray) else fitted.iloc[rows]
        with _told(f"{self.subject.name}: it fails on rows {rows.start} to {rows.stop - 1}"):
            return risk.read(self._answer(batch), len(batch))


def open_model(uri: str, *, tracking_uri: str, registry_uri: str | None = None, positive: object = None) -> Model:
    """Open the model at ``uri``: a registered version or alias, a logged model, a run's model, or a folder.

    ``positive`` is the label value that is the event (``data.positive``), which picks the column of
    a classifier's two classes. Loading runs the model's own code: see :mod:`govern.models.safety`.

    Raises:
        InputError: nothing is there, it is no MLflow model, it is dangerous or damaged, a package
            is missing, or it gives no risks.
        ServiceError: the tracking service, registry or artifact store cannot be reached.
    """
    location = locate(uri, tracking_uri=tracking_uri, registry_uri=registry_uri)
    metadata = _metadata(uri, location.path)
    files = model_manifest(location.path)
    safety.scan(location.path, metadata.flavors)
    with _told(f"{uri}: cannot be loaded"):
        import mlflow.pyfunc

        loaded = mlflow.pyfunc.load_model(str(location.path))
    if model_manifest(location.path) != files:
        raise InputError(f"{uri}: its files changed while it was loaded", hint="repeat once nothing writes to them")
    schema = metadata.get_input_schema()
    subject = Subject(
        kind="model",
        name=location.name,
        uri=location.uri,
        sha256=canonical.manifest_sha256(files),
        files=files,
        run_id=metadata.run_id,
        flavors=tuple(sorted(metadata.flavors)),
        inputs=tuple(schema.input_names()) if schema is not None and schema.has_input_names() else (),
    )
    return Model(subject, location, risk.ask(loaded, positive), schema)


def _metadata(uri: str, path: Path) -> Any:
    if not (path / "MLmodel").is_file():
        found = ", ".join(sorted(p.name for p in path.iterdir())[:5]) or "nothing"
        raise InputError(
            f"{uri}: not an MLflow model: no file MLmodel in {path} (found: {found})",
            hint="log the model with MLflow, for example mlflow.sklearn.log_model",
        )
    with _told(f"{uri}: its file MLmodel cannot be read"):
        from mlflow.models import Model as Metadata

        metadata = Metadata.load(str(path))
        if "python_function" not in metadata.flavors:
            raise InputError(
                f"{uri}: has no python_function flavour (found: {', '.join(metadata.flavors) or 'none'})",
                hint="log it with a flavour that MLflow can run in Python",
            )
        return metadata


@contextlib.contextmanager
def _told(what: str) -> Iterator[None]:
    """Run code that comes with a model: in silence, writing no compiled files, whatever it raises told in a line."""
    compiled = sys.dont_write_bytecode
    sys.dont_write_bytecode = True
    try:
        with silent():
            yield
    except GovernError:
        raise
    except ModuleNotFoundError as e:
        raise InputError(f"{what}: the package {e.name!r} is missing", hint=f"install {e.name}") from None
    except (Exception, SystemExit) as e:  # a model that ends the process would end it with its own exit code
        raise InputError(
            f"{what}: {type(e).__name__}: {first_line(e)[:300]}",
            hint="mend the model, or install the packages in its requirements.txt",
        ) from None
    finally:
        sys.dont_write_bytecode = compiled
