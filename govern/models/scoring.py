"""What runs in a model's own process: loading, asking, and answering over a pipe. See :mod:`govern.models.scorer`."""

from __future__ import annotations

import contextlib
import gc
import json
import os
import pickle
import sys
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from govern.errors import GovernError, InputError
from govern.models import columns, risk
from govern.models.limits import GIB, Limits, allow_processor, confine
from govern.models.service import first_line, silent

if TYPE_CHECKING:
    from numpy.typing import NDArray

_HEAD = 8


def serve() -> None:
    """Load a model when asked to, then answer for batches of rows, until the input ends."""
    granted = Limits(seconds=int(sys.argv[2]), gib=int(sys.argv[3]))
    gc.set_threshold(100_000, 50, 50)  # imports make much that lives and little that dies
    calls, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)  # what a model prints is no answer
    sys.dont_write_bytecode = True  # a model's code must not change the model's folder
    confine(granted)
    with silent():
        import mlflow.pyfunc  # noqa: F401 - while the model is still being looked through

        model: _Model | None = None
        while (call := _read(calls)) is not None:
            allow_processor(granted)
            try:
                if call[0] == "load":
                    model = _Model(*call[1:])
                    _write(answers, {"shape": [0]})
                elif model is not None:
                    given = model.answer(call[1])
                    _write(answers, {"shape": list(given.shape)}, given.tobytes())
            except GovernError as e:
                _write(answers, {"error": e.message[:1000], "hint": e.hint[:1000]})


class _Model:
    def __init__(self, path: str, positive: object) -> None:
        import mlflow.pyfunc

        with _told("it cannot be loaded"):
            loaded = mlflow.pyfunc.load_model(path)
        self._schema = loaded.metadata.get_input_schema()
        self._ask = risk.ask(loaded, positive)

    def answer(self, frame: Any) -> NDArray[np.float64]:
        fitted = frame if self._schema is None else columns.fit(frame, self._schema)
        with _told("it fails"):
            numbers = risk.numbers(risk.read(self._ask(fitted), len(frame)))
        return np.ascontiguousarray(numbers, dtype="<f8")


@contextlib.contextmanager
def _told(what: str) -> Iterator[None]:
    """Run code that comes with a model: whatever it raises is told in a line."""
    try:
        yield
    except GovernError:
        raise
    except ModuleNotFoundError as e:
        raise InputError(f"{what}: the package {e.name!r} is missing", hint=f"install {e.name}") from None
    except MemoryError as e:
        raise InputError(
            f"{what} for want of memory: {first_line(e)[:300]}", hint=f"allow it N gibibytes: {GIB}=N"
        ) from None
    except (Exception, SystemExit) as e:  # a model that ends the process would end it with its own exit code
        raise InputError(
            f"{what}: {type(e).__name__}: {first_line(e)[:300]}",
            hint="mend the model, or install the packages in its requirements.txt",
        ) from None


def _read(source: IO[bytes]) -> Any:
    head = source.read(_HEAD)
    if len(head) < _HEAD:
        return None
    return pickle.loads(source.read(int.from_bytes(head, "big")))  # noqa: S301 - the process that started this one wrote it


def _write(answers: IO[bytes], said: Any, numbers: bytes = b"") -> None:
    data = json.dumps(said).encode()
    answers.write(len(data).to_bytes(_HEAD, "big") + data + numbers)
    answers.flush()
