"""What a model gives as its answer, read as the risk of the event, or refused.

Risks are asked of the native model wherever it has ``predict_proba`` (scikit-learn, XGBoost and
LightGBM classifiers): MLflow's generic ``predict`` of a classifier gives labels unless the model was
logged with ``pyfunc_predict_fn="predict_proba"``. All other models answer through ``predict``, and
their answer must be one probability a row, or two that sum to one, of which the second is the event's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from govern.errors import InputError
from govern.scan.scores import word
from govern.strict_yaml import nearest

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: A saturated risk model gives a few exact zeros and ones; so many rows of nothing else are labels.
_ROWS_OF_LABELS = 20
_WAY_OUT = "give probabilities: log the classifier itself, or with pyfunc_predict_fn='predict_proba'"


def ask(loaded: Any, positive: object) -> Callable[[Any], Any]:
    """Return the function that asks a loaded model (mlflow.pyfunc.PyFuncModel) for its answer.

    ``positive`` is the label value that is the event; without it, the second class is.

    Raises:
        InputError: a classifier that gives no probabilities, has not two classes, or none called ``positive``.
    """
    native = _native(loaded)
    classes = getattr(native, "classes_", None)
    if not hasattr(native, "predict_proba"):
        if classes is not None:
            raise InputError(
                f"{type(native).__name__} predicts labels and has no predict_proba; risks were expected",
                hint="calibrate it, for example with scikit-learn's CalibratedClassifierCV, and log that",
            )
        answer: Callable[[Any], Any] = loaded.predict
        return answer
    event = 1 if classes is None else _event(list(np.asarray(classes)), positive)

    def risks(batch: Any) -> Any:
        answer = np.asarray(native.predict_proba(batch))
        if answer.ndim == 2 and answer.shape[1] == 2:
            return answer[:, [1 - event, event]]
        return answer

    return risks


def read(answer: Any, rows: int) -> NDArray[np.generic]:
    """Return a model's answer for ``rows`` rows as an array whose first axis is the rows.

    Raises:
        InputError: it is no array, series or table of numbers, or of another length.
    """
    array = np.asarray(answer)
    if array.ndim not in (1, 2) or len(array) != rows:
        found = f"shape {array.shape}" if array.ndim else type(answer).__name__
        raise InputError(f"the model gave {found} for {rows} rows; {_expected(rows)}", hint=_WAY_OUT)
    return array


def numbers(answer: NDArray[np.generic]) -> NDArray[np.float64]:
    """Return an answer as float64.

    Raises:
        InputError: it holds labels or text.
    """
    if answer.dtype.kind not in "fO":
        raise InputError(
            f"the model predicts labels ({answer.dtype}, such as {str(answer.flat[0])!r}), not risks", hint=_WAY_OUT
        )
    try:
        return answer.astype(np.float64)
    except (TypeError, ValueError):
        raise InputError(
            f"the model predicts no numbers but values such as {str(answer.flat[0])[:40]!r}", hint=_WAY_OUT
        ) from None


def risk(numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the risk of the event, float64 of shape (n,), from numbers of shape (n,), (n, 1) or (n, 2).

    Raises:
        InputError: another shape, two columns that do not sum to one, or labels.
    """
    shape = numbers.shape
    if len(shape) == 2 and shape[1] == 2:
        if not np.allclose(numbers.sum(axis=1), 1, atol=1e-5):
            first = numbers[0].tolist()
            raise InputError(
                f"the model gave two columns that do not sum to 1, such as {first}; {_expected(shape[0])}",
                hint=_WAY_OUT,
            )
        return numbers[:, 1]
    if len(shape) == 2 and shape[1] != 1:
        raise InputError(f"the model gave shape {shape}; {_expected(shape[0])}", hint=_WAY_OUT)
    numbers = numbers.reshape(-1)
    if len(numbers) >= _ROWS_OF_LABELS and set(np.unique(numbers)) == {0.0, 1.0}:
        raise InputError(
            f"the model predicts labels, not risks: all {len(numbers)} answers are exactly 0 or 1", hint=_WAY_OUT
        )
    return numbers


def _native(loaded: Any) -> Any:
    """Return the model of the native flavour, or ``None`` where there is only MLflow's generic one."""
    if not set(loaded.metadata.flavors) - {"python_function"}:
        return None
    try:
        return loaded.get_raw_model()
    except NotImplementedError:
        return None


def _event(classes: list[Any], positive: object) -> int:
    names = [str(c) for c in classes]
    if len(names) != 2:
        raise InputError(
            f"the model knows {len(names)} classes ({', '.join(names[:6])}); two were expected",
            hint="give a binary classifier",
        )
    if positive is None:
        return 1
    words = [word(c) for c in classes]
    if word(positive) not in words:
        raise InputError(
            f"the model has no class {positive!r}, which `data.positive` calls the event",
            hint=nearest(str(positive), names),
        )
    return words.index(word(positive))


def _expected(rows: int) -> str:
    return f"expected ({rows},), ({rows}, 1), or ({rows}, 2) with rows that sum to 1"
