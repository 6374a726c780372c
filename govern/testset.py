"""Which test set a run looks at: the declared one, or the patients and outcomes that predictions are recorded of.

A test set is whom it is about and what became of them. A model is run on the declared data, whose manifest names
them. Recorded predictions bring rows of their own: those of the declared test set if patients and labels are the
same (in any order, if patients are named), whatever scores stand beside them; else they are another test set.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np

from govern import canonical
from govern.data import manifest
from govern.errors import InputError
from govern.types import Role

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from numpy.typing import NDArray

    from govern.project import Data, Workspace
    from govern.study import Study


def looked_at(workspace: Workspace, study: Study) -> str:
    """Return the SHA-256 that stands for the test set of a study.

    Raises:
        InputError: the declared test set has changed since its manifest was written, or cannot be read.
    """
    opened = next((d.sha256 for d in study.datasets if d.role is Role.TEST), None)
    if opened is not None:  # its bytes were compared with its manifest when it was opened
        return opened
    declared, scan = workspace.project.data, study.scans[Role.TEST]
    if declared.label not in scan.carried:
        return study.subject.sha256
    found = _rows(scan.carried[declared.label], scan.data.patients)
    if Role.TEST in declared.roles:
        path = workspace.data_path(Role.TEST)
        if manifest.beside(path).is_file() and path.is_file() and _rows_of(path, declared) == found:
            return _unchanged(path)
    return found


def _unchanged(path: Path) -> str:
    """Return the digest of a data file's manifest, which its bytes must have."""
    found, stated = canonical.manifest_sha256(canonical.manifest(path)), manifest.read(path).get("sha256")
    if found != stated:
        raise InputError(
            f"{path.name}: its manifest states SHA-256 {str(stated)[:16]}, found {found[:16]}",
            hint="bring data and manifest back, so that looks at it can be counted",
        )
    return found


def _rows_of(path: Path, declared: Data) -> str | None:
    """Return the digest of the rows of a data file; ``None`` where it has no labels or patients."""
    from govern.scan import patients, table

    wanted = {name for name in (declared.label, declared.patient_id) if name}
    if not wanted <= set(table.names(path)):
        return None
    held = {name: array for name, array in table.columns(path) if name in wanted}
    codes = None
    if declared.patient_id:
        codes = patients.codes(held[declared.patient_id].combine_chunks())
    return _rows(held[declared.label].to_pandas(), codes)


def _rows(label: pd.Series[Any], patients: NDArray[np.uint64] | None) -> str:
    """Return the SHA-256 of labels and patients: sorted by them, or in the file's order where no patient is named."""
    import pandas as pd

    from govern.scan.scores import word

    codes, distinct = pd.factorize(label)
    words = [word(value) for value in distinct]
    names = sorted(set(words))
    places = {name: i for i, name in enumerate(names)}
    place = np.array([*(places[name] for name in words), -1], dtype=np.int64)[codes]
    content = hashlib.sha256(canonical.dumps(names))
    if patients is not None:
        order = np.lexsort((place, patients))
        place = place[order]
        content.update(patients[order].astype("<u8").tobytes())
    content.update(place.astype("<i8").tobytes())
    return content.hexdigest()
