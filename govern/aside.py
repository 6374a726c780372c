"""A second interpreter beside this one, for work that needs neither the model nor anything else of this process.

Importing a measuring library can take longer than all measuring. What it is needed for is sent to an interpreter of
its own, which imports it while this process loads and asks the model. Nothing is shared: arguments and results are
copies. It fails closed: whatever goes wrong there is raised here when the result is asked for.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import pickle
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from types import TracebackType
from typing import IO, Any, Self

from govern.errors import GovernError

#: -P keeps the current folder off the path: a file there must not take the place of a library.
_COMMAND = (
    sys.executable,
    "-P",
    "-c",
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from govern.aside import serve; serve()",
)
_HEAD = 8
#: Seconds that an idle interpreter is given to end by itself.
_PATIENCE = 5


class Aside:
    """An interpreter beside this one that makes one call after the other; close it, or use it in a ``with``."""

    def __init__(self) -> None:
        self._told = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the interpreter
        path = json.dumps([p for p in sys.path if p])
        self._process = subprocess.Popen(  # noqa: S603 - this interpreter, and no shell
            [*_COMMAND, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._told
        )
        self._asked = 0
        self._answers: list[tuple[bool, Any]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def call(self, module: str, function: str, /, *args: Any, **kwargs: Any) -> Callable[[], Any]:
        """Have ``module.function`` called there, and return the function that waits for what it returns.

        That function raises the :class:`GovernError` that was raised there, or a GovernError that says how else the
        call failed: another exception, a result that cannot be copied, an interpreter that ended. Arguments must be
        picklable.
        """
        place, self._asked = self._asked, self._asked + 1
        with contextlib.suppress(OSError):  # it has ended: told when the result is asked for
            _write(self._pipe(self._process.stdin), pickle.dumps((module, function, args, kwargs)))
        return lambda: self._result(place)

    def close(self) -> None:
        """End the interpreter, whatever it is doing."""
        with contextlib.suppress(OSError):
            self._pipe(self._process.stdin).close()
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._pipe(self._process.stdout).close()
        self._told.close()

    def _result(self, place: int) -> Any:
        while len(self._answers) <= place:
            data = _read(self._pipe(self._process.stdout))
            if data is None:
                raise GovernError(
                    f"the interpreter beside this one ended with status {self._process.wait()}: {self._last_words()}",
                    hint="run it again; if it happens again, look for a lack of memory",
                )
            self._answers.append(pickle.loads(data))  # noqa: S301 - our own interpreter wrote it
        fine, answer = self._answers[place]
        if not fine:
            raise answer
        return answer

    def _last_words(self) -> str:
        self._told.seek(0)
        lines = self._told.read().decode("utf-8", "replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")

    @staticmethod
    def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
        if pipe is None:
            raise RuntimeError("a process that was started with pipes has none")
        return pipe


def load(*modules: str) -> None:
    """Import modules: the first call to make, so that they are there when they are needed."""
    for module in modules:
        importlib.import_module(module)


def serve() -> None:
    """Answer calls from standard input on standard output until the input ends: what runs in the other interpreter."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever interrupts the one process ends both
    gc.set_threshold(100_000, 50, 50)  # imports make much that lives and little that dies
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print is no answer
    calls: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, calls), daemon=True).start()
    while True:
        _write(answers, _answer(calls.get()))


def _listen(source: IO[bytes], calls: queue.SimpleQueue[bytes]) -> None:
    """Pass on calls; end the process, whatever it is doing, when nobody can ask any more."""
    while (data := _read(source)) is not None:
        calls.put(data)
    os._exit(0)


def _answer(call: bytes) -> bytes:
    try:
        module, function, args, kwargs = pickle.loads(call)  # noqa: S301 - the process that started this one wrote it
        return pickle.dumps((True, getattr(importlib.import_module(module), function)(*args, **kwargs)))
    except GovernError as e:
        return pickle.dumps((False, e))
    except BaseException as e:  # its class may not be known where the answer is read
        return pickle.dumps((False, GovernError(f"{type(e).__name__}: {e}")))


def _write(pipe: IO[bytes], data: bytes) -> None:
    pipe.write(len(data).to_bytes(_HEAD, "big"))
    pipe.write(data)
    pipe.flush()


def _read(pipe: IO[bytes]) -> bytes | None:
    """Return what was written at once, or ``None`` where the pipe ends before its end."""
    head = pipe.read(_HEAD)
    size = int.from_bytes(head, "big")
    data = pipe.read(size) if len(head) == _HEAD else b""
    return data if len(head) == _HEAD and len(data) == size else None
