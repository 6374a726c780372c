"""The process in which a model is loaded and asked, so that its code runs beside govern and not within.

Batches of rows travel there as pickles, which only that process reads; what comes back is JSON and bare numbers,
since nothing that a model's process says may be run here. A model that takes too long is killed, one that needs too
much memory fails there: see :mod:`govern.models.limits`. It is **no sandbox**: it runs as the same user.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import pickle
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from govern.errors import InputError
from govern.models.limits import GIB, SECONDS, Limits, limits

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: -P keeps the current folder off the path: a file there must not take the place of a library.
_CODE = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from govern.models.scoring import serve; serve()"
_HEAD = 8
#: No honest description of an answer or an error is longer.
_LIMIT_BYTES = 1 << 16
_PIPE = 1 << 16


class Scorer:
    """A process that loads one model and answers for it; it ends with this object."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._limits: Limits = limits(os.environ)
        self._told = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        # The passphrase of the signing key is one of govern's settings; a model needs none of them.
        own = {name: value for name, value in os.environ.items() if not name.startswith("GOVERN_")}
        path = json.dumps([p for p in sys.path if p])
        granted = (str(self._limits.seconds), str(self._limits.gib))
        self._process = subprocess.Popen(  # noqa: S603 - this interpreter, and no shell
            [sys.executable, "-P", "-c", _CODE, path, *granted],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._told,
            bufsize=0,
            env=own,
            start_new_session=True,
        )
        for pipe in (self._process.stdin, self._process.stdout):
            os.set_blocking(_open(pipe).fileno(), False)
        self._turn = threading.Lock()
        self.close = weakref.finalize(self, _end, self._process, self._told)

    def load(self, path: Path, positive: object) -> None:
        """Have the model in a folder loaded; ``positive`` is the label value that is the event. Does not wait."""
        self._send(("load", str(path), positive), self._deadline())

    def loaded(self) -> None:
        """Wait until the model is loaded.

        Raises:
            InputError: it cannot be, takes too long or too much memory, or gives no risks.
        """
        self._answer("loading", self._deadline())

    def ask(self, frame: Any, what: str) -> NDArray[np.float64]:
        """Return the model's answer for the rows of a table, of shape (n,) or (n, k).

        Raises:
            InputError: the table does not fit, the model fails, takes too long or too much memory, or answers
                with something else than numbers.
        """
        with self._turn:
            deadline = self._deadline()
            self._send(("ask", frame), deadline)
            return self._answer(what, deadline, rows=len(frame))

    def _deadline(self) -> float:
        return time.monotonic() + self._limits.seconds

    def _send(self, message: Any, deadline: float) -> None:
        data = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
        left = memoryview(len(data).to_bytes(_HEAD, "big") + data)
        pipe = _open(self._process.stdin).fileno()
        with contextlib.suppress(BrokenPipeError):  # it has ended: told when the answer is read
            while left:
                if not select.select([], [pipe], [], max(0.0, deadline - time.monotonic()))[1]:
                    raise self._too_slow("taking its rows")
                left = left[os.write(pipe, left[:_PIPE]) :]

    def _answer(self, what: str, deadline: float, *, rows: int = 0) -> NDArray[np.float64]:
        size = int.from_bytes(self._read(_HEAD, what, deadline), "big")
        if size > _LIMIT_BYTES:
            raise self._nonsense(what)
        try:
            said = json.loads(self._read(size, what, deadline))
            if "error" in said:
                hint = str(said["hint"])
                raise InputError(f"{self._name}: {_plain(said['error'])}", hint=_plain(hint))
            shape = tuple(said["shape"])
            if not all(type(n) is int and n >= 0 for n in shape) or shape[:1] != (rows,) or math.prod(shape[1:]) > 1000:
                raise ValueError
        except (ValueError, TypeError, KeyError, RecursionError):
            raise self._nonsense(what) from None
        return np.frombuffer(self._read(8 * math.prod(shape), what, deadline), dtype="<f8").reshape(shape)

    def _read(self, size: int, what: str, deadline: float) -> bytes:
        pipe, data = _open(self._process.stdout).fileno(), bytearray()
        while len(data) < size:
            if not select.select([pipe], [], [], max(0.0, deadline - time.monotonic()))[0]:
                raise self._too_slow(what)
            if not (part := os.read(pipe, size - len(data))):
                raise self._ended(what)
            data += part
        return bytes(data)

    def _too_slow(self, what: str) -> InputError:
        self.close()
        return InputError(
            f"{self._name}: no answer within {self._limits.seconds} s while {what}; it was ended",
            hint=f"mend the model, or allow it longer: {SECONDS}={self._limits.seconds * 10}",
        )

    def _ended(self, what: str) -> InputError:
        status = self._process.wait()
        self._told.seek(max(0, self._told.seek(0, os.SEEK_END) - _LIMIT_BYTES))
        lines = [line.strip() for line in self._told.read().decode("utf-8", "replace").splitlines()]
        last = next((line for line in reversed(lines) if line), "it said nothing")
        self.close()
        return InputError(
            f"{self._name}: its process ended with status {status} while {what}: {_plain(last)}",
            hint=f"mend the model; it may use {self._limits.gib} GiB, and {GIB}=N allows it N",
        )

    def _nonsense(self, what: str) -> InputError:
        self.close()
        return InputError(f"{self._name}: its process answered nonsense while {what}", hint="do not use this model")


def _plain(text: object) -> str:
    """Return a line that a model's process said, without what would steer a terminal."""
    return "".join(c if c.isprintable() else " " for c in str(text)[:600])


def _open(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise RuntimeError("a process that was started with pipes has none")
    return pipe


def _end(process: subprocess.Popen[bytes], told: IO[bytes]) -> None:
    if process.returncode is None:  # and with it what it started
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for pipe in (process.stdin, process.stdout, told):
        _open(pipe).close()
