"""An MLflow model under validation: found, digested, looked through, loaded once, asked for risks in batches."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

import numpy as np

from govern import canonical
from govern.errors import InputError
from govern.models import description, risk, safety
from govern.models.address import Location, locate
from govern.models.digest import model_manifest
from govern.models.progress import batches
from govern.models.scorer import Scorer
from govern.types import Subject

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

#: What reading data needs; imported while the model is loaded in its own process.
_MEANWHILE = ("pandas", "pyarrow.dataset", "govern.scan.local")


class Model:
    """A loaded model. ``path`` is the folder of its files, valid as long as this object lives."""

    def __init__(self, subject: Subject, location: Location, scorer: Scorer) -> None:
        self.subject = subject
        self.path = location.path
        self._location = location
        self._scorer = scorer

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
            InputError: the columns do not fit the signature, the model fails or takes too long, or its answer
                is no probability a row (see :mod:`govern.models.risk`).
        """
        from govern.scan.scores import probabilities

        if frame.empty:
            raise InputError(f"{self.subject.name}: no rows to score", hint="give a table with rows")
        answers = [
            self._scorer.ask(frame.iloc[rows], f"it was asked for rows {rows.start} to {rows.stop - 1}")
            for rows in batches(len(frame))
        ]
        if len({a.shape[1:] for a in answers}) > 1:
            raise InputError(f"{self.subject.name}: batches with answers of different shapes", hint="mend the model")
        return probabilities(risk.risk(np.concatenate(answers)), f"risks from {self.subject.name}")


def open_model(uri: str, *, tracking_uri: str, registry_uri: str | None = None, positive: object = None) -> Model:
    """Open the model at ``uri``: a registered version or alias, a logged model, a run's model, or a folder.

    ``positive`` is the label value that is the event (``data.positive``), which picks the column of
    a classifier's two classes. Loading runs the model's own code, in a process of its own, after its
    files were looked through: see :mod:`govern.models.safety`.

    Raises:
        InputError: nothing is there, it is no MLflow model, it is dangerous or damaged, a package
            is missing, it takes too long or too much memory, or it gives no risks.
        ServiceError: the tracking service, registry or artifact store cannot be reached.
    """
    location = locate(uri, tracking_uri=tracking_uri, registry_uri=registry_uri)
    said = description.read(uri, location.path)
    scorer = Scorer(location.name)
    try:
        files = model_manifest(location.path)
        formats = safety.scan(location.path, said.flavors)
        scorer.load(location.path, positive)
        for module in _MEANWHILE:
            importlib.import_module(module)
        scorer.loaded()
        if model_manifest(location.path) != files:
            raise InputError(f"{uri}: its files changed while it was loaded", hint="repeat once nothing writes to them")
    except BaseException:
        scorer.close()
        raise
    subject = Subject(
        kind="model",
        name=location.name,
        uri=location.uri,
        sha256=canonical.manifest_sha256(files),
        files=files,
        run_id=said.run_id,
        flavors=tuple(sorted(said.flavors)),
        inputs=said.inputs,
        formats=formats,
    )
    return Model(subject, location, scorer)
