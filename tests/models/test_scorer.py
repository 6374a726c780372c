"""The model's own process: what comes back, what is killed, what is not believed."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from govern.errors import InputError, PolicyError
from govern.models import limits
from govern.models.model import open_model
from govern.models.scorer import Scorer

SOURCE = """
import os, socket, sys, time
import mlflow, numpy, pandas

class Odd(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input: pandas.DataFrame, params=None):
        how, n = model_input["how"].iloc[0], len(model_input)
        if how == "forever":
            while True:
                pass
        if how == "sleep":
            time.sleep(60)
        if how == "memory":
            return numpy.zeros((200_000, 200_000)).sum(axis=1)[:n]
        if how == "die":
            print("the last words", file=sys.stderr)
            os._exit(7)
        if how == "exit":
            sys.exit(0)
        if how == "signal":
            os.kill(os.getpid(), 11)
        if how == "print":
            print("x" * 100_000)
        if how == "escape":
            raise ValueError("\\x1b[2J cleared")
        if how == "nonsense":
            for fd in range(3, 20):
                try:
                    os.write(fd, b"\\xff" * 64)
                except OSError:
                    pass
        if how == "pickle":
            import json, pickle
            said = json.dumps({"shape": ["__reduce__"]}).encode()
            for fd in range(3, 20):
                try:
                    os.write(fd, len(said).to_bytes(8, "big") + said)
                except OSError:
                    pass
        if how == "network":
            try:
                socket.create_connection(("192.0.2.1", 80), timeout=1)
            except OSError as e:
                raise ValueError(f"errno {e.errno}")
        if how == "secret":
            return numpy.full(n, float("GOVERN_PASSPHRASE" in os.environ)) * 0.5
        if how == "standard input":
            return numpy.full(n, len(sys.stdin.read()) + 0.25)
        return numpy.full(n, 0.5)

mlflow.models.set_model(Odd())
"""


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import mlflow

    folder = tmp_path_factory.mktemp("odd")
    (folder / "odd.py").write_text(SOURCE)
    with warnings.catch_warnings(action="ignore"):
        mlflow.pyfunc.save_model(folder / "model", python_model=folder / "odd.py", pip_requirements=["mlflow"])
    return folder / "model"


def opened(path: Path) -> Any:
    return open_model(str(path), tracking_uri="sqlite:///unused.db")


@pytest.fixture(scope="module")
def patient(odd: Path) -> Any:
    """The model with limits that nothing here reaches, for cases that leave its process alive."""
    return opened(odd)


def asked(model: Any, how: str) -> Any:
    return model.predict(pd.DataFrame({"how": [how] * 30}))


def is_running(process: Any) -> bool:
    return process.poll() is None


def test_what_a_model_prints_is_no_answer(patient: Any, capfd: pytest.CaptureFixture[str]) -> None:
    assert set(asked(patient, "print")) == {0.5}
    assert capfd.readouterr() == ("", "")


def test_it_cannot_read_what_it_is_asked_over(patient: Any) -> None:
    assert set(asked(patient, "standard input")) == {0.25}


def test_what_it_raises_cannot_steer_a_terminal(patient: Any) -> None:
    with pytest.raises(InputError, match=r"it fails: ValueError:.*cleared") as e:
        asked(patient, "escape")
    assert "\x1b" not in e.value.message


def test_ending_the_process_politely_is_an_error_like_another(patient: Any) -> None:
    with pytest.raises(InputError, match="it fails: SystemExit"):
        asked(patient, "exit")
    assert set(asked(patient, "plain")) == {0.5}


def test_it_has_no_network_where_namespaces_are_allowed(patient: Any) -> None:
    code = (
        "import os\nfrom govern.models import limits\nimport sys\n"
        "try:\n    limits._cut_network()\nexcept (OSError, AttributeError):\n    sys.exit(5)\n"
    )
    if subprocess.run([sys.executable, "-c", code], check=False).returncode == 5:
        pytest.skip("this system gives no network namespaces to its users")
    with pytest.raises(InputError, match=r"errno 101\b"):  # ENETUNREACH, without waiting
        asked(patient, "network")


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("die", "ended with status 7 while it was asked for rows 0 to 29: the last words"),
        ("signal", "ended with status -11"),
        ("nonsense", "answered nonsense|ended with status"),
        ("pickle", "answered nonsense"),
    ],
)
def test_a_process_that_ends_or_talks_nonsense(odd: Path, how: str, message: str) -> None:
    model = opened(odd)
    with pytest.raises(InputError, match=message) as e:
        asked(model, how)
    assert e.value.exit_code == 3
    assert e.value.hint
    assert not is_running(model._scorer._process)


@pytest.mark.parametrize("how", ["forever", "sleep"])
def test_one_that_takes_too_long_is_killed(odd: Path, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model = opened(odd)
    model._scorer._limits = limits.Limits(seconds=1, gib=8)
    started = time.monotonic()
    with pytest.raises(InputError, match="no answer within 1 s while it was asked for rows 0 to 29") as e:
        asked(model, how)
    assert time.monotonic() - started < 10
    assert "GOVERN_MODEL_SECONDS=10" in e.value.hint
    assert not is_running(model._scorer._process)


def test_one_that_needs_too_much_memory_fails(odd: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(limits.GIB, "8")
    monkeypatch.setenv("GOVERN_PASSPHRASE", "not for models")
    model = opened(odd)
    with pytest.raises(InputError, match="want of memory") as e:
        asked(model, "memory")
    assert "GOVERN_MODEL_GIB" in e.value.hint
    assert set(asked(model, "secret")) == {0.0}  # it lives on, and was not given the passphrase


def test_loading_is_limited_too(odd: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(limits.SECONDS, "1")
    scorer = Scorer("slow")
    scorer.load(odd, None)
    with pytest.raises(InputError, match="no answer within 1 s while loading"):
        for _ in range(2):  # importing MLflow takes longer than that; if not, nothing is left to be answered
            scorer.loaded()


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "many", "²"])
def test_limits_that_are_none(text: str) -> None:
    for name in (limits.SECONDS, limits.GIB):
        with pytest.raises(PolicyError, match=name):
            limits.limits({name: text})


def test_the_limits_reach_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    assert limits.limits({limits.SECONDS: "7", limits.GIB: "9"}) == limits.Limits(seconds=7, gib=9)
    code = (
        "import resource as r\nfrom govern.models.limits import Limits, allow_processor, confine\n"
        "g = Limits(seconds=7, gib=9)\nconfine(g)\nallow_processor(g)\n"
        "print(r.getrlimit(r.RLIMIT_AS)[0], r.getrlimit(r.RLIMIT_CORE)[1], r.getrlimit(r.RLIMIT_CPU)[0])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    space, core, processor = map(int, done.stdout.split())
    assert (space, core) == (9 << 30, 0)
    assert processor in (7 * (os.cpu_count() or 1) + 1, 7 * (os.cpu_count() or 1) + 2)


def test_the_process_ends_with_the_model(odd: Path) -> None:
    model = opened(odd)
    process = model._scorer._process
    assert is_running(process)
    del model
    gc.collect()
    assert not is_running(process)


def test_many_columns_of_all_kinds_arrive_as_they_were(patient: Any) -> None:
    frame = pd.DataFrame({"how": ["plain"] * 25_000, "x": np.arange(25_000), "t": pd.Timestamp("2026-01-01")})
    assert len(patient.predict(frame.assign(c=frame["how"].astype("category")))) == 25_000
